// Folders with a purpose, and what they are called.
import type { Mailbox } from '../../jmap/wire'
import type { useFolderTexts } from './texts'

const SAID = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash'] as const

/** Where the server puts what is to come back later. */
export const isSnoozed = (m: Pick<Mailbox, 'role' | 'name' | 'parentId'>): boolean => m.name === 'Snoozed' && !m.parentId && !m.role

/** Folders with a purpose are called in the reader's language, the others as they are called. */
export function nameOfFolder(m: Mailbox, say: typeof useFolderTexts.say): string {
  if (isSnoozed(m)) return say('snoozed')
  const role = SAID.find((r) => r === m.role)
  return role && !m.parentId ? say(`role.${role}`) : m.name
}

/** What its number counts. Drafts are counted whole: what waits there is to be finished, not to be read. Where one marks nothing as read there is none. */
export const countOf = (m: Mailbox): number => (m.role === 'drafts' ? m.totalEmails : m.role === 'sent' || m.role === 'trash' || !m.myRights.maySetSeen ? 0 : m.unreadEmails)
