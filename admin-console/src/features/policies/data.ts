import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'

const addressList = z.object({ name: z.string(), query: z.string() })
export type AddressList = z.infer<typeof addressList>
export const addressListsQuery = (organisation: string | undefined) =>
  queryOptions({
    queryKey: ['address-lists', organisation ?? ''],
    enabled: organisation !== undefined,
    queryFn: async ({ signal }) => z.object({ address_lists: z.array(addressList) }).parse(await api.get('/address-lists', { organisation, limit: 200 }, signal)).address_lists,
  })
export const addressListQuery = (name: string, organisation: string) =>
  queryOptions({
    queryKey: ['address-lists', organisation, name],
    queryFn: async ({ signal }) => z.extend(addressList, { members: z.array(z.string()) }).parse(await api.get(path`/address-lists/${name}`, { organisation }, signal)),
  })

const policy = z.object({
  name: z.string(),
  query: z.string(),
  position: z.number(),
  addresses: z.array(z.string()),
  max_send: z.number(),
  max_receive: z.number(),
  max_recipients: z.number(),
  quota: z.number(),
  retention: z.array(z.string()),
})
export type Policy = z.infer<typeof policy>
const given = z.array(z.object({ user: z.string(), address: z.string() }))
const refused = z.array(z.object({ user: z.string(), address: z.string(), why: z.string() }))
const effect = z.object({ added: given, refused, has_more: z.boolean() })
export type Effect = z.infer<typeof effect>
export const policiesQuery = (organisation: string | undefined) =>
  queryOptions({
    queryKey: ['recipient-policies', organisation ?? ''],
    enabled: organisation !== undefined,
    queryFn: async ({ signal }) => z.object({ recipient_policies: z.array(policy) }).parse(await api.get('/recipient-policies', { organisation, limit: 200 }, signal)).recipient_policies,
  })
export const policyQuery = (name: string, organisation: string) =>
  queryOptions({
    queryKey: ['recipient-policies', organisation, name],
    queryFn: async ({ signal }) => z.extend(policy, effect.shape).parse(await api.get(path`/recipient-policies/${name}`, { organisation }, signal)),
  })

const retained = z.object({
  retained: z.array(z.object({ user: z.string(), folder: z.string(), act: z.string(), messages: z.number(), bytes: z.number() })),
  mailboxes: z.number(),
  messages: z.number(),
  bytes: z.number(),
  after: z.nullish(z.string()),
})
/** What the policy would delete or move now: the first mailboxes. */
export const retentionQuery = (name: string, organisation: string) =>
  queryOptions({
    queryKey: ['recipient-policies', organisation, name, 'retention'],
    queryFn: async ({ signal }) => retained.parse(await api.get(path`/recipient-policies/${name}/retention`, { organisation }, signal)),
  })

/** Does it, mailbox by mailbox. */
export async function retain(name: string, organisation: string): Promise<number> {
  let messages = 0
  for (let after: string | undefined; ; ) {
    const step = retained.parse(await api.post(path`/recipient-policies/${name}/retention`, undefined, { organisation, after }))
    messages += step.messages
    if (!step.after) return messages
    after = step.after
  }
}

/** Gives the addresses until none is left; tells how many there are after each step. */
export async function applyPolicy(name: string, organisation: string, onStep: (added: number) => void): Promise<number> {
  let added = 0
  for (;;) {
    const step = effect.parse(await api.post(path`/recipient-policies/${name}/apply`, undefined, { organisation }))
    added += step.added.length
    onStep(added)
    if (!step.has_more || step.added.length === 0) return added
  }
}
