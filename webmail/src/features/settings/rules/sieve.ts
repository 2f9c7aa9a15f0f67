// The language Sieve (RFC 5228, 8) as a tree: all of its grammar, nothing of what it means.

export class SieveSyntax extends Error {}

export type Arg = { tag: string } | { number: number } | { text: string } | { list: string[] }
export interface Test {
  name: string
  args: Arg[]
  tests: Test[]
}
export interface Command extends Test {
  /** The lines of comment right above it, without "#". */
  comments: string[]
  block: Command[] | null
}

type Token = { kind: 'word' | 'tag' | 'text' | 'mark'; text: string } | { kind: 'number'; text: string; value: number } | { kind: 'comment'; text: string }

const UNITS: Record<string, number> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }
// One token or blank space at a time; nothing in it looks back.
const TOKEN = /\s+|#([^\n]*)|\/\*[\s\S]*?\*\/|"((?:[^"\\]|\\[\s\S])*)"|text:[ \t]*(?:#[^\n]*)?\r?\n([\s\S]*?)^\.\r?$|:([A-Za-z_]\w*)|(\d+)([KkMmGg]?)|([A-Za-z_]\w*)|([[\](){};,])/my

function tokens(script: string): Token[] {
  const found: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < script.length) {
    const at = TOKEN.lastIndex
    const m = TOKEN.exec(script)
    if (!m) throw new SieveSyntax(`at ${at}`)
    if (m[1] !== undefined) found.push({ kind: 'comment', text: m[1].trim() })
    else if (m[2] !== undefined) found.push({ kind: 'text', text: m[2].replace(/\\([\s\S])/g, '$1') })
    else if (m[3] !== undefined) found.push({ kind: 'text', text: m[3].replace(/^\.\./gm, '.') })
    else if (m[4] !== undefined) found.push({ kind: 'tag', text: m[4].toLowerCase() })
    else if (m[5] !== undefined) found.push({ kind: 'number', text: m[5], value: Number(m[5]) * (UNITS[(m[6] ?? '').toLowerCase()] ?? 1) })
    else if (m[7] !== undefined) found.push({ kind: 'word', text: m[7].toLowerCase() })
    else if (m[8] !== undefined) found.push({ kind: 'mark', text: m[8] })
  }
  return found
}

const DEPTH = 30

class Reader {
  private at = 0
  constructor(private readonly all: readonly Token[]) {}

  private isMark(mark: string): boolean {
    const t = this.all[this.at]
    return t?.kind === 'mark' && t.text === mark
  }
  private took(mark: string): boolean {
    if (!this.isMark(mark)) return false
    this.at++
    return true
  }
  private need(mark: string): void {
    if (!this.took(mark)) throw new SieveSyntax(`no ${mark}`)
  }
  private word(): string {
    const t = this.all[this.at++]
    if (t?.kind !== 'word') throw new SieveSyntax('no word')
    return t.text
  }
  private list(): Arg {
    const list: string[] = []
    do {
      const t = this.all[this.at++]
      if (t?.kind !== 'text') throw new SieveSyntax('no text')
      list.push(t.text)
    } while (this.took(','))
    this.need(']')
    return { list }
  }

  private args(): Arg[] {
    const found: Arg[] = []
    for (;;) {
      const t = this.all[this.at]
      if (t?.kind === 'text') found.push({ text: t.text })
      else if (t?.kind === 'tag') found.push({ tag: t.text })
      else if (t?.kind === 'number') found.push({ number: t.value })
      else if (this.took('[')) {
        found.push(this.list())
        continue
      } else return found
      this.at++
    }
  }
  private tests(depth: number): Test[] {
    if (depth > DEPTH) throw new SieveSyntax('too deep')
    if (this.took('(')) {
      const found: Test[] = []
      do found.push(this.test(depth))
      while (this.took(','))
      this.need(')')
      return found
    }
    return this.all[this.at]?.kind === 'word' ? [this.test(depth)] : []
  }
  private test(depth: number): Test {
    const name = this.word()
    const args = this.args()
    return { name, args, tests: this.tests(depth + 1) }
  }

  commands(depth = 0): Command[] {
    if (depth > DEPTH) throw new SieveSyntax('too deep')
    const found: Command[] = []
    for (;;) {
      const comments: string[] = []
      for (let t = this.all[this.at]; t?.kind === 'comment'; t = this.all[++this.at]) comments.push(t.text)
      if (this.at >= this.all.length || this.isMark('}')) return found
      const { name, args, tests } = this.test(depth)
      let block: Command[] | null = null
      if (this.took('{')) {
        block = this.commands(depth + 1)
        this.need('}')
      } else this.need(';')
      found.push({ comments, name, args, tests, block })
    }
  }
  get isAtEnd(): boolean {
    return this.at >= this.all.length
  }
}

/** Throws SieveSyntax. */
export function parseSieve(script: string): Command[] {
  const reader = new Reader(tokens(script))
  const found = reader.commands()
  if (!reader.isAtEnd) throw new SieveSyntax('more follows')
  return found
}

export const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`
