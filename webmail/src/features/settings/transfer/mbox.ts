// Files with many messages: mbox (RFC 4155, with the quoting of mboxrd), read piece by piece.

export interface Letter {
  bytes: Uint8Array<ArrayBuffer>
  receivedAt: string | null
  keywords: Record<string, true>
}

const PIECE = 4 * 1024 * 1024
const FROM = [70, 114, 111, 109, 32] // "From "
const NEWLINE = 10
const ascii = new TextDecoder('windows-1252')

const isFrom = (b: Uint8Array, at: number) => FROM.every((c, i) => b[at + i] === c)

/** Where the next line that begins a message starts, at or after `at`; -1: not in these bytes. */
function nextFrom(b: Uint8Array, at: number): number {
  for (let i = b.indexOf(NEWLINE, at); i >= 0; i = b.indexOf(NEWLINE, i + 1)) {
    const isAfterBlank = b[i - 1] === NEWLINE || (b[i - 1] === 13 && b[i - 2] === NEWLINE)
    if (isAfterBlank && isFrom(b, i + 1)) return i + 1
  }
  return -1
}

/** ">From " was "From ", ">>From " was ">From ". */
function unquoted(b: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(b.length)
  let length = 0
  for (let i = 0; i < b.length; i++) {
    if (b[i] === 62 && (i === 0 || b[i - 1] === NEWLINE)) {
      let k = i
      while (b[k] === 62) k++
      if (isFrom(b, k)) continue
    }
    out[length++] = b[i] ?? 0
  }
  return out.subarray(0, length)
}

/** What is known of a message beside itself: its line "From ", and the marks that programs leave in its header. */
export function letterOf(bytes: Uint8Array<ArrayBuffer>, fromLine = ''): Letter {
  const text = ascii.decode(bytes.subarray(0, 65536))
  const end = /\r?\n\r?\n/.exec(text)
  const header = text.slice(0, end ? end.index : undefined)
  const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(header)?.[1]?.trim() ?? null
  const marks = `${field('Status') ?? ''}${field('X-Status') ?? ''}`
  const isMarked = field('Status') !== null || field('X-Status') !== null
  const keywords: Record<string, true> = {}
  if (!isMarked || marks.includes('R')) keywords['$seen'] = true
  if (marks.includes('F')) keywords['$flagged'] = true
  if (marks.includes('A')) keywords['$answered'] = true
  if (marks.includes('T')) keywords['$draft'] = true
  const when = [fromLine.replace(/^From\s+\S*\s*/, ''), field('Date') ?? ''].map((t) => Date.parse(/[+-]\d{4}|GMT|UTC/.test(t) ? t : `${t} UTC`)).find((t) => !Number.isNaN(t))
  return { bytes, keywords, receivedAt: when === undefined ? null : new Date(when).toISOString().replace(/\.\d+Z$/, 'Z') }
}

function cut(message: Uint8Array<ArrayBuffer>): Letter {
  const line = message.indexOf(NEWLINE)
  const body = unquoted(message.slice(line + 1))
  // The blank line before the next "From " is the file's, not the message's.
  const end = body.length - (body.at(-1) === NEWLINE && body.at(-2) === NEWLINE ? 1 : body.at(-1) === NEWLINE && body.at(-2) === 13 && body.at(-3) === NEWLINE ? 2 : 0)
  return letterOf(body.slice(0, end), ascii.decode(message.subarray(0, line)).trim())
}

function joined(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

export async function isMbox(file: Blob): Promise<boolean> {
  return isFrom(new Uint8Array(await file.slice(0, 5).arrayBuffer()), 0)
}

/** The messages in their order. Holds one of them, and a piece of the file, at a time. */
export async function* lettersOf(file: Blob, tooLarge: number): AsyncGenerator<Letter | 'tooLarge'> {
  let rest = new Uint8Array(0)
  let isSkipping = false
  for (let at = 0; at < file.size; at += PIECE) {
    rest = joined(rest, new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()))
    let from = 0
    for (let next = nextFrom(rest, from); next >= 0; next = nextFrom(rest, from)) {
      if (isSkipping) yield 'tooLarge'
      else yield cut(rest.slice(from, next))
      isSkipping = false
      from = next
    }
    rest = rest.slice(from)
    if (rest.length > tooLarge) {
      isSkipping = true
      rest = rest.slice(-8)
    }
  }
  if (isSkipping) yield 'tooLarge'
  else if (rest.length > 0) yield cut(rest)
}

/** One message as a part of an mbox file. */
export function asMbox(message: Uint8Array<ArrayBuffer>, sender: string, receivedAt: string, keywords: Readonly<Record<string, boolean>>): Uint8Array<ArrayBuffer>[] {
  const at = new Date(receivedAt)
  const [day, , month, , time, year] = [at.toUTCString().slice(0, 3), '', at.toUTCString().slice(8, 11), '', at.toUTCString().slice(17, 25), at.getUTCFullYear()]
  const date = `${day} ${month} ${String(at.getUTCDate()).padStart(2, ' ')} ${time} ${year}`
  const marks = `Status: ${keywords['$seen'] ? 'RO' : 'O'}\nX-Status: ${keywords['$answered'] ? 'A' : ''}${keywords['$flagged'] ? 'F' : ''}${keywords['$draft'] ? 'T' : ''}\n`
  const head = new TextEncoder().encode(`From ${/^[!-~]+$/.test(sender) ? sender : 'MAILER-DAEMON'} ${date}\n${marks}`) as Uint8Array<ArrayBuffer>
  return [head, quoted(message), Uint8Array.of(NEWLINE)]
}

/** Line ends of mbox files, and a ">" before each line that looks like the beginning of a message. */
function quoted(b: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(b.length + Math.ceil(b.length / 6) + 1)
  let length = 0
  for (let i = 0; i < b.length; i++) {
    const c = b[i] ?? 0
    if (c === 13 && b[i + 1] === NEWLINE) continue
    if ((i === 0 || b[i - 1] === NEWLINE) && (c === 62 || c === 70)) {
      let k = i
      while (b[k] === 62) k++
      if (isFrom(b, k)) out[length++] = 62
    }
    out[length++] = c
  }
  if (out[length - 1] !== NEWLINE) out[length++] = NEWLINE
  return out.slice(0, length)
}
