// Who may write in the owner's name.
import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import type { Jmap } from '../../../jmap/client'
import { getOf } from '../../../jmap/wire'
import { findPrincipals, type Principal } from '../../folders/share-data'
import { setOwn } from '../set'

/** Not at all; nothing tells who wrote; his own name stands beside. */
export const WAYS = ['none', 'as', 'onBehalf'] as const
export type Way = (typeof WAYS)[number]

const grant = z.object({ id: z.string(), address: z.string(), name: z.string(), onBehalf: z.boolean() })
const keeping = z.object({ keepsSent: z.boolean() })

export interface Grant {
  id: string
  who: Principal
  way: Exclude<Way, 'none'>
}
export interface Grants {
  list: readonly Grant[]
  /** What they send lies in the owner's Sent as well. */
  keepsSent: boolean
}

/** Somebody who is not in the address book has no id there: folders cannot be shared with him here. */
async function personOf(jmap: Jmap, address: string, name: string, signal: AbortSignal): Promise<Principal> {
  const found = await findPrincipals(jmap, jmap.ownAccount, address, signal)
  return found.find((p) => p.email?.toLowerCase() === address.toLowerCase()) ?? { id: '', type: 'individual', name, email: address }
}

export const grantsQuery = (jmap: Jmap) =>
  queryOptions({
    queryKey: ['sendGrants', jmap.ownAccount],
    queryFn: async ({ signal }): Promise<Grants> => {
      const batch = jmap.batch()
      const grants = batch.add('SendGrant/get', { accountId: jmap.ownAccount, ids: null }, getOf(grant))
      const kept = batch.add('Preferences/get', { accountId: jmap.ownAccount, ids: null, properties: ['keepsSent'] }, getOf(keeping))
      await batch.send(signal)
      const list = await Promise.all(grants.result.list.map(async (g): Promise<Grant> => ({ id: g.id, who: await personOf(jmap, g.address, g.name, signal), way: g.onBehalf ? 'onBehalf' : 'as' })))
      return { list, keepsSent: kept.result.list[0]?.keepsSent === true }
    },
  })

export async function setGrant(jmap: Jmap, before: Grant | undefined, who: Principal, way: Way): Promise<void> {
  if ((before?.way ?? 'none') === way) return
  if (way === 'none') await setOwn(jmap, 'SendGrant', { destroy: before ? [before.id] : [] })
  else await setOwn(jmap, 'SendGrant', { create: { one: { person: who.email, onBehalf: way === 'onBehalf' } } })
}

export const setKeepsSent = (jmap: Jmap, keepsSent: boolean) => setOwn(jmap, 'Preferences', { update: { singleton: { keepsSent } } })
