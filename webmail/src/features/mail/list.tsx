import { EmptyState, ErrorPanel } from '@chappe/kit'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { mayLoadAhead } from '../../app/ahead'
import { pictureGoes } from '../../app/picture'
import type { List } from '../../jmap/list'
import type { AccountStore } from '../../jmap/store'
import { isSnoozed } from '../folders/roles'
import { messageQuery } from '../message/data'
import { RetentionBanner } from '../retention/banner'
import { untilTimes } from '../snooze/data'
import type { Actions, MailDialog } from './actions'
import { ImportHere } from './import'
import { ListHead } from './list-head'
import { useChoices } from './choices'
import { useDates } from './dates'
import classes from './list.module.css'
import { useOpen, type Place } from './place'
import { BlankRow, Row, type RowDoes } from './row'
import { HEAD, ROWS } from './row-heights'
import { SelectionBar } from './selection-bar'
import { useSections } from './sections'
import type { Selection } from './selection'
import { useMailTexts } from './texts'

/** Rows that are drawn above and below what is on the screen: few at first, that the list is there soon. */
const OVERSCAN = { first: 2, then: 12 }
const FIRST_MS = 300
/** A pointer that rests on a row this long may mean it. */
const HOVER_MS = 40
const NEIGHBOURS_MS = 300

interface Props {
  place: Place
  list: List
  title: string
  /** The row whose message is open. */
  listed: string | undefined
  selection: Selection
  actions: Actions
  leave: (rows: readonly string[]) => void
  dialog: MailDialog | null
  onDialog: (dialog: MailDialog | null) => void
  isReadingBeside: boolean
}

/** When the messages of the folder for what is put off come back; of other folders nothing. */
function useUntil({ store, mailbox }: Place): ReadonlyMap<string, string> | undefined {
  const isOn = store.isOwn && mailbox !== undefined && isSnoozed(mailbox)
  return useQuery({
    queryKey: ['snoozed', store.accountId, mailbox?.totalEmails],
    enabled: isOn,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => untilTimes(store, signal),
  }).data
}

/** Fetches what a message says before it is opened. */
function useExpecting(store: AccountStore): (id: string) => void {
  const queries = useQueryClient()
  return useCallback((id) => void queries.prefetchQuery(messageQuery(store, id)), [queries, store])
}

function useOverscan(): number {
  const [rows, setRows] = useState(OVERSCAN.first)
  useEffect(() => {
    const timer = setTimeout(() => setRows(OVERSCAN.then), FIRST_MS)
    return () => clearTimeout(timer)
  }, [])
  return rows
}

/** The same functions for as long as the list stands: a row is not drawn again because they are made anew. */
function useSteady<T extends { [K in keyof T]: (...args: never[]) => void }>(now: T): T {
  const latest = useRef(now)
  useLayoutEffect(() => {
    latest.current = now
  })
  const [steady] = useState(() => Object.fromEntries(Object.keys(now).map((name) => [name, (...args: never[]) => latest.current[name as keyof T](...args)])) as T)
  return steady
}

/** One long list, of which what is near the screen is loaded and drawn. */
export function MessageList({ place, list, title, listed, selection, actions, leave, dialog, onDialog, isReadingBeside }: Props) {
  const say = useMailTexts()
  const open = useOpen()
  const scroller = useRef<HTMLDivElement>(null)
  const [focused, setFocused] = useState<string | null>(null)
  const { store } = place
  const count = list.total ?? 0
  const sections = useSections(place, list)
  const until = useUntil(place)
  const dates = useDates()
  const { density } = useChoices()
  const row = ROWS[density]
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: (i) => (sections.has(i) ? row + HEAD : row),
    getItemKey: (i) => list.ids[i] ?? i,
    overscan: useOverscan(),
  })
  const signature = useMemo(() => [...sections.keys()].join(), [sections])
  useEffect(() => virtual.measure(), [signature, virtual, row])
  const items = virtual.getVirtualItems()
  const from = items[0]?.index ?? 0
  const to = items[items.length - 1]?.index ?? 0
  useEffect(() => list.ensure(from, to), [list, from, to, store.version])

  const isThere = list.total !== null || list.error !== null
  useLayoutEffect(() => {
    const scrolled = isThere ? pictureGoes() : 0
    if (scrolled > 0) scroller.current?.scrollTo(0, scrolled)
  }, [isThere])

  // The one row that Tab reaches: where one was last, else what is open, else the first.
  const cursor = focused && list.ids.includes(focused) ? focused : listed && list.ids.includes(listed) ? listed : list.ids[0]
  useEffect(() => {
    const index = listed ? list.ids.indexOf(listed) : -1
    if (index >= 0) virtual.scrollToIndex(index)
  }, [listed, list]) // eslint-disable-line

  const expect = useExpecting(store)
  // The next one to be read is the one below, or above.
  useEffect(() => {
    const index = listed ? list.ids.indexOf(listed) : -1
    if (index < 0) return
    const timer = setTimeout(() => [index + 1, index - 1].forEach((i) => list.ids[i] && expect(list.ids[i])), NEIGHBOURS_MS)
    return () => clearTimeout(timer)
  }, [listed, list, expect])
  const hovering = useRef<ReturnType<typeof setTimeout>>(undefined)

  const step = (id: string, by: number, extend: boolean) => {
    const index = Math.max(0, Math.min(count - 1, list.ids.indexOf(id) + by))
    const next = list.ids[index]
    virtual.scrollToIndex(index)
    if (!next || next === id) return
    setFocused(next)
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(next)}"]`)?.focus({ preventScroll: true }))
    if (extend) selection.extend(next)
    else if (isReadingBeside && listed) open(next, true)
  }
  const does = useSteady<RowDoes>({
    open: (id) => {
      setFocused(id)
      open(id)
    },
    step,
    select: (id, how) => {
      setFocused(id)
      if (how === 'extend') selection.extend(id)
      else selection.toggle(id)
    },
    act: (id, what) => {
      const ids = actions.messages([id])
      if (what === 'archive' || what === 'trash') {
        leave([id])
        actions[what]?.(ids)
      } else if (what === 'flag') actions.flag(store.conversation(store.emails.get(id)!).some((e) => e.keywords['$flagged']) ? ids : [id], !ids.some((i) => store.emails.get(i)?.keywords['$flagged']))
      else actions.read(ids, ids.some((i) => !store.emails.get(i)?.keywords['$seen']))
    },
    expect: (id, isSure) => {
      clearTimeout(hovering.current)
      if (isSure) expect(id)
      else if (mayLoadAhead()) hovering.current = setTimeout(() => expect(id), HOVER_MS)
    },
  })
  const isSent = place.mailbox?.role === 'sent' && list.spec.mailboxId !== undefined
  return (
    <ImportHere place={place}>
      {selection.ids.size > 0 ? (
        <SelectionBar place={place} list={list} selection={selection} actions={actions} leave={leave} dialog={dialog} onDialog={onDialog} />
      ) : (
        <ListHead place={place} title={title} total={list.total} spec={list.spec} />
      )}
      <RetentionBanner place={place} />
      {list.error !== null && list.total === null && <ErrorPanel error={list.error} retry={() => list.ensure(from, to)} />}
      {list.total === 0 && (place.q || place.only.length > 0 ? <EmptyState title={say('nothingFound')}>{say('nothingFoundLead')}</EmptyState> : <EmptyState title={say('empty')}>{say('emptyLead')}</EmptyState>)}
      <div ref={scroller} className={classes.scroller} data-waiting={list.total === null || undefined}>
        {count > 0 && (
          <div role="grid" aria-label={say('messages')} aria-rowcount={count} aria-multiselectable className={classes.rows} data-density={density} style={{ height: virtual.getTotalSize() }}>
            {items.map((item) => {
              const id = list.ids[item.index]
              const email = id ? store.emails.get(id) : undefined
              const at = { index: item.index, start: item.start, section: sections.get(item.index) }
              return email ? (
                <Row
                  key={item.key}
                  {...at}
                  store={store}
                  email={email}
                  all={list.spec.collapse ? store.conversation(email) : [email]}
                  marks={list.marks.get(email.id)}
                  isSent={isSent}
                  dates={dates}
                  until={until?.get(email.id)}
                  actions={actions}
                  isOpen={email.id === listed}
                  isSelected={selection.has(email.id)}
                  selected={selection.ids}
                  isCursor={email.id === cursor}
                  does={does}
                />
              ) : (
                <BlankRow key={item.key} {...at} />
              )
            })}
          </div>
        )}
      </div>
    </ImportHere>
  )
}
