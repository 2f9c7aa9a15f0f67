import type { Address, Email } from '../../jmap/wire'

export const nameOf = (a: Address): string => a.name?.trim() || a.email

/** What a person is called in a row that has little room: "Ada" of "Ada Lovelace". */
export function shortName(a: Address): string {
  const name = a.name?.trim()
  return name ? (/^(\S+),\s*(\S+)/.exec(name)?.[2] ?? name.split(/\s+/)[0] ?? name) : (a.email.split('@')[0] ?? a.email)
}

/** Who took part, oldest first, each once. */
export function participants(emails: readonly Email[]): Address[] {
  const found = new Map<string, Address>()
  for (const e of emails) for (const a of e.from ?? []) if (!found.has(a.email.toLowerCase())) found.set(a.email.toLowerCase(), a)
  return [...found.values()]
}

export function initials(a: Address): string {
  const words = nameOf(a).replace(/["'<>(){}[\]]/g, '').split(/[\s.@_-]+/).filter((w) => /^\p{L}/u.test(w))
  const first = words[0]
  if (!first) return '?'
  const last = a.name?.trim() && words.length > 1 ? words[words.length - 1] : undefined
  return ([...first][0] ?? '').toLocaleUpperCase() + (last ? ([...last][0] ?? '').toLocaleUpperCase() : '')
}

/** One of eight colours, always the same for one address. */
export function hue(a: Address): number {
  let sum = 0
  for (const c of a.email.toLowerCase()) sum = (sum * 31 + c.charCodeAt(0)) % 65521
  return sum % 8
}
