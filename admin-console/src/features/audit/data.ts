import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'

/** Before and after come as text or, from a newer server, as objects. */
const shown = z.nullish(z.pipe(z.unknown(), z.transform((v) => (v === null || v === undefined ? null : typeof v === 'string' ? v : JSON.stringify(v)))))
const entry = z.object({
  id: z.number(),
  at: z.nullish(z.string()),
  actor: z.string(),
  action: z.string(),
  object: z.string(),
  peer: z.nullish(z.string()),
  before: shown,
  after: shown,
})
export type AuditEntry = z.infer<typeof entry>
const entries = z.object({ entries: z.array(entry) })
const PAGE = 200

/** The newest first. `organisation` empty: what concerns the installation itself. */
export const auditQuery = (organisation: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ['audit', 'list', organisation ?? ''],
    initialPageParam: 0,
    queryFn: async ({ signal, pageParam }) => entries.parse(await api.get('/audit', { organisation, limit: PAGE, before: pageParam || undefined }, signal)).entries,
    getNextPageParam: (page) => (page.length === PAGE ? page.at(-1)?.id : undefined),
  })

export const auditOfQuery = (organisation: string, object: string) =>
  queryOptions({
    queryKey: ['audit', 'of', organisation, object],
    queryFn: async ({ signal }) => entries.parse(await api.get('/audit', { organisation, object, limit: 1000 }, signal)).entries,
  })

const activity = z.object({ day: z.string(), action: z.string(), actor: z.string(), peer: z.nullish(z.string()), count: z.number(), first: z.string(), last: z.string() })
export type Activity = z.infer<typeof activity>
/** Who opened this mailbox, by day, the newest first. */
export const activityQuery = (address: string) =>
  queryOptions({
    queryKey: ['audit', 'activity', address],
    queryFn: async ({ signal }) => z.object({ activity: z.array(activity) }).parse(await api.get(path`/users/${address}/activity`, undefined, signal)).activity,
  })
