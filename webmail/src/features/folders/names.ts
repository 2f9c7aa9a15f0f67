import { IconArchive, IconClock, IconFlame, IconFolder, IconInbox, IconPencil, IconSend, IconTrash, type Icon } from '@chappe/kit/icons'
import { useCallback } from 'react'
import type { Mailbox } from '../../jmap/wire'
import { isSnoozed, nameOfFolder } from './roles'
import { useFolderTexts } from './texts'

const ICONS: Record<string, Icon> = { inbox: IconInbox, drafts: IconPencil, sent: IconSend, archive: IconArchive, junk: IconFlame, trash: IconTrash }
export const iconOf = (m: Mailbox): Icon => (isSnoozed(m) ? IconClock : ((m.role && ICONS[m.role]) || IconFolder))

export function useFolderName(): (m: Mailbox) => string {
  const say = useFolderTexts()
  return useCallback((m) => nameOfFolder(m, say), [say])
}
