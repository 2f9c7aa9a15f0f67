import { IconArchive, IconFlame, IconFolder, IconInbox, IconPencil, IconSend, IconTrash, type Icon } from '@chappe/kit/icons'
import { useCallback } from 'react'
import type { Mailbox } from '../../jmap/wire'
import { useFolderTexts } from './texts'

const ICONS: Record<string, Icon> = { inbox: IconInbox, drafts: IconPencil, sent: IconSend, archive: IconArchive, junk: IconFlame, trash: IconTrash }
export const iconOf = (m: Pick<Mailbox, 'role'>): Icon => (m.role && ICONS[m.role]) || IconFolder

const SAID = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash'] as const

/** Folders with a purpose are called in the reader's language, the others as they are called. */
export function useFolderName(): (m: Mailbox) => string {
  const say = useFolderTexts()
  return useCallback(
    (m) => {
      const role = SAID.find((r) => r === m.role)
      return role && !m.parentId ? say(`role.${role}`) : m.name
    },
    [say],
  )
}
