import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'

/** Which fields an event has depends on what happened (docs/trace.md); new ones may come. */
const event = z.looseObject({ event: z.string(), time: z.string() })
export type TraceEvent = z.infer<typeof event>

const trace = z.object({
  id: z.string(),
  time: z.string(),
  sender: z.nullish(z.string()),
  message_id: z.nullish(z.string()),
  login: z.nullish(z.string()),
  client: z.nullish(z.string()),
  parent: z.nullish(z.string()),
  last: z.string(),
  recipients: z.array(z.string()),
  events: z.array(event),
  led_to: z.nullish(z.array(z.string())),
})
export type Trace = z.infer<typeof trace>
const unavailable = z.nullish(z.array(z.object({ database: z.string(), reason: z.string() })))
const page = z.object({ traces: z.array(trace), unavailable, more_after: z.nullish(z.string()) })
const whole = z.extend(trace, { unavailable })

export interface TraceFilter {
  sender?: string | undefined
  recipient?: string | undefined
  message_id?: string | undefined
  client?: string | undefined
  login?: string | undefined
  since?: string | undefined
  until?: string | undefined
  organisation?: string | undefined
}

export const tracesQuery = (filter: TraceFilter) =>
  infiniteQueryOptions({
    queryKey: ['trace', 'list', filter],
    initialPageParam: '',
    queryFn: async ({ signal, pageParam }) => page.parse(await api.get('/trace', { ...filter, limit: 100, after: pageParam || undefined }, signal)),
    getNextPageParam: (last) => last.more_after ?? undefined,
  })

export const traceQuery = (id: string) =>
  queryOptions({
    queryKey: ['trace', 'one', id],
    queryFn: async ({ signal }) => whole.parse(await api.get(path`/trace/${id}`, undefined, signal)),
  })

const rehearsal = z.object({ accepted: z.boolean(), events: z.array(event) })

/** What would happen to a message; without one of its own the server makes a small one up. */
export const rehearsalQuery = (question: { from: string; to: string; client?: string | undefined }, message: string) =>
  queryOptions({
    queryKey: ['rehearsal', question, message],
    staleTime: Infinity,
    retry: false,
    queryFn: async () => {
      const body = message === '' ? undefined : message.replace(/\r?\n/g, '\r\n')
      return rehearsal.parse(await api.post('/trace/dry-run', body, { ...question }))
    },
  })
