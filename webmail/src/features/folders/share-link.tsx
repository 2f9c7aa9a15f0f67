import { Menu } from '@chappe/kit'
import { IconShare } from '@chappe/kit/icons'
import { useNavigate } from '@tanstack/react-router'
import type { AccountStore } from '../../jmap/store'
import type { Mailbox } from '../../jmap/wire'
import { useFolderTexts } from './texts'

/** In a folder's menu: who else may see it. Of own folders; others are shared by their owners. */
export function ShareLink({ store, mailbox }: { store: AccountStore; mailbox: Mailbox }) {
  const say = useFolderTexts()
  const navigate = useNavigate()
  if (!store.isOwn) return null
  return (
    <Menu.Item leftSection={<IconShare size={16} />} onClick={() => void navigate({ to: '/settings/$page', params: { page: 'folders' }, search: { dialog: `share ${mailbox.id}` } })}>
      {say('share')}
    </Menu.Item>
  )
}
