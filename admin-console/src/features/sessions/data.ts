import { infiniteQueryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api } from '../../app/api'
import { scoped } from '../../app/session'

const session = z.object({
  id: z.number(),
  kind: z.string(),
  protocol: z.string(),
  name: z.string(),
  peer: z.string(),
  current: z.boolean(),
  created: z.nullish(z.string()),
  seen: z.nullish(z.string()),
  expires: z.nullish(z.string()),
  address: z.string(),
  holder: z.string(),
})
export type Session = z.infer<typeof session>
export interface SessionFilter {
  organisation?: string | undefined
  domain?: string | undefined
  text?: string | undefined
  kind?: string | undefined
  protocol?: string | undefined
}

/** All by which people are logged in now, the newest first. Looked at anew while somebody watches. */
export const sessionsQuery = (filter: SessionFilter) =>
  infiniteQueryOptions({
    queryKey: ['sessions', 'all', filter],
    refetchInterval: 15_000,
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ signal, pageParam }) => z.object({ sessions: z.array(session), next: z.nullish(z.string()) }).parse(await api.get('/sessions', { ...filter, cursor: pageParam, limit: 200 }, signal)),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: (before) => before,
  })

const ended = z.object({ ended: z.number(), refused: z.number(), next: z.nullish(z.string()) })
const AT_ONCE = 200

/** Ends those named, or all that the filter means but one's own. */
export async function endSessions(filter: SessionFilter, ids: number[] | undefined): Promise<{ ended: number; refused: number }> {
  const total = { ended: 0, refused: 0 }
  const add = async (body: object, cursor?: string) => {
    const step = ended.parse(await api.post('/sessions/end', body, { ...scoped(filter), cursor }))
    total.ended += step.ended
    total.refused += step.refused
    return step.next ?? undefined
  }
  if (ids) for (let i = 0; i < ids.length; i += AT_ONCE) await add({ sessions: ids.slice(i, i + AT_ONCE) })
  else for (let cursor = await add({}); cursor; ) cursor = await add({}, cursor)
  return total
}
