import { Answered, Foreign, Menu, MenuOnDemand, onDemand, useFormat } from '@chappe/kit'
import { IconArrowBackUp, IconArrowBackUpDouble, IconArrowForwardUp, IconCode, IconDots, IconDownload, IconFlag, IconFlagFilled, IconMail, IconPaperclip, IconPencil, IconPrinter } from '@chappe/kit/icons'
import { ActionIcon } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useCompose } from '../../app/plugs'
import type { AccountStore } from '../../jmap/store'
import type { Address, Email, Message as Whole } from '../../jmap/wire'
import { useActionTexts } from '../mail/action-texts'
import type { Actions } from '../mail/actions'
import { Avatar } from '../mail/avatar'
import { useDates } from '../mail/dates'
import { nameOf } from '../mail/people'
import { useMailTexts } from '../mail/texts'
import { MessageBody } from './body'
import { messageQuery } from './data'
import classes from './message.module.css'
import { useMessageTexts } from './texts'

const Source = onDemand(() => import('./source'))
const NAMED = 3

/** A message of a conversation that is not unfolded. */
export function Folded({ email, onOpen }: { email: Email; onOpen: () => void }) {
  const say = useMessageTexts()
  const mail = useMailTexts()
  const dates = useDates()
  const sender = email.from?.[0]
  const name = sender ? nameOf(sender) : mail('nobody')
  return (
    <div role="listitem" className={classes.folded}>
      <button type="button" onClick={onOpen} aria-expanded={false} title={say('open', { name })}>
        <Avatar of={sender} />
        <span className={classes.foldedText}>
          <span className={classes.foldedLine}>
            <strong>
              <Foreign>{name}</Foreign>
            </strong>
            {email.hasAttachment && <IconPaperclip size={15} aria-hidden />}
            <time dateTime={email.receivedAt}>{dates.row(email.receivedAt)}</time>
          </span>
          <span className={classes.foldedPreview}>
            {email.keywords['$draft'] && <span className={classes.draft}>{mail('draft')} </span>}
            <Foreign>{email.preview}</Foreign>
          </span>
        </span>
      </button>
    </div>
  )
}

function People({ label, of }: { label: string; of: Address[] | null | undefined }) {
  if (!of || of.length === 0) return null
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {of.map((a, i) => (
          <span key={i} className={classes.person}>
            <Foreign>{a.name?.trim() ? `${a.name.trim()} <${a.email}>` : a.email}</Foreign>
          </span>
        ))}
      </dd>
    </div>
  )
}

/** Who wrote it, where that is not the one in whose name it is. */
function writerOf(message: Whole): Address | null {
  const writer = message.sender?.[0]
  return writer && writer.email.toLowerCase() !== message.from?.[0]?.email.toLowerCase() ? writer : null
}

function Details({ message }: { message: Whole }) {
  const say = useMessageTexts()
  const dates = useDates()
  const format = useFormat()
  return (
    <dl className={classes.details}>
      <People label={say('from')} of={message.from} />
      {writerOf(message) && <People label={say('sender')} of={message.sender} />}
      <People label={say('to')} of={message.to} />
      <People label={say('cc')} of={message.cc} />
      <People label={say('bcc')} of={message.bcc} />
      <People label={say('replyTo')} of={message.replyTo} />
      <div>
        <dt>{say('date')}</dt>
        <dd>{dates.full(message.sentAt ?? message.receivedAt)}</dd>
      </div>
      <div>
        <dt>{say('size')}</dt>
        <dd>{format.bytes(message.size)}</dd>
      </div>
    </dl>
  )
}

function MessageMenu({ store, email, actions, onSource }: { store: AccountStore; email: Email; actions: Actions; onSource: () => void }) {
  const say = useMessageTexts()
  const act = useActionTexts()
  const compose = useCompose()
  const write = (kind: 'reply' | 'replyAll' | 'forward') => () => compose?.({ kind, accountId: store.accountId, emailId: email.id })
  const isFlagged = email.keywords['$flagged'] === true
  return (
    <MenuOnDemand
      position="bottom-end"
      button={
        <ActionIcon variant="subtle" color="gray" aria-label={say('more')} title={say('more')}>
          <IconDots size={18} />
        </ActionIcon>
      }
    >
      <Menu.Dropdown>
        {compose && (
          <>
            <Menu.Item leftSection={<IconArrowBackUp size={16} />} onClick={write('reply')}>
              {act('reply')}
            </Menu.Item>
            <Menu.Item leftSection={<IconArrowBackUpDouble size={16} />} onClick={write('replyAll')}>
              {act('replyAll')}
            </Menu.Item>
            <Menu.Item leftSection={<IconArrowForwardUp size={16} />} onClick={write('forward')}>
              {act('forward')}
            </Menu.Item>
            <Menu.Item leftSection={<IconPaperclip size={16} />} onClick={() => compose({ kind: 'forward', accountId: store.accountId, emailId: email.id, asFile: true })}>
              {say('forwardAsFile')}
            </Menu.Item>
            <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => compose({ kind: 'again', accountId: store.accountId, emailId: email.id })}>
              {say('editAsNew')}
            </Menu.Item>
            <Menu.Divider />
          </>
        )}
        {actions.may.flag && (
          <Menu.Item leftSection={isFlagged ? <IconFlagFilled size={16} /> : <IconFlag size={16} />} onClick={() => actions.flag([email.id], !isFlagged)}>
            {act(isFlagged ? 'unflag' : 'flag')}
          </Menu.Item>
        )}
        {actions.may.mark && (
          <Menu.Item leftSection={<IconMail size={16} />} onClick={() => actions.read([email.id], false)}>
            {act('unread')}
          </Menu.Item>
        )}
        {(actions.may.flag || actions.may.mark) && <Menu.Divider />}
        <Menu.Item leftSection={<IconPrinter size={16} />} onClick={() => setTimeout(() => window.print(), 150)}>
          {say('print')}
        </Menu.Item>
        <Menu.Item leftSection={<IconCode size={16} />} onClick={onSource}>
          {say('source')}
        </Menu.Item>
        <Menu.Item leftSection={<IconDownload size={16} />} component="a" download href={store.jmap.downloadUrl(store.accountId, email.blobId, `${email.subject?.trim().slice(0, 80) || 'message'}.eml`, 'message/rfc822')}>
          {say('downloadAll')}
        </Menu.Item>
      </Menu.Dropdown>
    </MenuOnDemand>
  )
}

/** A message unfolded. */
export function Message({ store, email, actions, isAlone, onFold }: { store: AccountStore; email: Email; actions: Actions; isAlone: boolean; onFold: () => void }) {
  const say = useMessageTexts()
  const mail = useMailTexts()
  const dates = useDates()
  const found = useQuery(messageQuery(store, email.id))
  const [details, setDetails] = useState(false)
  const [source, setSource] = useState(false)
  const sender = email.from?.[0]
  const name = sender ? nameOf(sender) : mail('nobody')
  const mine = store.jmap.session.username.toLowerCase()
  const to = [...(email.to ?? []), ...(found.data?.cc ?? [])].map((a) => (a.email.toLowerCase() === mine ? say('me') : nameOf(a)))
  const named = to.slice(0, NAMED).join(', ')
  const writer = found.data ? writerOf(found.data) : null
  return (
    <article role={isAlone ? undefined : 'listitem'} className={classes.message} aria-label={name}>
      <header className={classes.head}>
        <Avatar of={sender} size="l" />
        <div className={classes.names}>
          <div className={classes.from}>
            {isAlone ? (
              <strong>
                <Foreign>{name}</Foreign>
              </strong>
            ) : (
              <button type="button" className={classes.fold} onClick={onFold} aria-expanded aria-label={say('shut', { name })}>
                <strong>
                  <Foreign>{name}</Foreign>
                </strong>
              </button>
            )}
            {sender?.name?.trim() && (
              <span className={classes.address}>
                <Foreign>{sender.email}</Foreign>
              </span>
            )}
            {writer && (
              <span className={classes.address}>
                <bdi>{say('byWhom', { name: nameOf(writer) })}</bdi>
              </span>
            )}
          </div>
          <button type="button" className={classes.to} onClick={() => setDetails(!details)} aria-expanded={details} title={say('details')}>
            <bdi>{say('toWhom', { names: to.length > NAMED ? say('and', { names: named, count: to.length - NAMED }) : named || mail('nobody') })}</bdi>
          </button>
        </div>
        <time className={classes.date} dateTime={email.receivedAt} onPointerEnter={(e) => void (e.currentTarget.title = dates.full(email.receivedAt))}>
          {dates.row(email.receivedAt)}
        </time>
        <MessageMenu store={store} email={email} actions={actions} onSource={() => setSource(true)} />
      </header>
      <Answered of={found}>
        {(message) =>
          message ? (
            <>
              {details && <Details message={message} />}
              <div className={classes.body}>
                <MessageBody store={store} message={message} />
              </div>
            </>
          ) : (
            <p>{say('gone')}</p>
          )
        }
      </Answered>
      {source && <Source store={store} email={email} onClose={() => setSource(false)} />}
    </article>
  )
}
