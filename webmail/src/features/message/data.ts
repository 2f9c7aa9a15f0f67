import { queryOptions } from '@tanstack/react-query'
import { messageCall } from '../../jmap/calls'
import type { AccountStore } from '../../jmap/store'
import { email, EMAIL_PROPERTIES, getOf, message, thread, type Email, type Message } from '../../jmap/wire'

/** A message with its texts; null where it is not there any more. It never changes, but for what the store knows better. */
export const messageQuery = (store: AccountStore, id: string) =>
  queryOptions({
    queryKey: ['message', store.accountId, id],
    staleTime: Infinity,
    gcTime: 120_000,
    refetchOnWindowFocus: false,
    queryFn: async ({ signal }): Promise<Message | null> => {
      const [name, args] = messageCall(store.accountId, id)
      return (await store.jmap.call(name, args, getOf(message), signal)).list[0] ?? null
    },
  })

/** Sees to it that the store knows a message and its conversation, also where no list has it. null: it is not there. */
export const conversationQuery = (store: AccountStore, id: string) =>
  queryOptions({
    queryKey: ['conversation', store.accountId, id],
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    queryFn: async ({ signal }): Promise<string | null> => {
      const { accountId } = store
      const batch = store.jmap.batch()
      const one = batch.add('Email/get', { accountId, ids: [id], properties: EMAIL_PROPERTIES }, getOf(email))
      const threads = batch.add('Thread/get', { accountId, '#ids': one.at('/list/*/threadId') }, getOf(thread))
      const all = batch.add('Email/get', { accountId, '#ids': threads.at('/list/*/emailIds'), properties: EMAIL_PROPERTIES }, getOf(email))
      await batch.send(signal)
      store.put(one.result.list)
      store.put(all.resultOrNull?.list ?? [])
      store.putThreads(threads.resultOrNull?.list ?? [])
      store.changed()
      return one.result.list[0]?.id ?? null
    },
  })

/** The messages of a conversation that one wants to read here: not what was thrown away, unless one looks there. */
export function readable(store: AccountStore, of: Email, mailboxId: string | undefined): Email[] {
  const away = ['trash', 'junk'].map((r) => store.byRole(r)?.id).filter((id) => id !== undefined && id !== mailboxId)
  const isAway = (e: Email) => e.id !== of.id && Object.keys(e.mailboxIds).every((id) => away.includes(id))
  return store.conversation(of).filter((e) => !isAway(e))
}
