import { EmptyState, ErrorPanel, loadMenus, onDemand } from '@chappe/kit'
import { useMediaQuery } from '@mantine/hooks'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useEffect, useLayoutEffect, useState } from 'react'
import { listShows, loadAhead } from '../../app/ahead'
import { pictureGoes } from '../../app/picture'
import type { List } from '../../jmap/list'
import type { Email } from '../../jmap/wire'
import { useFolderName } from '../folders/names'
import { useActions } from './actions'
import { useChoices } from './choices'
import { useKeys } from './keys'
import { MessageList } from './list'
import { useListTexts } from './list-texts'
import { useNews } from './news'
import classes from './page.module.css'
import { usePlace, useOpen, useSpec, type Place } from './place'
import { useSelection } from './selection'
import { useMailTexts } from './texts'
import { useDialog } from './toolbar'

const MessagePane = onDemand(() => import('../message/pane'))
if (location.pathname.split('/').length > 4) void MessagePane.load().catch(() => undefined) // said by who shows it
else loadAhead(MessagePane.load)
loadAhead(loadMenus)
const KeysHelp = onDemand(() => import('./keys-help'))

export const NARROW = '(max-width: 760px)'

function useTitle(place: Place, title: string) {
  const unread = place.store.byRole('inbox')?.unreadEmails ?? 0
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${title ? `${title} – ` : ''}Chappe`
  }, [title, unread])
}

/** The list of a folder or of what was found, and the message that is read. */
export function MailPage() {
  const say = useMailTexts()
  const words = useListTexts()
  const nameOf = useFolderName()
  const navigate = useNavigate()
  const place = usePlace()
  const spec = useSpec(place)
  const { store, mailbox } = place
  const title = mailbox ? nameOf(mailbox) : place.search ? place.search.name : place.folder === 'all' ? words('results') : ''
  useTitle(place, title)
  useNews(
    useCallback((email: Email) => void navigate({ to: '/mail/$account/$folder/$message', params: { account: 'me', folder: 'inbox', message: email.id } }), [navigate]),
  )
  const hasNoList = store.isLoaded ? !spec : store.error !== null
  useLayoutEffect(() => {
    if (hasNoList) pictureGoes()
  }, [hasNoList])
  if (store.error && !store.isLoaded) return <ErrorPanel error={store.error} retry={() => void store.load()} />
  if (!store.isLoaded) return null
  if (!spec) return <EmptyState title={<h1>{say('noFolder')}</h1>}>{say('noFolderLead')}</EmptyState>
  return <Panes place={place} list={store.list(spec)} title={title} />
}

function Panes({ place, list, title }: { place: Place; list: List; title: string }) {
  const say = useMailTexts()
  const open = useOpen()
  const isNarrow = useMediaQuery(NARROW) ?? false
  const { pane: chosen } = useChoices()
  const pane = isNarrow ? 'off' : chosen
  const selection = useSelection(list)
  const actions = useActions(place)
  const [dialog, setDialog] = useDialog()
  const [help, setHelp] = useState(false)
  const { message } = place
  const listed = message && !list.ids.includes(message) ? rowOf(place, list, message) : message

  /** Before rows leave the list: what is read instead. */
  const leave = (rows: readonly string[]) => {
    selection.clear()
    if (!listed || !rows.includes(listed)) return
    const index = list.ids.indexOf(listed)
    const next = pane === 'off' ? undefined : [...list.ids.slice(index + 1), ...list.ids.slice(0, Math.max(index, 0)).reverse()].find((id) => id && !rows.includes(id))
    open(next ?? null, true)
  }
  useEffect(() => {
    if (list.total !== null) listShows()
  }, [list.total])
  useKeys({ place, list, listed, selection, actions, leave, dialog, setDialog, showHelp: () => setHelp(true), isReadingBeside: pane !== 'off' })
  return (
    <div className={classes.panes} data-pane={pane} data-reading={message ? true : undefined}>
      <section className={classes.list} aria-label={say('messages')}>
        <MessageList place={place} list={list} title={title} listed={listed} selection={selection} actions={actions} leave={leave} dialog={selection.ids.size > 0 ? dialog : null} onDialog={setDialog} isReadingBeside={pane !== 'off'} />
      </section>
      <section className={classes.reading}>
        {message ? (
          <MessagePane key={message} place={place} list={list} id={message} actions={actions} leave={() => leave(listed ? [listed] : [])} dialog={selection.ids.size > 0 ? null : dialog} onDialog={setDialog} hasBack={pane === 'off'} />
        ) : (
          <EmptyState title={say('choose')}>{say('chooseLead')}</EmptyState>
        )}
      </section>
      {help && <KeysHelp onClose={() => setHelp(false)} />}
    </div>
  )
}

/** The row of the conversation in which a message stands that has none of its own. */
function rowOf({ store }: Place, list: List, message: string): string {
  const thread = store.emails.get(message)?.threadId
  return (thread && store.threads.get(thread)?.find((id) => list.ids.includes(id))) || message
}
