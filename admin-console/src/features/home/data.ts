import type { Language } from '@chappe/kit'
import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api } from '../../app/api'

const checkLine = z.object({ what: z.string(), is_good: z.boolean(), text: z.string(), remedy: z.nullish(z.string()) })
export type CheckLine = z.infer<typeof checkLine>
/** What the server finds of itself, in the language that is read. */
export const checkQuery = (language: Language) =>
  queryOptions({
    queryKey: ['check', language],
    staleTime: 60_000,
    queryFn: async ({ signal }) => z.object({ lines: z.array(checkLine) }).parse(await api.get('/check', undefined, signal)).lines,
  })

const statistics = z.object({ from: z.string(), step: z.number(), series: z.array(z.object({ name: z.string(), values: z.array(z.number()) })) })
export type Statistics = z.infer<typeof statistics>
export const statisticsQuery = (hours: number) =>
  queryOptions({
    queryKey: ['statistics', hours],
    refetchInterval: 60_000,
    queryFn: async ({ signal }) => statistics.parse(await api.get('/statistics', { hours }, signal)),
  })

const storageGroup = z.object({ name: z.string(), state: z.string(), mailboxes: z.number() })
export const storageGroupsQuery = queryOptions({
  queryKey: ['storage-groups'],
  queryFn: async ({ signal }) => z.object({ storage_groups: z.array(storageGroup) }).parse(await api.get('/storage-groups', undefined, signal)).storage_groups,
})
const store = z.object({ name: z.string(), storage_group: z.string(), mounted: z.boolean(), mailboxes: z.number() })
export const storesQuery = queryOptions({
  queryKey: ['stores'],
  queryFn: async ({ signal }) => z.object({ stores: z.array(store) }).parse(await api.get('/stores', undefined, signal)).stores,
})

const lanes = z.object({ estimate: z.number(), lanes: z.array(z.object({ lane: z.string(), waiting: z.number(), next: z.nullish(z.string()) })) })
export const lanesQuery = queryOptions({
  queryKey: ['queue', 'lanes'],
  refetchInterval: 30_000,
  queryFn: async ({ signal }) => lanes.parse(await api.get('/queue-lanes', undefined, signal)),
})
/** How many messages wait for somebody's decision, or mail that is held: counted, at most a page. */
const counted = (path: string, name: 'messages' | 'accounts') =>
  queryOptions({
    queryKey: ['counted', path],
    queryFn: async ({ signal }) => {
      const answer = z.record(z.string(), z.unknown()).safeParse(await api.get(path, undefined, signal))
      const list = answer.success ? answer.data[name] : undefined
      return Array.isArray(list) ? list.length : 0
    },
  })
export const quarantineCountQuery = counted('/quarantine', 'messages')
export const moderationCountQuery = counted('/moderation', 'messages')
export const heldCountQuery = counted('/held', 'accounts')
