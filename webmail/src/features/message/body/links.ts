// Where links lead, in words that cannot be mistaken.

const WEB = /^(?:https?|ftp):/i

export interface Link {
  href: string
  /** What a person may rely on: the host, in letters of one script only. */
  leadsTo: string
}

/** null: it leads nowhere that a message may lead. */
export function linkOf(href: string): Link | null {
  let url: URL
  try {
    url = new URL(href.trim().replace(/[\u0000-\u0020\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g, ''))
  } catch {
    return null
  }
  if (url.protocol === 'mailto:') return { href: url.href, leadsTo: safeDecode(url.pathname) }
  if (url.protocol === 'tel:') return { href: url.href, leadsTo: url.pathname }
  if (!WEB.test(url.protocol)) return null
  return { href: url.href, leadsTo: url.host }
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const HOST = /(?:^|[\s(<"'])(?:https?:\/\/)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})(?=$|[\s/:?#)>"',.])/iu

/** The text of a link names another host than it leads to. */
export function isMisleading(text: string, link: Link): boolean {
  if (link.href.startsWith('mailto:') || link.href.startsWith('tel:')) return false
  const named = HOST.exec(text.trim())?.[1]
  if (!named) return false
  let host: string
  try {
    host = new URL('http://' + named).hostname
  } catch {
    return true
  }
  const strip = (h: string) => h.toLowerCase().replace(/^www\./, '')
  const real = strip(new URL(link.href).hostname)
  return real !== strip(host) && !real.endsWith('.' + strip(host))
}

const FOUND = /\bhttps?:\/\/[^\s<>"'\u200b-\u200f\u2028-\u202e\u2066-\u2069]+|\bwww\.[\p{L}\p{N}-]+\.[^\s<>"'\u200b-\u200f\u2028-\u202e\u2066-\u2069]+|[\p{L}\p{N}._%+-]+@(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}/giu

export interface Piece {
  text: string
  link?: Link
}

/** Plain text, with its addresses as links. */
export function piecesOf(text: string): Piece[] {
  const out: Piece[] = []
  let end = 0
  for (const found of text.matchAll(FOUND)) {
    let word = found[0]
    while (/[.,;:!?'"*_]$/.test(word) || (word.endsWith(')') && !word.includes('('))) word = word.slice(0, -1)
    const link = linkOf(/^https?:/i.test(word) ? word : word.toLowerCase().startsWith('www.') ? `http://${word}` : `mailto:${word}`)
    if (!link) continue
    if (found.index > end) out.push({ text: text.slice(end, found.index) })
    out.push({ text: word, link })
    end = found.index + word.length
  }
  if (end < text.length) out.push({ text: text.slice(end) })
  return out
}

/** Mail that is to be written goes to our own page. */
export const hrefFor = (link: Link): string => (link.href.startsWith('mailto:') ? `${location.origin}/mail?mailto=${encodeURIComponent(link.href)}` : link.href)
