// Mail that is out of the way until a time (docs/jmap.md, Snooze): it lies in a folder of its own and comes back unread.
import * as z from 'zod/mini'
import type { AccountStore } from '../../jmap/store'
import { SetError } from '../../jmap/errors'
import { getOf, setAnswer, type Email } from '../../jmap/wire'

const snoozed = z.object({ id: z.string(), until: z.string() })

async function change(store: AccountStore, args: Record<string, unknown>): Promise<void> {
  const answer = await store.jmap.call('Snooze/set', { accountId: store.accountId, ...args }, setAnswer)
  await store.sync()
  const refused = Object.entries({ ...answer.notCreated, ...answer.notUpdated, ...answer.notDestroyed })[0]
  if (refused) throw SetError.of(...refused)
}

/** `folder`: where they are, and come back to; undefined: each where it is. What is put off already gets the new time. */
export async function snooze(store: AccountStore, emails: readonly Email[], folder: string | undefined, until: string): Promise<void> {
  const { list } = await store.jmap.call('Snooze/get', { accountId: store.accountId, ids: emails.map((e) => e.id), properties: ['id', 'until'] }, getOf(snoozed))
  const there = new Set(list.map((s) => s.id))
  const create = Object.fromEntries(
    emails.flatMap((e) => {
      const mailboxId = folder ?? Object.keys(e.mailboxIds)[0]
      return there.has(e.id) || !mailboxId ? [] : [[e.id, { emailId: e.id, mailboxId, until }]]
    }),
  )
  await change(store, { create, update: Object.fromEntries([...there].map((id) => [id, { until }])) })
}

/** Back now, as they were. */
export const bringBack = (store: AccountStore, ids: readonly string[]): Promise<void> => change(store, { destroy: ids })

/** When each message that is put off comes back. */
export async function untilTimes(store: AccountStore, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const { list } = await store.jmap.call('Snooze/get', { accountId: store.accountId, ids: null, properties: ['id', 'until'] }, getOf(snoozed), signal)
  return new Map(list.map((s) => [s.id, s.until]))
}
