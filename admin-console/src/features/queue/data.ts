import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'

const entry = z.object({
  id: z.number(),
  message: z.string(),
  state: z.string(),
  sender: z.string(),
  login: z.nullish(z.string()),
  recipient: z.string(),
  asked: z.nullish(z.string()),
  lane: z.nullish(z.string()),
  via: z.nullish(z.string()),
  received: z.nullish(z.string()),
  next: z.nullish(z.string()),
  expires: z.nullish(z.string()),
  attempts: z.number(),
  last: z.nullish(z.string()),
  reply: z.nullish(z.string()),
  host: z.nullish(z.string()),
  size: z.number(),
  subject: z.nullish(z.string()),
})
export type QueueEntry = z.infer<typeof entry>
const page = z.object({ entries: z.array(entry), more_after: z.nullish(z.number()) })

export interface QueueFilter {
  sender?: string | undefined
  recipient?: string | undefined
  domain?: string | undefined
  state?: string | undefined
  older?: string | undefined
  login?: string | undefined
  organisation?: string | undefined
}

export const queueQuery = (filter: QueueFilter) =>
  infiniteQueryOptions({
    queryKey: ['queue', 'list', filter],
    initialPageParam: 0,
    refetchInterval: 30_000,
    queryFn: async ({ signal, pageParam }) => page.parse(await api.get('/queue', { ...filter, limit: 200, after: pageParam || undefined }, signal)),
    getNextPageParam: (last) => last.more_after ?? undefined,
  })

const message = z.object({
  message: z.string(),
  sender: z.string(),
  login: z.nullish(z.string()),
  envid: z.nullish(z.string()),
  header: z.nullish(z.string()),
  deliver_by: z.nullish(z.string()),
  requiretls: z.nullish(z.boolean()),
  smtputf8: z.nullish(z.boolean()),
  entries: z.array(entry),
})
export const queuedQuery = (id: string) =>
  queryOptions({
    queryKey: ['queue', 'message', id],
    refetchInterval: 15_000,
    queryFn: async ({ signal }) => message.parse(await api.get(path`/queue/${id}`, undefined, signal)),
  })

export const ACTS = ['hold', 'release', 'retry', 'reroute', 'readdress', 'return', 'delete'] as const
export type Act = (typeof ACTS)[number]
export const isAct = (word: string | undefined): word is Act => ACTS.some((a) => a === word)

/** Messages and entries by their names, or all that a filter means. */
export type Target = { ids: string[] } | { filter: QueueFilter }

const result = z.object({ done: z.number(), in_work: z.number(), has_more: z.boolean() })

/** Done and left alone because it was in work; asked again while the server has more. */
export async function act(kind: Act, on: Target, to: string | undefined): Promise<{ done: number; inWork: number }> {
  const total = { done: 0, inWork: 0 }
  const bodies: object[] = 'ids' in on ? on.ids.map((id) => ({ id })) : [on.filter]
  for (const body of bodies) {
    for (;;) {
      const answer = result.parse(await api.post(path`/queue/${kind}`, { ...body, ...(to !== undefined && { to }) }))
      total.done += answer.done
      total.inWork += answer.in_work
      if (!answer.has_more || answer.done === 0) break
    }
  }
  return total
}
