// Where one is, as the address says it.
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { useMail, useStore } from '../../jmap/mail'
import type { AccountStore } from '../../jmap/store'
import type { Mailbox, SearchFolder } from '../../jmap/wire'
import type { Filter, ListSpec } from '../../jmap/list'
import { filterOf } from '../search/words'
import { useChoices } from './choices'

export const ONLY = ['unread', 'flagged', 'files'] as const
export type Only = (typeof ONLY)[number]
export const SORTS = ['receivedAt', 'from', 'subject', 'size'] as const
export type Sort = (typeof SORTS)[number]

export interface Place {
  store: AccountStore
  /** As in the address: "me" or an id. */
  account: string
  /** A role, an id (also of a search folder) or "all". */
  folder: string
  mailbox: Mailbox | undefined
  /** Where it is a search that was kept. */
  search: SearchFolder | undefined
  message: string | undefined
  q: string
  /** The folder from which one searches. */
  from: string
  only: Only[]
  sort: { by: Sort; isAscending: boolean }
}

/** The name of an account in addresses. */
export const accountName = (store: AccountStore): string => (store.isOwn ? 'me' : store.accountId)
/** The name of a folder in addresses. */
export const folderName = (mailbox: Mailbox): string => mailbox.role ?? mailbox.id

export function mailboxNamed(store: AccountStore, folder: string): Mailbox | undefined {
  return store.mailboxes.get(folder) ?? store.byRole(folder)
}

export function usePlace(): Place {
  const mail = useMail()
  const { account = 'me', folder = 'inbox', message } = useParams({ strict: false })
  const { q = '', in: from = '', only = '', sort = '' } = useSearch({ strict: false })
  const store = useStore(account === 'me' ? mail.own : (mail.byId(account) ?? mail.own))
  const mailbox = mailboxNamed(store, folder)
  const search = mailbox ? undefined : store.searches.get(folder)
  const kept = search?.sort?.[0]
  const [by, direction] = (sort || (kept ? `${kept.property} ${kept.isAscending ? 'up' : 'down'}` : '')).split(' ')
  return {
    store,
    account,
    folder,
    mailbox,
    search,
    message,
    q,
    from: folder === 'all' ? from || 'inbox' : folder,
    only: ONLY.filter((o) => only.split(' ').includes(o)),
    sort: { by: SORTS.find((s) => s === by) ?? 'receivedAt', isAscending: direction ? direction === 'up' : by === 'from' || by === 'subject' },
  }
}

const CHIPS: Record<Only, Filter> = {
  unread: { notKeyword: '$seen' },
  flagged: { hasKeyword: '$flagged' },
  files: { hasAttachment: true },
}

/** What the place shows, as a question to the server; null where there is no such folder. */
export function useSpec(place: Place): ListSpec | null {
  const { conversations } = useChoices()
  const { folder, mailbox, search, q, store } = place
  const kept = search && JSON.stringify(search.filter)
  const id = mailbox?.id
  const only = place.only.join(' ')
  const { by, isAscending } = place.sort
  const searched = useMemo(() => filterOf(q, store), [q, store])
  return useMemo(() => {
    if (folder !== 'all' && !id && !kept) return null
    const conditions: Filter[] = []
    if (id) conditions.push({ inMailbox: id })
    if (kept) conditions.push(JSON.parse(kept) as Filter)
    if (searched) conditions.push(searched)
    for (const o of ONLY) if (only.split(' ').includes(o)) conditions.push(CHIPS[o])
    const filter = conditions.length > 1 ? { operator: 'AND' as const, conditions } : (conditions[0] ?? null)
    return {
      filter,
      sort: [{ property: by, isAscending }],
      collapse: conversations && !searched,
      ...(id && { mailboxId: id }),
      ...(searched && { snippets: true }),
    }
  }, [folder, id, kept, searched, only, by, isAscending, conversations])
}

/** Goes to a message of the list, or back to the list. */
export function useOpen(): (message: string | null, replace?: boolean) => void {
  const navigate = useNavigate()
  return useCallback(
    (message, replace = false) => {
      const keep = (s: Record<string, unknown>) => s
      const here = ({ account = 'me', folder = 'inbox' }: { account?: string; folder?: string }) => ({ account, folder })
      if (message) void navigate({ to: '/mail/$account/$folder/$message', params: (p: object) => ({ ...here(p), message }), search: keep, replace })
      else void navigate({ to: '/mail/$account/$folder', params: here, search: keep, replace })
    },
    [navigate],
  )
}
