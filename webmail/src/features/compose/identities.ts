// As whom one may write.
import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import type { Jmap } from '../../jmap/client'
import { address, getOf } from '../../jmap/wire'

const identity = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  replyTo: z.nullish(z.array(address)),
  bcc: z.nullish(z.array(address)),
  textSignature: z.string(),
  htmlSignature: z.string(),
  mayDelete: z.boolean(),
  /** Somebody else's, in whose name one writes with one's own in Sender. */
  onBehalf: z.boolean(),
})
export type Identity = z.infer<typeof identity>
const IDENTITY = Object.keys(identity.shape)

export const identitiesQuery = (jmap: Jmap) =>
  queryOptions({
    queryKey: ['identities', jmap.ownAccount],
    staleTime: 60_000,
    queryFn: async ({ signal }): Promise<Identity[]> => (await jmap.call('Identity/get', { accountId: jmap.ownAccount, ids: null, properties: IDENTITY }, getOf(identity), signal)).list,
  })

/** The one that a message was sent to, else the first. */
export function identityFor(all: readonly Identity[], addresses: readonly string[]): Identity | null {
  const wanted = new Set(addresses.map((a) => a.toLowerCase()))
  return all.find((i) => wanted.has(i.email.toLowerCase())) ?? all[0] ?? null
}
