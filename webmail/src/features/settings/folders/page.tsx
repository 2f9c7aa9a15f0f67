import { ErrorPanel, Foreign, onDemand, Panel, useLanguage } from '@chappe/kit'
import { IconShare } from '@chappe/kit/icons'
import { ActionIcon, Switch, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useMail, useStore } from '../../../jmap/mail'
import type { AccountStore } from '../../../jmap/store'
import type { Mailbox } from '../../../jmap/wire'
import { iconOf, useFolderName } from '../../folders/names'
import { branches, type Branch } from '../../folders/order'
import { sharesQuery, type Share } from '../../folders/share-data'
import { useDialog } from '../dialog'
import formClasses from '../form.module.css'
import { setOwn } from '../set'
import classes from './page.module.css'
import { useFoldersTexts } from './texts'

const ShareDialog = onDemand(() => import('../../folders/share'))
const flat = (all: readonly Branch[]): Branch[] => all.flatMap((b) => [b, ...flat(b.children)])

interface RowProps {
  store: AccountStore
  branch: Branch
  shares: Share[]
  onShare: () => void
  onFailed: (cause: unknown) => void
}

function FolderRow({ store, branch: { mailbox, depth }, shares, onShare, onFailed }: RowProps) {
  const say = useFoldersTexts()
  const name = useFolderName()(mailbox)
  const [wanted, setWanted] = useState<boolean | null>(null)
  const Icon = iconOf(mailbox)
  const subscribe = async (isSubscribed: boolean) => {
    setWanted(isSubscribed)
    try {
      await setOwn(store.jmap, 'Mailbox', { update: { [mailbox.id]: { isSubscribed } } })
      await store.sync()
    } catch (cause) {
      onFailed(cause)
    } finally {
      setWanted(null)
    }
  }
  return (
    <li className={classes.row}>
      <div className={classes.name} data-depth={Math.min(depth, 4)}>
        <Icon size={18} aria-hidden />
        <div>
          <Foreign>{name}</Foreign>
          <div className={formClasses.note}>
            {say('messages', { count: mailbox.totalEmails })}
            {shares.length > 0 && (
              <>
                {' · '}
                {say('sharedWith')} <Foreign>{shares.map((s) => s.who.name || s.who.email || '?').join(', ')}</Foreign>
              </>
            )}
          </div>
        </div>
      </div>
      <ActionIcon variant="default" size="lg" onClick={onShare} aria-label={say('shareOne', { name })} title={say('shareOne', { name })}>
        <IconShare size={17} />
      </ActionIcon>
      <Switch checked={mailbox.role === 'inbox' || (wanted ?? mailbox.isSubscribed)} disabled={mailbox.role === 'inbox'} onChange={(e) => void subscribe(e.currentTarget.checked)} aria-label={say('shownOne', { name })} />
    </li>
  )
}

export default function FoldersPage() {
  const say = useFoldersTexts()
  const language = useLanguage()
  const store = useStore(useMail().own)
  const [dialog, setDialog] = useDialog()
  const [error, setError] = useState<unknown>(null)
  const shares = useQuery(sharesQuery(store.jmap, store.accountId))
  const shared: Mailbox | undefined = dialog?.startsWith('share ') ? store.mailboxes.get(dialog.slice(6)) : undefined
  return (
    <>
      {error !== null && <ErrorPanel error={error} />}
      <Panel flush>
        <Text size="sm" c="dimmed" p={16}>
          {say('lead')}
        </Text>
        <ul className={classes.list}>
          {flat(branches(store, language)).map((branch) => (
            <FolderRow
              key={branch.mailbox.id}
              store={store}
              branch={branch}
              shares={shares.data?.get(branch.mailbox.id) ?? []}
              onShare={() => setDialog(`share ${branch.mailbox.id}`)}
              onFailed={setError}
            />
          ))}
        </ul>
      </Panel>
      {shared && <ShareDialog store={store} mailbox={shared} onClose={() => setDialog(undefined)} />}
    </>
  )
}
