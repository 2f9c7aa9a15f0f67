import { queryOptions, useQuery } from '@tanstack/react-query'
import * as z from 'zod/mini'
import type { Jmap } from '../../jmap/client'
import { getOf, type Mailbox } from '../../jmap/wire'
import { useMail } from '../../jmap/mail'

const rule = z.object({
  id: z.string(),
  mailboxIds: z.array(z.string()),
  days: z.number(),
  action: z.enum(['delete', 'trash', 'archive']),
  appliesFrom: z.string(),
})
export type RetentionRule = z.infer<typeof rule>

const FRESH_MS = 600_000

/** For how long the organisation keeps the owner's mail, as he was told. */
export const retentionQuery = (jmap: Jmap) =>
  queryOptions({
    queryKey: ['own', jmap.ownAccount, 'Retention'],
    staleTime: FRESH_MS,
    queryFn: async ({ signal }): Promise<RetentionRule[]> => (await jmap.call('Retention/get', { accountId: jmap.ownAccount, ids: null }, getOf(rule), signal)).list,
  })

/** The rule that a folder of the own mailbox follows. */
export function useRetention(mailbox: Mailbox | undefined, isOwn: boolean): RetentionRule | undefined {
  const { jmap } = useMail()
  const rules = useQuery({ ...retentionQuery(jmap), enabled: isOwn && mailbox !== undefined }).data
  return isOwn && mailbox ? rules?.find((r) => r.mailboxIds.includes(mailbox.id)) : undefined
}
