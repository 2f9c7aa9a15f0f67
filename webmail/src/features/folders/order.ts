import type { AccountStore } from '../../jmap/store'
import type { Mailbox } from '../../jmap/wire'
import { isSnoozed } from './roles'

export interface Branch {
  mailbox: Mailbox
  depth: number
  children: Branch[]
}

const ROLES = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash']
const rank = (m: Mailbox) => (isSnoozed(m) ? 0.5 : m.role && ROLES.includes(m.role) ? ROLES.indexOf(m.role) : ROLES.length)

/** The folders as a tree: those with a purpose first, the others by name. */
export function branches(store: { readonly mailboxes: ReadonlyMap<string, Mailbox> }, locale: string): Branch[] {
  const of = new Map<string | null, Mailbox[]>()
  for (const m of store.mailboxes.values()) {
    const parent = m.parentId && store.mailboxes.has(m.parentId) ? m.parentId : null
    of.set(parent, [...(of.get(parent) ?? []), m])
  }
  let by: Intl.Collator | undefined
  const below = (parent: string | null, depth: number): Branch[] =>
    (of.get(parent) ?? [])
      .sort((a, b) => rank(a) - rank(b) || a.sortOrder - b.sortOrder || (by ??= new Intl.Collator(locale, { numeric: true })).compare(a.name, b.name))
      .map((mailbox) => ({ mailbox, depth, children: depth < 30 ? below(mailbox.id, depth + 1) : [] }))
  return below(null, 0)
}

function namesOf(store: AccountStore, mailbox: Mailbox, name: (m: Mailbox) => string): string[] {
  const names: string[] = []
  for (let at: Mailbox | undefined = mailbox; at && names.length < 30; at = at.parentId ? store.mailboxes.get(at.parentId) : undefined) names.unshift(name(at))
  return names
}

/** "Projects / 2031" */
export const pathOf = (store: AccountStore, mailbox: Mailbox, name: (m: Mailbox) => string): string => namesOf(store, mailbox, name).join(' / ')

/** As IMAP and scripts call it: "INBOX/Orders". */
export const storedPath = (store: AccountStore, mailbox: Mailbox): string => namesOf(store, mailbox, (m) => (m.role === 'inbox' && !m.parentId ? 'INBOX' : m.name)).join('/')
