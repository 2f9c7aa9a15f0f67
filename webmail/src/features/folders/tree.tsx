import { useLanguage } from '@chappe/kit'
import { IconChevronDown, IconChevronRight } from '@chappe/kit/icons'
import { Link, useParams } from '@tanstack/react-router'
import { memo, useMemo, useState, type DragEvent } from 'react'
import { useMail, useStore } from '../../jmap/mail'
import type { AccountStore } from '../../jmap/store'
import { useActions, type Actions } from '../mail/actions'
import { choose, useChoices } from '../mail/choices'
import { nowDragged } from '../mail/dragging'
import { hasFiles, useImport } from '../mail/import'
import { accountName, folderName, usePlace } from '../mail/place'
import { SearchFolders } from '../searches/tree'
import { AddFolder, FolderMenu } from './menu'
import { iconOf, useFolderName } from './names'
import { branches, type Branch } from './order'
import { Quota } from './quota'
import { countOf } from './roles'
import { useFolderTexts } from './texts'
import classes from './tree.module.css'

function toggle(closed: string[], key: string): void {
  choose({ closed: closed.includes(key) ? closed.filter((k) => k !== key) : [...closed, key] })
}

interface Props {
  store: AccountStore
  branch: Branch
  /** The id of the folder of this account that is looked at. */
  here: string | undefined
  actions: Actions
}

/** Drawn again when a folder has changed, or another one is looked at. */
const Row = memo(function Row({ store, branch, here, actions }: Props) {
  const say = useFolderTexts()
  const nameOf = useFolderName()
  const { closed } = useChoices()
  const { mailbox, children, depth } = branch
  const name = nameOf(mailbox)
  const Icon = iconOf(mailbox)
  const isHere = here === mailbox.id
  const isShut = closed.includes(mailbox.id)
  const take = useImport()
  const [over, setOver] = useState(false)
  const takes = (e: DragEvent) => {
    const what = nowDragged()
    return mailbox.myRights.mayAddItems && (what ? !(what.store === store && isHere) : hasFiles(e))
  }
  const count = countOf(mailbox)
  return (
    <li>
      <div
        className={classes.row}
        data-here={isHere || undefined}
        data-over={over || undefined}
        data-depth={Math.min(depth, 6)}
        onDragOver={(e) => {
          if (!takes(e)) return
          e.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(e) => {
          if (!takes(e)) return
          e.preventDefault()
          setOver(false)
          const what = nowDragged()
          if (what) actions.move(what.ids, mailbox, store)
          else void take(store, mailbox, e.dataTransfer.files)
        }}
      >
        {children.length > 0 ? (
          <button type="button" className={classes.twist} aria-expanded={!isShut} aria-label={say(isShut ? 'open' : 'shut', { name })} onClick={() => toggle(closed, mailbox.id)}>
            {isShut ? <IconChevronRight size={14} /> : <IconChevronDown size={14} />}
          </button>
        ) : (
          <span className={classes.twist} />
        )}
        <Link
          to="/mail/$account/$folder"
          params={{ account: accountName(store), folder: folderName(mailbox) }}
          className={classes.link}
          data-unread={(mailbox.role !== 'drafts' && count > 0) || undefined}
          aria-current={isHere ? 'page' : undefined}
        >
          <Icon size={18} aria-hidden />
          <bdi title={name}>{name}</bdi>
          {count > 0 && (
            <span className={classes.count} aria-label={mailbox.role === 'drafts' ? undefined : say('unread', { count })}>
              {count}
            </span>
          )}
        </Link>
        <FolderMenu store={store} mailbox={mailbox} name={name} />
      </div>
      {children.length > 0 && !isShut && (
        <ul>
          {children.map((b) => (
            <Row key={b.mailbox.id} store={store} branch={b} here={here} actions={actions} />
          ))}
        </ul>
      )}
    </li>
  )
})

function useBranches(store: AccountStore): Omit<Props, 'branch'> & { all: Branch[] } {
  useStore(store)
  const language = useLanguage()
  const place = usePlace()
  const isOnList = useParams({ strict: false }).folder !== undefined
  const here = isOnList && place.store === store ? place.mailbox?.id : undefined
  const actions = useActions(place)
  const { mailboxes } = store
  const all = useMemo(() => branches({ mailboxes }, language), [mailboxes, language])
  return { store, here, actions, all }
}

function Account({ store, isAlone }: { store: AccountStore; isAlone: boolean }) {
  const { here, actions, all } = useBranches(store)
  return (
    <section className={classes.account}>
      {!isAlone && (
        <h2>
          <bdi>{store.account?.name}</bdi>
        </h2>
      )}
      <ul>
        {all.map((b) => (
          <Row key={b.mailbox.id} store={store} branch={b} here={here} actions={actions} />
        ))}
      </ul>
      <SearchFolders store={store} />
      {store.isOwn && store.isLoaded && (
        <>
          <AddFolder store={store} />
          <Quota store={store} />
        </>
      )}
    </section>
  )
}

function PublicFolder({ store }: { store: AccountStore }) {
  const { here, actions, all } = useBranches(store)
  return all.map((b) => <Row key={b.mailbox.id} store={store} branch={b} here={here} actions={actions} />)
}

/** All folders of all accounts, and below them the public ones of the organisation. */
export function FolderTree() {
  const mail = useMail()
  const say = useFolderTexts()
  const language = useLanguage()
  const [mailboxes, publics] = useMemo(() => {
    const by = new Intl.Collator(language, { numeric: true })
    const isPublic = (store: AccountStore) => store.postAddress !== undefined
    return [mail.accounts.filter((a) => !isPublic(a)), mail.accounts.filter(isPublic).sort((a, b) => by.compare(a.account?.name ?? '', b.account?.name ?? ''))]
  }, [mail, language])
  return (
    <div className={classes.tree}>
      {mailboxes.map((store) => (
        <Account key={store.accountId} store={store} isAlone={mailboxes.length === 1} />
      ))}
      {publics.length > 0 && (
        <section className={classes.account} aria-label={say('public')}>
          <h2>{say('public')}</h2>
          <ul>
            {publics.map((store) => (
              <PublicFolder key={store.accountId} store={store} />
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}
