// Whom one may write to: the people of the organisation, and those one wrote to before.
import * as z from 'zod/mini'
import type { Jmap } from '../../jmap/client'
import { getOf, query } from '../../jmap/wire'
import { same, type Chip } from './addresses'
import type { Identity } from './identities'

const KEPT = 'chappe.people'
const MOST = 300
const SHOWN = 8

const principal = z.object({ id: z.string(), name: z.string(), email: z.nullish(z.string()), description: z.nullish(z.string()) })
const kept = z.array(z.object({ name: z.string(), email: z.string() }))

function recent(): { name: string; email: string }[] {
  try {
    return kept.parse(JSON.parse(localStorage.getItem(KEPT) ?? '[]'))
  } catch {
    return []
  }
}

export function remember(chips: readonly Chip[]): void {
  const fresh = chips.filter((c) => c.isValid).map(({ name, email }) => ({ name, email }))
  const rest = recent().filter((r) => !fresh.some((f) => same(f, r)))
  localStorage.setItem(KEPT, JSON.stringify([...fresh, ...rest].slice(0, MOST)))
}

const inside = new Set<string>()
/** Domains that are known to be of one's own organisation. */
const domainOf = (email: string) => email.slice(email.lastIndexOf('@') + 1).toLowerCase()
export const learnInside = (identities: readonly Identity[]): void => identities.forEach((i) => inside.add(domainOf(i.email)))
export const isOutside = (chip: Chip): boolean => chip.isValid && inside.size > 0 && !inside.has(domainOf(chip.email))

const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

/** Best first: who was written to lately, then the directory. */
export async function suggest(jmap: Jmap, text: string, signal: AbortSignal): Promise<Chip[]> {
  const wanted = plain(text.trim())
  const words = wanted.split(/\s+/)
  const hits = recent().filter((r) => words.every((w) => plain(`${r.name} ${r.email}`).includes(w)))
  const found: Chip[] = hits.slice(0, SHOWN).map((h) => ({ ...h, isValid: true }))
  if (wanted.length < 1) return found
  const batch = jmap.batch()
  const asked = batch.add('Principal/query', { accountId: jmap.ownAccount, filter: { text: text.trim() }, limit: SHOWN }, query)
  const got = batch.add('Principal/get', { accountId: jmap.ownAccount, '#ids': asked.at('/ids'), properties: ['id', 'name', 'email', 'description'] }, getOf(principal))
  await batch.send(signal).catch(() => {})
  for (const p of got.resultOrNull?.list ?? []) {
    if (!p.email) continue
    inside.add(domainOf(p.email))
    const about = p.description ? { about: p.description } : {}
    const known = found.find((f) => same(f, { email: p.email ?? '' }))
    if (known) Object.assign(known, about)
    else found.push({ name: p.name, email: p.email, isValid: true, ...about })
  }
  return found.slice(0, SHOWN)
}
