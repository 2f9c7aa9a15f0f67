import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'

const group = z.object({ name: z.string(), state: z.string(), mailboxes: z.number(), takes_new: z.nullish(z.boolean()) })
export type StorageGroup = z.infer<typeof group>

/** What the storage group would tell is absent while it is down. */
const store = z.object({
  name: z.string(),
  storage_group: z.string(),
  state: z.string(),
  mounted: z.boolean(),
  mailboxes: z.number(),
  organisation: z.string(),
  warn_at: z.number(),
  no_send_at: z.number(),
  no_receive_at: z.number(),
  deleted_mailbox_days: z.number(),
  deleted_item_days: z.nullish(z.number()),
  used: z.nullish(z.number()),
  messages: z.nullish(z.number()),
  quotas: z.nullish(z.number()),
  nearly_full: z.nullish(z.number()),
  full: z.nullish(z.number()),
  deleted_mailboxes: z.nullish(z.number()),
  grown_7_days: z.nullish(z.number()),
  grown_30_days: z.nullish(z.number()),
})
export type Store = z.infer<typeof store>

export const groupsQuery = queryOptions({
  queryKey: ['storage', 'groups'],
  queryFn: async ({ signal }) => z.object({ storage_groups: z.array(group) }).parse(await api.get('/storage-groups', undefined, signal)).storage_groups,
})
export const storesQuery = queryOptions({
  queryKey: ['storage', 'stores'],
  queryFn: async ({ signal }) => z.object({ stores: z.array(store) }).parse(await api.get('/stores', undefined, signal)).stores,
})
export const storeQuery = (storageGroup: string, name: string) =>
  queryOptions({
    queryKey: ['storage', 'store', storageGroup, name],
    queryFn: async ({ signal }) => store.parse(await api.get(path`/stores/${name}`, { storage_group: storageGroup }, signal)),
  })

const move = z.object({
  address: z.string(),
  state: z.string(),
  from_storage_group: z.nullish(z.string()),
  from_store: z.nullish(z.string()),
  storage_group: z.nullish(z.string()),
  store: z.nullish(z.string()),
  done: z.nullish(z.number()),
  messages: z.nullish(z.number()),
  trouble: z.nullish(z.string()),
  by: z.nullish(z.string()),
  created: z.nullish(z.string()),
})
export type Move = z.infer<typeof move>

const POLL_MS = 2000
/** Asked again while somebody looks: moves go on behind. */
export const movesQuery = (all: boolean) =>
  queryOptions({
    queryKey: ['storage', 'moves', all],
    refetchInterval: POLL_MS,
    queryFn: async ({ signal }) => z.object({ moves: z.array(move) }).parse(await api.get('/moves', { all: all ? '1' : undefined }, signal)).moves,
  })
export async function beginMoves(what: Record<string, unknown>): Promise<number> {
  return z.object({ started: z.number() }).parse(await api.post('/moves', what)).started
}

const deleted = z.object({
  mailbox: z.number(),
  address: z.string(),
  name: z.string(),
  storage_group: z.string(),
  store: z.string(),
  deleted: z.nullish(z.string()),
  until: z.nullish(z.string()),
  by: z.nullish(z.string()),
  bytes: z.nullish(z.number()),
})
export type DeletedMailbox = z.infer<typeof deleted>
export const deletedQuery = (organisation?: string) =>
  queryOptions({
    queryKey: ['storage', 'deleted', organisation ?? ''],
    queryFn: async ({ signal }) => z.object({ mailboxes: z.array(deleted) }).parse(await api.get('/deleted-mailboxes', { organisation }, signal)).mailboxes,
  })

const recoverable = z.object({
  id: z.string(),
  folder: z.nullish(z.string()),
  expunged: z.nullish(z.string()),
  until: z.nullish(z.string()),
  from: z.nullish(z.string()),
  subject: z.nullish(z.string()),
  size: z.number(),
})
export type RecoverableMessage = z.infer<typeof recoverable>
export const recoverableQuery = (address: string) =>
  queryOptions({
    queryKey: ['storage', 'recoverable', address],
    queryFn: async ({ signal }) => z.object({ messages: z.array(recoverable) }).parse(await api.get(path`/mailboxes/${address}/recoverable`, undefined, signal)).messages,
  })
/** How many came back. */
export async function recoverMessages(address: string, ids: string[], into: string): Promise<number> {
  return z.object({ recovered: z.number() }).parse(await api.post(path`/mailboxes/${address}/recoverable/restore`, { ids, into })).recovered
}
