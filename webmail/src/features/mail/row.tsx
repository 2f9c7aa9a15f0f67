import { Foreign } from '@chappe/kit'
import { IconArchive, IconArrowBackUp, IconArrowForwardUp, IconCheck, IconClock, IconFlag, IconFlagFilled, IconMail, IconMailOpened, IconPaperclip, IconTrash, type Icon } from '@chappe/kit/icons'
import { memo, type DragEvent, type KeyboardEvent, type MouseEvent } from 'react'
import type { AccountStore } from '../../jmap/store'
import type { Email } from '../../jmap/wire'
import { useActionTexts } from './action-texts'
import type { Actions } from './actions'
import { Avatar } from './avatar'
import type { Dates } from './dates'
import { drag, dragLabel } from './dragging'
import classes from './list.module.css'
import { Marked } from './marked'
import { wordsOfRow } from './row-words'
import { useMailTexts } from './texts'

export interface RowDoes {
  open(id: string): void
  step(id: string, by: number, extend: boolean): void
  select(id: string, how: 'toggle' | 'extend'): void
  act(id: string, what: 'archive' | 'trash' | 'flag' | 'read'): void
  /** It is pointed at, or pressed: what it opens is fetched. */
  expect(id: string, isSure: boolean): void
}

interface At {
  index: number
  start: number
  section: string | undefined
}
interface Props extends At {
  store: AccountStore
  email: Email
  /** The messages that it stands for, oldest first. */
  all: readonly Email[]
  /** Where the words stand that were searched. */
  marks: { subject: string | null; preview: string | null } | undefined
  /** Of today. */
  dates: Dates
  /** In a folder of what one has sent. */
  isSent: boolean
  /** When it comes back, of what is put off. */
  until: string | undefined
  actions: Actions
  isOpen: boolean
  isSelected: boolean
  selected: ReadonlySet<string>
  isCursor: boolean
  does: RowDoes
}

function Section({ section }: { section: string | undefined }) {
  return section ? (
    <div className={classes.section} aria-hidden>
      {section}
    </div>
  ) : null
}

function Quick({ icon: Icon, label, onClick }: { icon: Icon; label: string; onClick: () => void }) {
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={label}
      title={label}
      onClick={(e) => {
        e.stopPropagation()
        onClick()
      }}
    >
      <Icon size={18} aria-hidden />
    </button>
  )
}

function When({ email, until, dates }: Pick<Props, 'email' | 'until' | 'dates'>) {
  const say = useMailTexts()
  const at = until ?? email.receivedAt
  // Said where somebody points at it: to write out as many dates as there are rows takes longer than the rows.
  const sayIt = (e: { currentTarget: HTMLElement }) => {
    e.currentTarget.title = dates.full(at)
  }
  return (
    <time dateTime={at} title={until && say('until', { when: dates.full(until) })} onPointerEnter={until ? undefined : sayIt}>
      {until && (
        <>
          <IconClock size={13} role="img" aria-label={say('until', { when: '' })} />{' '}
        </>
      )}
      {dates.row(at)}
    </time>
  )
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 }

const isSame = (a: readonly Email[], b: readonly Email[]): boolean => a.length === b.length && a.every((e, i) => e === b[i])
const hasSame = ({ all, ...before }: Props, { all: now, ...after }: Props): boolean => isSame(all, now) && Object.entries(after).every(([name, value]) => value === before[name as keyof typeof before])

/** Where one marks nothing as read, nothing stands out as unread. */
const mayMark = (store: AccountStore, email: Email): boolean => store.isOwn || Object.keys(email.mailboxIds).some((id) => store.mailboxes.get(id)?.myRights.maySetSeen)

/** Drawn again when something of its own has changed. */
export const Row = memo(function Row(p: Props) {
  const { index, start, section, store, email, all, marks, actions, isOpen, isSelected, does } = p
  const say = useMailTexts()
  const act = useActionTexts()
  const { people, names, subject, isFlagged, hasFiles, ...words } = wordsOfRow(email, all, p.isSent, say)
  const isUnread = words.isUnread && mayMark(store, email)

  const click = (e: MouseEvent) => {
    if (e.ctrlKey || e.metaKey) does.select(email.id, 'toggle')
    else if (e.shiftKey) does.select(email.id, 'extend')
    else does.open(email.id)
  }
  const key = (e: KeyboardEvent) => {
    const by = STEPS[e.key]
    if (by !== undefined) does.step(email.id, by, e.shiftKey)
    else if (e.key === 'Enter') does.open(email.id)
    else if (e.key === ' ') does.select(email.id, 'toggle')
    else return
    e.preventDefault()
    e.stopPropagation()
  }
  const dragStart = (e: DragEvent) => {
    const rows = isSelected ? [...p.selected] : [email.id]
    const ids = actions.messages(rows)
    drag({ store, ids })
    e.dataTransfer.setData('text/plain', subject)
    e.dataTransfer.effectAllowed = 'move'
    dragLabel(e, rows.length > 1 ? act('selected', { count: rows.length }) : subject.slice(0, 60))
  }
  return (
    <div role="row" aria-rowindex={index + 1} aria-selected={isSelected || isOpen} className={classes.place} style={{ transform: `translateY(${start}px)` }}>
      <Section section={section} />
      <div
        role="gridcell"
        tabIndex={p.isCursor ? 0 : -1}
        className={classes.row}
        data-id={email.id}
        data-unread={isUnread || undefined}
        data-open={isOpen || undefined}
        data-selected={isSelected || undefined}
        draggable
        onDragStart={dragStart}
        onDragEnd={() => drag(null)}
        onMouseEnter={() => does.expect(email.id, false)}
        onPointerDown={() => does.expect(email.id, true)}
        onClick={click}
        onKeyDown={key}
      >
        <span
          className={classes.pick}
          data-on={isSelected || undefined}
          onClick={(e) => {
            e.stopPropagation()
            does.select(email.id, e.shiftKey ? 'extend' : 'toggle')
          }}
        >
          <Avatar of={people[0]} />
          <span className={classes.tick} aria-hidden>
            <IconCheck size={20} />
          </span>
        </span>
        <div className={classes.text}>
          <div className={classes.line}>
            <span className={classes.who}>
              {isUnread && <span className={classes.said}>{say('unread')}</span>}
              <Foreign title={people.map((a) => a.email).join(', ')}>{names}</Foreign>
              {all.length > 1 && <span className={classes.many}>{all.length}</span>}
            </span>
            <span className={classes.marks}>
              {email.keywords['$answered'] && <IconArrowBackUp size={15} role="img" aria-label={say('answered')} />}
              {email.keywords['$forwarded'] && <IconArrowForwardUp size={15} role="img" aria-label={say('forwarded')} />}
              {hasFiles && <IconPaperclip size={15} role="img" aria-label={say('attachment')} />}
              {isFlagged && <IconFlagFilled size={15} className={classes.flag} role="img" aria-label={say('flagged')} />}
            </span>
            <When email={email} until={p.until} dates={p.dates} />
          </div>
          <div className={classes.line}>
            <span className={classes.subject}>
              {email.keywords['$draft'] && <span className={classes.draft}>{say('draft')}</span>}
              <bdi>{marks?.subject ? <Marked html={marks.subject} /> : subject}</bdi>
              <span className={classes.preview}>
                <bdi>{marks?.preview ? <Marked html={marks.preview} /> : email.preview}</bdi>
              </span>
            </span>
            <span className={classes.quick}>
              {actions.archive && <Quick icon={IconArchive} label={act('archive')} onClick={() => does.act(email.id, 'archive')} />}
              {actions.trash && <Quick icon={IconTrash} label={act('trash')} onClick={() => does.act(email.id, 'trash')} />}
              {actions.may.mark && <Quick icon={isUnread ? IconMailOpened : IconMail} label={act(isUnread ? 'read' : 'unread')} onClick={() => does.act(email.id, 'read')} />}
              {actions.may.flag && <Quick icon={isFlagged ? IconFlagFilled : IconFlag} label={act(isFlagged ? 'unflag' : 'flag')} onClick={() => does.act(email.id, 'flag')} />}
            </span>
          </div>
        </div>
      </div>
    </div>
  )
}, hasSame)

export function BlankRow({ index, start, section }: At) {
  return (
    <div role="row" aria-rowindex={index + 1} className={classes.place} style={{ transform: `translateY(${start}px)` }}>
      <Section section={section} />
      <div role="gridcell" className={classes.row} data-blank aria-busy>
        <span className={classes.blankAvatar} />
        <div className={classes.text}>
          <span className={classes.blank} />
          <span className={classes.blank} />
        </div>
      </div>
    </div>
  )
}
