import { Menu, MenuOnDemand, onDemand } from '@chappe/kit'
import { IconArchive, IconClock, IconDots, IconFlag, IconFlagFilled, IconFlame, IconFolderSymlink, IconInbox, IconMail, IconMailOpened, IconTrash, type Icon } from '@chappe/kit/icons'
import { useState, type ReactNode } from 'react'
import type { AccountStore } from '../../jmap/store'
import { useActionTexts } from './action-texts'
import type { Actions, MailDialog } from './actions'
import classes from './toolbar.module.css'

const DestroyDialog = onDemand(() => import('./destroy-dialog'))
const MoveDialog = onDemand(() => import('../folders/move'))
const SnoozeDialog = onDemand(() => import('../snooze/dialog'))

export function Tool({ icon: Icon, label, onClick, words = true }: { icon: Icon; label: string; onClick: () => void; words?: boolean }) {
  return (
    <button type="button" className={classes.tool} onClick={onClick} aria-label={label} title={label}>
      <Icon size={19} aria-hidden />
      {words && <span aria-hidden>{label}</span>}
    </button>
  )
}

interface Props {
  store: AccountStore
  actions: Actions
  /** The messages that are meant. */
  ids: readonly string[]
  /** After they have left the place. */
  onGone: () => void
  dialog: MailDialog | null
  onDialog: (dialog: MailDialog | null) => void
  words?: boolean
  children?: ReactNode
  more?: ReactNode
}

/** What can be done to some messages, by buttons with words below. */
export function Toolbar({ store, actions, ids, onGone, dialog, onDialog, words = true, children, more }: Props) {
  const say = useActionTexts()
  const emails = ids.map((id) => store.emails.get(id)).filter((e) => e !== undefined)
  const isRead = emails.length > 0 && emails.every((e) => e.keywords['$seen'])
  const isFlagged = emails.some((e) => e.keywords['$flagged'])
  const leave = (act: ((ids: readonly string[]) => void) | null) => () => {
    if (!act) return
    onGone()
    act(ids)
  }
  const { archive, trash, junk, notJunk, may } = actions
  const canDestroy = actions.isFinal && may.remove
  return (
    <div className={classes.bar} role="toolbar" data-words={words || undefined}>
      {children}
      {archive && <Tool icon={IconArchive} label={say('archive')} onClick={leave(archive)} words={words} />}
      {canDestroy ? <Tool icon={IconTrash} label={say('destroy')} onClick={() => onDialog('destroy')} words={words} /> : trash && <Tool icon={IconTrash} label={say('trash')} onClick={leave(trash)} words={words} />}
      {actions.bringBack && <Tool icon={IconInbox} label={say('bringBack')} onClick={leave(actions.bringBack)} words={words} />}
      {actions.snooze && <Tool icon={IconClock} label={say('snooze')} onClick={() => onDialog('snooze')} words={words} />}
      {notJunk && <Tool icon={IconInbox} label={say('notJunk')} onClick={leave(notJunk)} words={words} />}
      {may.flag && <Tool icon={isFlagged ? IconFlagFilled : IconFlag} label={say(isFlagged ? 'unflag' : 'flag')} onClick={() => actions.flag(ids, !isFlagged)} words={words} />}
      <MenuOnDemand
        position="bottom-end"
        button={
          <button type="button" className={classes.tool} aria-label={say('more')} title={say('more')}>
            <IconDots size={19} aria-hidden />
            {words && <span aria-hidden>{say('more')}</span>}
          </button>
        }
      >
        <Menu.Dropdown>
          {may.remove && (
            <Menu.Item leftSection={<IconFolderSymlink size={16} />} onClick={() => onDialog('move')}>
              {say('move')}
            </Menu.Item>
          )}
          {may.mark && (
            <Menu.Item leftSection={isRead ? <IconMail size={16} /> : <IconMailOpened size={16} />} onClick={() => actions.read(ids, !isRead)}>
              {say(isRead ? 'unread' : 'read')}
            </Menu.Item>
          )}
          {junk && (
            <Menu.Item leftSection={<IconFlame size={16} />} onClick={leave(junk)}>
              {say('junk')}
            </Menu.Item>
          )}
          {more}
        </Menu.Dropdown>
      </MenuOnDemand>
      {dialog === 'move' && (
        <MoveDialog
          onClose={() => onDialog(null)}
          onChoose={(to, target) => {
            onDialog(null)
            onGone()
            if (to) actions.move(ids, to, target)
          }}
        />
      )}
      {dialog === 'snooze' && actions.snooze && (
        <SnoozeDialog
          onClose={() => onDialog(null)}
          onChoose={(until) => {
            onDialog(null)
            onGone()
            actions.snooze?.(ids, until)
          }}
        />
      )}
      {dialog === 'destroy' && (
        <DestroyDialog
          count={ids.length}
          onClose={() => onDialog(null)}
          onDestroy={async () => {
            onGone()
            await actions.destroy(ids)
          }}
        />
      )}
    </div>
  )
}

/** The dialogs' state of one toolbar. */
export function useDialog(): [MailDialog | null, (d: MailDialog | null) => void] {
  return useState<MailDialog | null>(null)
}
