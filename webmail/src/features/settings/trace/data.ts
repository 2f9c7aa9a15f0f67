import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import type { Jmap } from '../../../jmap/client'
import { getOf, query } from '../../../jmap/wire'

const event = z.looseObject({ time: z.string(), event: z.string() })
const trace = z.object({
  id: z.string(),
  direction: z.string(),
  time: z.string(),
  sender: z.nullish(z.string()),
  messageId: z.nullish(z.string()),
  recipients: z.nullish(z.array(z.string())),
  events: z.nullish(z.array(event)),
})
export type Trace = z.infer<typeof trace>

export const DIRECTIONS = ['all', 'sent', 'received'] as const
export interface Asked {
  direction: (typeof DIRECTIONS)[number]
  /** An address of the other side; empty: any. */
  other: string
}

const MOST = 50

export const tracesQuery = (jmap: Jmap, asked: Asked) =>
  queryOptions({
    queryKey: ['traces', jmap.ownAccount, asked],
    queryFn: async ({ signal }): Promise<Trace[]> => {
      const accountId = jmap.ownAccount
      const filter = { ...(asked.direction !== 'all' && { direction: asked.direction }), ...(asked.other !== '' && { with: asked.other }) }
      const batch = jmap.batch()
      const found = batch.add('MessageTrace/query', { accountId, filter, limit: MOST }, query)
      const got = batch.add('MessageTrace/get', { accountId, '#ids': found.at('/ids') }, getOf(trace))
      await batch.send(signal)
      const byId = new Map(got.result.list.map((t) => [t.id, t]))
      return found.result.ids.flatMap((id) => byId.get(id) ?? [])
    },
  })

/** Words that a person may want to know of an event, in the order in which they were noted. */
export function factsOf(of: z.infer<typeof event>): string[] {
  return ['recipient', 'reply', 'reason', 'detail', 'host', 'folder', 'mailbox'].flatMap((name) => {
    const value = of[name]
    return typeof value === 'string' && value !== '' ? [value] : []
  })
}
