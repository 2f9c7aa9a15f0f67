// The rights in all folders, and in whose name one may write, seen from the people who have them.
import type { AccountStore } from '../../../jmap/store'
import { share, type Principal, type Rights, type Share } from '../../folders/share-data'
import { setGrant, type Grant, type Way } from './grants'

export interface Delegate {
  who: Principal
  /** By folder; those in which he may do nothing are left out. */
  rights: ReadonlyMap<string, Rights>
  way: Way
}

const isOf = (who: Principal) => (g: Grant) => g.who.email?.toLowerCase() === who.email?.toLowerCase()

export function delegatesOf(shares: ReadonlyMap<string, readonly Share[]>, grants: readonly Grant[]): Delegate[] {
  const found = new Map<string, { who: Principal; rights: Map<string, Rights>; way: Way }>()
  for (const [folder, all] of shares)
    for (const { who, rights } of all) {
      const one = found.get(who.id) ?? { who, rights: new Map<string, Rights>(), way: grants.find(isOf(who))?.way ?? 'none' }
      one.rights.set(folder, rights)
      found.set(who.id, one)
    }
  const known = [...found.values()]
  const writers = grants.filter((g) => !known.some((d) => isOf(d.who)(g))).map((g) => ({ who: g.who, rights: new Map<string, Rights>(), way: g.way }))
  return [...known, ...writers].sort((a, b) => a.who.name.localeCompare(b.who.name))
}

/** Gives somebody these rights in each folder, and none elsewhere; those of others stay. */
export async function setDelegate(store: AccountStore, shares: ReadonlyMap<string, readonly Share[]>, grants: readonly Grant[], { who, rights, way }: Delegate): Promise<void> {
  const changed = new Map<string, Share[]>()
  for (const folder of store.mailboxes.keys()) {
    const before = shares.get(folder) ?? []
    const now = rights.get(folder)
    const had = before.find((s) => s.who.id === who.id)
    if (JSON.stringify(had?.rights) === JSON.stringify(now)) continue
    changed.set(folder, [...before.filter((s) => s !== had), ...(now ? [{ who, rights: now }] : [])])
  }
  if (changed.size > 0) await share(store.jmap, store.accountId, changed)
  await setGrant(store.jmap, grants.find(isOf(who)), who, way)
}
