import { EmptyState, ErrorPanel, Foreign } from '@chappe/kit'
import { IconArrowBackUp, IconArrowBackUpDouble, IconArrowForwardUp, IconArrowLeft, IconPencil } from '@chappe/kit/icons'
import { ActionIcon } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useCompose } from '../../app/plugs'
import type { List } from '../../jmap/list'
import { useStore } from '../../jmap/mail'
import type { Email } from '../../jmap/wire'
import { useActionTexts } from '../mail/action-texts'
import type { Actions, MailDialog } from '../mail/actions'
import { useChoices } from '../mail/choices'
import { useOpen, type Place } from '../mail/place'
import { useMailTexts } from '../mail/texts'
import { Tool, Toolbar } from '../mail/toolbar'
import { conversationQuery, readable } from './data'
import { Folded, Message } from './message'
import classes from './pane.module.css'
import { useMessageTexts } from './texts'

interface Props {
  place: Place
  list: List
  id: string
  actions: Actions
  leave: () => void
  dialog: MailDialog | null
  onDialog: (dialog: MailDialog | null) => void
  hasBack: boolean
}

const FOLD_FROM = 6

/** The reading pane: a message, or the conversation in which it stands. */
export default function MessagePane({ place, list, id, actions, leave, dialog, onDialog, hasBack }: Props) {
  const say = useMessageTexts()
  const mail = useMailTexts()
  const act = useActionTexts()
  const open = useOpen()
  const compose = useCompose()
  const { conversations } = useChoices()
  const store = useStore(place.store)
  const found = useQuery(conversationQuery(store, id))
  const email = store.emails.get(id)
  const isGone = found.data === null || (found.isSuccess && !email)
  const all = !email ? [] : conversations ? readable(store, email, place.mailbox?.id) : [email]
  const isReady = email !== undefined && (found.isSuccess || store.threads.has(email.threadId))
  const unfolded = () => new Set([id, ...all.filter((e, i) => !e.keywords['$seen'] || i === all.length - 1).map((e) => e.id)])
  const [opened, setOpened] = useState<ReadonlySet<string> | null>(() => (isReady ? unfolded() : null))
  const [showsAll, setShowsAll] = useState(false)

  // What is unread when one comes is unfolded, and so it stays.
  useEffect(() => {
    if (isReady && !opened) setOpened(unfolded())
  }, [isReady]) // eslint-disable-line
  useSeen(all.filter((e) => opened?.has(e.id)), actions, place)

  if (found.error && !email) return <ErrorPanel error={found.error} retry={() => void found.refetch()} />
  if (isGone) return <EmptyState title={<h2>{say('gone')}</h2>} action={hasBack && <ActionIcon variant="subtle" onClick={() => open(null)} aria-label={mail('back')} children={<IconArrowLeft size={20} />} />}>{say('goneLead')}</EmptyState>
  if (!email || !opened) return null
  const last = all[all.length - 1] ?? email
  const isDraft = last.keywords['$draft'] === true
  const write = (kind: 'reply' | 'replyAll' | 'forward' | 'draft') => () => compose?.({ kind, accountId: store.accountId, emailId: last.id })
  const ids = list.spec.collapse ? actions.messages([id]) : [id]
  const firstOpen = all.findIndex((e) => opened.has(e.id))
  const hidden = showsAll || firstOpen < FOLD_FROM ? 0 : firstOpen - 1
  const toggle = (one: Email) => setOpened(new Set(opened.has(one.id) ? [...opened].filter((o) => o !== one.id) : [...opened, one.id]))
  return (
    <div className={classes.pane}>
      <div className={classes.tools}>
        {hasBack && (
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={mail('back')} title={mail('back')} onClick={() => open(null)}>
            <IconArrowLeft size={21} />
          </ActionIcon>
        )}
        <Toolbar store={store} actions={actions} ids={ids} onGone={leave} dialog={dialog} onDialog={onDialog}>
          {compose && isDraft && <Tool icon={IconPencil} label={act('editDraft')} onClick={write('draft')} />}
          {compose && !isDraft && (
            <>
              <Tool icon={IconArrowBackUp} label={act('reply')} onClick={write('reply')} />
              <Tool icon={IconArrowBackUpDouble} label={act('replyAll')} onClick={write('replyAll')} />
              <Tool icon={IconArrowForwardUp} label={act('forward')} onClick={write('forward')} />
            </>
          )}
        </Toolbar>
      </div>
      <div className={classes.content}>
        <h2 className={classes.subject}>
          <Foreign>{all[0]?.subject?.trim() || mail('noSubject')}</Foreign>
        </h2>
        <div role={all.length > 1 ? 'list' : undefined} aria-label={all.length > 1 ? say('messages') : undefined} className={classes.messages}>
          {hidden > 0 && (
            <button type="button" className={classes.older} onClick={() => setShowsAll(true)}>
              {say('older', { count: hidden })}
            </button>
          )}
          {all.slice(hidden).map((e) =>
            opened.has(e.id) || all.length === 1 ? (
              <Message key={e.id} store={store} email={e} actions={actions} isAlone={all.length === 1} onFold={() => toggle(e)} />
            ) : (
              <Folded key={e.id} email={e} onOpen={() => toggle(e)} />
            ),
          )}
        </div>
      </div>
    </div>
  )
}

/** What is on the screen has been seen; once: who marks it as unread again means it. */
function useSeen(shown: Email[], actions: Actions, place: Place): void {
  const done = useRef(new Set<string>())
  const may = !place.mailbox || place.mailbox.myRights.maySetSeen
  const unseen = shown.filter((e) => !e.keywords['$seen'] && !done.current.has(e.id)).map((e) => e.id)
  const key = unseen.join()
  const all = shown.map((e) => e.id).join()
  useEffect(() => {
    if (!may || key === '') {
      shown.forEach((e) => done.current.add(e.id))
      return
    }
    const see = () => {
      if (document.visibilityState !== 'visible') return
      unseen.forEach((id) => done.current.add(id))
      actions.read(unseen, true, true)
    }
    see()
    document.addEventListener('visibilitychange', see)
    return () => document.removeEventListener('visibilitychange', see)
  }, [key, may, all]) // eslint-disable-line
}
