import { Menu, MenuOnDemand, onDemand, useLanguage } from '@chappe/kit'
import { IconDots, IconFolderSearch, IconPencil, IconTrash } from '@chappe/kit/icons'
import { ActionIcon } from '@mantine/core'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import type { AccountStore } from '../../jmap/store'
import type { SearchFolder } from '../../jmap/wire'
import { useFolderTexts } from '../folders/texts'
import { accountName } from '../mail/place'
import classes from '../folders/tree.module.css'
import { useSearchTexts } from './texts'

const Dialog = onDemand(() => import('./dialog'))
const Remove = onDemand(() => import('./remove'))

function SearchMenu({ store, search }: { store: AccountStore; search: SearchFolder }) {
  const say = useSearchTexts()
  const [dialog, setDialog] = useState<'edit' | 'remove' | null>(null)
  return (
    <>
      <MenuOnDemand
        position="bottom-start"
        width={230}
        button={
          <ActionIcon variant="subtle" color="gray" size="sm" className={classes.menu} aria-label={say('menu', { name: search.name })}>
            <IconDots size={16} />
          </ActionIcon>
        }
      >
        <Menu.Dropdown>
          {search.myRights.mayRename && (
            <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setDialog('edit')}>
              {say('change')}
            </Menu.Item>
          )}
          {search.myRights.mayDelete && (
            <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => setDialog('remove')}>
              {say('remove')}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </MenuOnDemand>
      {dialog === 'edit' && <Dialog store={store} search={search} onClose={() => setDialog(null)} />}
      {dialog === 'remove' && <Remove store={store} search={search} onDone={() => setDialog(null)} />}
    </>
  )
}

function SearchRow({ store, search }: { store: AccountStore; search: SearchFolder }) {
  const say = useFolderTexts()
  const { account, folder } = useParams({ strict: false })
  const isHere = account === accountName(store) && folder === search.id
  const { mayRename, mayDelete } = search.myRights
  const count = search.unreadEmails
  return (
    <li>
      <div className={classes.row} data-here={isHere || undefined}>
        <span className={classes.twist} />
        <Link to="/mail/$account/$folder" params={{ account: accountName(store), folder: search.id }} className={classes.link} data-unread={count > 0 || undefined} aria-current={isHere ? 'page' : undefined}>
          <IconFolderSearch size={18} aria-hidden />
          <bdi title={search.name}>{search.name}</bdi>
          {count > 0 && (
            <span className={classes.count} aria-label={say('unread', { count })}>
              {count}
            </span>
          )}
        </Link>
        {(mayRename || mayDelete) && <SearchMenu store={store} search={search} />}
      </div>
    </li>
  )
}

/** The searches that were kept, below the folders. */
export function SearchFolders({ store }: { store: AccountStore }) {
  const say = useSearchTexts()
  const language = useLanguage()
  if (store.searches.size === 0) return null
  const by = new Intl.Collator(language, { numeric: true })
  const all = [...store.searches.values()].sort((a, b) => by.compare(a.name, b.name))
  return (
    <section className={classes.account} aria-label={store.isOwn ? say('title') : say('titleOf', { name: store.account?.name ?? '' })}>
      <h2>{say('title')}</h2>
      <ul>
        {all.map((s) => (
          <SearchRow key={s.id} store={store} search={s} />
        ))}
      </ul>
    </section>
  )
}
