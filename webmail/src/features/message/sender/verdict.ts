// What may be said about who sent a message: by what our own server found out when it came, and by how its sender calls himself.
import type { Address } from '../../../jmap/wire'
import { CONTROLS, looksLikeAnother } from './alike'
import { toAscii, toUnicode } from './punycode'

export type Warning =
  | { kind: 'other-address'; shown: string }
  | { kind: 'alike-domain'; domain: string; ascii: string }
  | { kind: 'alike-name' }
  | { kind: 'turned-name' }
  | { kind: 'several' }
  | { kind: 'failed'; domain: string }
  | { kind: 'other-domain'; domain: string }

export interface Verdict {
  /** The domain that was proven by DMARC; null: none was. */
  proven: string | null
  /** It came from elsewhere, and our server wrote down what it found. */
  isChecked: boolean
  warnings: Warning[]
}

interface Result {
  method: string
  result: string
  properties: Map<string, string>
}

/** Authentication-Results (RFC 8601): who says it, and what. Comments are taken out first. */
export function readResults(field: string): { by: string; results: Result[] } {
  let text = field.replace(/\r?\n/g, ' ')
  for (let before = ''; before !== text; ) {
    before = text
    text = text.replace(/\((?:[^()\\]|\\.)*\)/g, ' ')
  }
  const parts = text.split(';').map((p) => p.trim())
  const results = parts.slice(1).flatMap((part) => {
    const head = /^([\w-]+)(?:\/\d+)?\s*=\s*([\w-]+)/.exec(part)
    if (!head?.[1] || !head[2]) return []
    const properties = new Map(Array.from(part.slice(head[0].length).matchAll(/([\w.-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]+)/g), (m) => [(m[1] ?? '').toLowerCase(), (m[2] ?? '').replace(/^"|"$/g, '')] as const))
    return [{ method: head[1].toLowerCase(), result: head[2].toLowerCase(), properties }]
  })
  return { by: (parts[0] ?? '').split(/\s/)[0]?.toLowerCase() ?? '', results }
}

/** Who added the topmost Received field, which is our own server. */
const receiver = (received: string | undefined): string => /\bby\s+([\w.-]+)/i.exec(received ?? '')?.[1]?.toLowerCase() ?? ''

const ADDRESS = /[\p{L}\p{N}._%+'-]+@((?:[\p{L}\p{N}-]+\.)+[\p{L}\p{N}-]{2,})/iu
export const domainOf = (email: string): string => email.slice(email.lastIndexOf('@') + 1).toLowerCase()

function aboutName(from: Address): Warning[] {
  const name = from.name ?? ''
  const plain = name.replace(CONTROLS, '')
  const out: Warning[] = []
  if (plain !== name) out.push({ kind: 'turned-name' })
  const shown = ADDRESS.exec(plain.normalize('NFKC'))?.[0]
  if (shown && shown.toLowerCase() !== from.email.toLowerCase()) out.push({ kind: 'other-address', shown })
  if (plain.split(/[\s@.,()<>"-]+/).some(looksLikeAnother)) out.push({ kind: 'alike-name' })
  return out
}

function aboutDomain(domain: string): Warning[] {
  const unicode = toUnicode(domain)
  return unicode.split('.').some(looksLikeAnother) ? [{ kind: 'alike-domain', domain: unicode, ascii: toAscii(unicode) || domain }] : []
}

/** `results`, `received`: all fields of these names, topmost first. */
export function verdictOf(from: readonly Address[], results: readonly string[], received: readonly string[]): Verdict {
  const first = from[0]
  if (!first) return { proven: null, isChecked: false, warnings: [] }
  const domain = domainOf(first.email)
  const warnings = [...aboutName(first), ...aboutDomain(domain)]
  if (from.length > 1) warnings.push({ kind: 'several' })
  const us = receiver(received[0])
  const ours = results.map(readResults).find((r) => us !== '' && r.by === us)
  const dmarc = ours?.results.find((r) => r.method === 'dmarc')
  const checked = dmarc?.properties.get('header.from')?.toLowerCase()
  if (!ours) return { proven: null, isChecked: false, warnings }
  const same = checked !== undefined && toAscii(checked) === toAscii(domain)
  if (dmarc?.result === 'pass' && same) return { proven: toUnicode(domain), isChecked: true, warnings }
  if (dmarc?.result === 'pass' && checked) warnings.push({ kind: 'other-domain', domain: toUnicode(checked) })
  if (dmarc?.result === 'fail') warnings.push({ kind: 'failed', domain: toUnicode(domain) })
  return { proven: null, isChecked: true, warnings }
}
