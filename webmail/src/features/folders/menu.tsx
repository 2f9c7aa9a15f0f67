import { Menu, MenuOnDemand, onDemand } from '@chappe/kit'
import { IconArrowRight, IconDots, IconEraser, IconFolderPlus, IconMailForward, IconMailOpened, IconPencil, IconShare, IconTrash } from '@chappe/kit/icons'
import { ActionIcon } from '@mantine/core'
import { useState } from 'react'
import { folderLinks, useCompose } from '../../app/plugs'
import type { AccountStore } from '../../jmap/store'
import type { Mailbox } from '../../jmap/wire'
import type { FolderDialog } from './dialogs'
import { useFolderTexts } from './texts'
import classes from './tree.module.css'

const Dialogs = onDemand(() => import('./dialogs'))
const Shares = onDemand(() => import('./share'))
const MOST = 20_000
const USES = ['archive', 'sent', 'drafts', 'junk', 'trash'] as const

/** What can be done to a folder. */
export function FolderMenu({ store, mailbox, name }: { store: AccountStore; mailbox: Mailbox; name: string }) {
  const say = useFolderTexts()
  const [dialog, setDialog] = useState<FolderDialog | null>(null)
  const [isSharing, setIsSharing] = useState(false)
  const compose = useCompose()
  const { postAddress } = store
  const { myRights: may, role } = mailbox
  const isOrdinary = role === null
  const readAll = async () => {
    const ids = await store.idsOf({ filter: { operator: 'AND', conditions: [{ inMailbox: mailbox.id }, { notKeyword: '$seen' }] }, sort: [], collapse: false }, MOST)
    await store.change(ids, { keywords: { $seen: true } }).done
  }
  return (
    <>
      <MenuOnDemand
        position="bottom-start"
        width={230}
        button={
          <ActionIcon variant="subtle" color="gray" size="sm" className={classes.menu} aria-label={say('menu', { name })}>
            <IconDots size={16} />
          </ActionIcon>
        }
      >
        <Menu.Dropdown>
          {postAddress && !mailbox.parentId && may.maySubmit && compose && (
            <Menu.Item leftSection={<IconMailForward size={16} />} onClick={() => compose({ kind: 'new', to: [{ name: mailbox.name, email: postAddress }] })}>
              {say('post')}
            </Menu.Item>
          )}
          {may.maySetSeen && mailbox.unreadEmails > 0 && (
            <Menu.Item leftSection={<IconMailOpened size={16} />} onClick={() => void readAll()}>
              {say('readAll')}
            </Menu.Item>
          )}
          {may.mayCreateChild && (
            <Menu.Item leftSection={<IconFolderPlus size={16} />} onClick={() => setDialog('add')}>
              {say('addIn')}
            </Menu.Item>
          )}
          {may.mayRename && isOrdinary && (
            <>
              <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setDialog('rename')}>
                {say('rename')}
              </Menu.Item>
              <Menu.Item leftSection={<IconArrowRight size={16} />} onClick={() => setDialog('move')}>
                {say('move')}
              </Menu.Item>
            </>
          )}
          {postAddress && may.mayShare && (
            <Menu.Item leftSection={<IconShare size={16} />} onClick={() => setIsSharing(true)}>
              {say('share')}
            </Menu.Item>
          )}
          {folderLinks.map((Item, i) => (
            <Item key={i} store={store} mailbox={mailbox} />
          ))}
          {store.isOwn && role !== 'inbox' && (
            <Menu.Sub>
              <Menu.Sub.Target>
                <Menu.Sub.Item>{say('use')}</Menu.Sub.Item>
              </Menu.Sub.Target>
              <Menu.Sub.Dropdown>
                {role !== null && <Menu.Item onClick={() => void store.setFolder({ update: [mailbox.id, { role: null }] })}>{say('use.none')}</Menu.Item>}
                {USES.filter((u) => u !== role && !store.byRole(u)).map((u) => (
                  <Menu.Item key={u} onClick={() => void store.setFolder({ update: [mailbox.id, { role: u }] })}>
                    {say(`role.${u}`)}
                  </Menu.Item>
                ))}
              </Menu.Sub.Dropdown>
            </Menu.Sub>
          )}
          {may.mayRemoveItems && mailbox.totalEmails > 0 && (role === 'trash' || role === 'junk') && (
            <Menu.Item color="red" leftSection={<IconEraser size={16} />} onClick={() => setDialog('empty')}>
              {say('empty')}
            </Menu.Item>
          )}
          {may.mayDelete && isOrdinary && (
            <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => setDialog('remove')}>
              {say('remove')}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </MenuOnDemand>
      {dialog && <Dialogs store={store} mailbox={mailbox} name={name} dialog={dialog} onClose={() => setDialog(null)} />}
      {isSharing && <Shares store={store} mailbox={mailbox} onClose={() => setIsSharing(false)} />}
    </>
  )
}

export function AddFolder({ store }: { store: AccountStore }) {
  const say = useFolderTexts()
  const [opened, setOpened] = useState(false)
  return (
    <>
      <button type="button" className={classes.add} onClick={() => setOpened(true)}>
        <IconFolderPlus size={18} aria-hidden />
        {say('add')}
      </button>
      {opened && <Dialogs store={store} mailbox={null} name="" dialog="add" onClose={() => setOpened(false)} />}
    </>
  )
}
