// The rights in all folders, seen from the people who have them.
import type { AccountStore } from '../../../jmap/store'
import { share, type Principal, type Rights, type Share } from '../../folders/share-data'

export interface Delegate {
  who: Principal
  /** By folder; those in which he may do nothing are left out. */
  rights: ReadonlyMap<string, Rights>
}

export function delegatesOf(shares: ReadonlyMap<string, readonly Share[]>): Delegate[] {
  const found = new Map<string, { who: Principal; rights: Map<string, Rights> }>()
  for (const [folder, all] of shares)
    for (const { who, rights } of all) {
      const one = found.get(who.id) ?? { who, rights: new Map<string, Rights>() }
      one.rights.set(folder, rights)
      found.set(who.id, one)
    }
  return [...found.values()].sort((a, b) => a.who.name.localeCompare(b.who.name))
}

/** Gives somebody these rights in each folder, and none elsewhere; those of others stay. */
export async function setDelegate(store: AccountStore, shares: ReadonlyMap<string, readonly Share[]>, { who, rights }: Delegate): Promise<void> {
  const changed = new Map<string, Share[]>()
  for (const folder of store.mailboxes.keys()) {
    const before = shares.get(folder) ?? []
    const now = rights.get(folder)
    const had = before.find((s) => s.who.id === who.id)
    if (JSON.stringify(had?.rights) === JSON.stringify(now)) continue
    changed.set(folder, [...before.filter((s) => s !== had), ...(now ? [{ who, rights: now }] : [])])
  }
  if (changed.size > 0) await share(store.jmap, store.accountId, changed)
}
