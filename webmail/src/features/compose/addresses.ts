// Addresses as people type and paste them.
import type { Address } from '../../jmap/wire'

export interface Chip {
  name: string
  email: string
  isValid: boolean
  /** What the directory says of who it is: "Engineer, Research". */
  about?: string
}

const LOCAL = /^(?:[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*|"(?:[^"\\\u0000-\u001f]|\\.)+")$/u
const DOMAIN = /^(?:(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)*[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?|\[[0-9a-fA-F.:]+\])$/u
const bytes = (text: string) => new TextEncoder().encode(text).length

export function isAddress(text: string): boolean {
  const at = text.lastIndexOf('@')
  const local = text.slice(0, at)
  const domain = text.slice(at + 1)
  return at > 0 && bytes(local) <= 64 && domain.length <= 253 && LOCAL.test(local) && DOMAIN.test(domain)
}

/** Parts at commas, semicolons and line ends that stand outside of quotes, comments and brackets. */
function split(text: string): string[] {
  const out: string[] = []
  let part = ''
  let quoted = false
  let depth = 0
  let angled = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? ''
    if (c === '\\' && (quoted || depth > 0)) {
      part += c + (text[++i] ?? '')
      continue
    }
    if (c === '"' && depth === 0) quoted = !quoted
    else if (!quoted && c === '(') depth++
    else if (!quoted && c === ')' && depth > 0) depth--
    else if (!quoted && c === '<') angled = true
    else if (!quoted && c === '>') angled = false
    if (!quoted && depth === 0 && !angled && /[,;\r\n\t]/.test(c)) {
      out.push(part)
      part = ''
    } else part += c
  }
  return [...out, part].map((p) => p.trim()).filter(Boolean)
}

const unquote = (text: string): string => {
  const t = text.trim()
  return (/^"(?:[^"\\]|\\.)*"$/.test(t) ? t.slice(1, -1).replace(/\\(.)/g, '$1') : t).replace(/\s+/g, ' ')
}

export function chipOf(text: string): Chip {
  const t = text.trim()
  const angled = /^(.*?)\s*<([^<>]*)>\s*$/s.exec(t)
  if (angled) {
    const email = (angled[2] ?? '').trim().replace(/^mailto:/i, '')
    return { name: unquote(angled[1] ?? ''), email, isValid: isAddress(email) }
  }
  const comment = /^(\S+@\S+)\s+\((.*)\)$/.exec(t)
  if (comment) return { name: (comment[2] ?? '').replace(/\\(.)/g, '$1'), email: comment[1] ?? '', isValid: isAddress(comment[1] ?? '') }
  const email = t.replace(/^mailto:/i, '')
  if (isAddress(email)) return { name: '', email, isValid: true }
  const last = /^(.*\s)(\S+@\S+)$/s.exec(t)
  if (last && isAddress(last[2] ?? '')) return { name: unquote(last[1] ?? ''), email: last[2] ?? '', isValid: true }
  return { name: '', email: t, isValid: false }
}

/** A list as it is pasted: of a header, a table, a column. A line of bare addresses with blanks between them is several. */
export function chipsOf(text: string): Chip[] {
  return split(text).flatMap((part) => {
    const words = part.split(/\s+/)
    if (words.length > 1 && words.every(isAddress)) return words.map(chipOf)
    return [chipOf(part)]
  })
}

export const chipOfAddress = (a: Address): Chip => ({ name: a.name?.trim() ?? '', email: a.email, isValid: isAddress(a.email) })

export const addressOf = (c: Chip): Address => ({ name: c.name || null, email: c.email })

export const same = (a: { email: string }, b: { email: string }): boolean => a.email.toLowerCase() === b.email.toLowerCase()

/** Each address once. */
export function unique(chips: readonly Chip[], but: readonly { email: string }[] = []): Chip[] {
  const seen = new Set(but.map((c) => c.email.toLowerCase()))
  return chips.filter((c) => {
    const key = c.email.toLowerCase()
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
