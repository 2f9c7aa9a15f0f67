// What the guides use of Markdown, as data.

export type Inline = { kind: 'text' | 'code' | 'strong' | 'em'; text: string } | { kind: 'link'; text: string; to: string }
export type Block =
  | { kind: 'heading'; level: 1 | 2; text: string }
  | { kind: 'paragraph'; parts: Inline[] }
  | { kind: 'picture'; text: string; file: string }
  | { kind: 'code'; text: string }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] }

const TOKEN = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^\]]+)\]\(([^)]+)\)/g

export function inline(text: string): Inline[] {
  const out: Inline[] = []
  let at = 0
  for (const found of text.matchAll(TOKEN)) {
    if (found.index > at) out.push({ kind: 'text', text: text.slice(at, found.index) })
    const [whole, code, strong, em, label, to] = found
    if (code !== undefined) out.push({ kind: 'code', text: code })
    else if (strong !== undefined) out.push({ kind: 'strong', text: strong })
    else if (em !== undefined) out.push({ kind: 'em', text: em })
    else out.push({ kind: 'link', text: label ?? '', to: to ?? '' })
    at = found.index + whole.length
  }
  if (at < text.length) out.push({ kind: 'text', text: text.slice(at) })
  return out
}

const cells = (line: string): Inline[][] => line.replace(/^\||\|$/g, '').split('|').map((cell) => inline(cell.trim()))

function blockOf(lines: readonly string[]): Block {
  const [first = '', second = ''] = lines
  const heading = /^(#{1,2}) (.*)$/.exec(first)
  if (heading) return { kind: 'heading', level: heading[1] === '#' ? 1 : 2, text: heading[2] ?? '' }
  const picture = /^!\[([^\]]*)\]\(([^)]+)\)$/.exec(first)
  if (picture) return { kind: 'picture', text: picture[1] ?? '', file: picture[2] ?? '' }
  if (first.startsWith('    ')) return { kind: 'code', text: lines.map((l) => l.slice(4)).join('\n') }
  if (first.startsWith('|') && second.startsWith('|')) return { kind: 'table', head: cells(first), rows: lines.slice(2).map(cells) }
  return { kind: 'paragraph', parts: inline(lines.join(' ')) }
}

/** Blocks stand between empty lines. */
export const blocksOf = (text: string): Block[] => text.split(/\n{2,}/).map((b) => b.replace(/\n+$/, '')).filter((b) => b !== '').map((b) => blockOf(b.split('\n')))
