import { IconArchive, IconClock, IconFlame, IconFolder, IconInbox, IconPencil, IconSend, IconTrash, type Icon } from '@chappe/kit/icons'
import { useCallback } from 'react'
import type { Mailbox } from '../../jmap/wire'
import { useFolderTexts } from './texts'

const ICONS: Record<string, Icon> = { inbox: IconInbox, drafts: IconPencil, sent: IconSend, archive: IconArchive, junk: IconFlame, trash: IconTrash }
/** Where the server puts what is to come back later. */
export const isSnoozed = (m: Pick<Mailbox, 'role' | 'name' | 'parentId'>): boolean => m.name === 'Snoozed' && !m.parentId && !m.role
export const iconOf = (m: Mailbox): Icon => (isSnoozed(m) ? IconClock : ((m.role && ICONS[m.role]) || IconFolder))

const SAID = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash'] as const

/** Folders with a purpose are called in the reader's language, the others as they are called. */
export function useFolderName(): (m: Mailbox) => string {
  const say = useFolderTexts()
  return useCallback(
    (m) => {
      if (isSnoozed(m)) return say('snoozed')
      const role = SAID.find((r) => r === m.role)
      return role && !m.parentId ? say(`role.${role}`) : m.name
    },
    [say],
  )
}
