// What is done to messages from wherever they are shown: row, toolbar, keyboard, dragging.
import { errorWords, tellDone, tellTrouble, useFormat, useKitTexts } from '@chappe/kit'
import { useMemo } from 'react'
import { CAPABILITIES } from '../../jmap/client'
import type { AccountStore, Undo } from '../../jmap/store'
import { copyAnswer, type Email, type Mailbox } from '../../jmap/wire'
import { SetError } from '../../jmap/errors'
import { useFolderName } from '../folders/names'
import { isSnoozed } from '../folders/roles'
import { bringBack, snooze } from '../snooze/data'
import { useActionTexts } from './action-texts'
import type { Place } from './place'

/** What is asked about before it is done. */
export type MailDialog = 'move' | 'destroy' | 'snooze'

export interface Actions {
  /** Rows to the messages that are meant: with conversations, all of it that is in this folder. */
  messages(rows: readonly string[]): string[]
  archive: ((ids: readonly string[]) => void) | null
  trash: ((ids: readonly string[]) => void) | null
  junk: ((ids: readonly string[]) => void) | null
  notJunk: ((ids: readonly string[]) => void) | null
  /** Out of the way until then (ISO). */
  snooze: ((ids: readonly string[], until: string) => void) | null
  /** What was put off comes back now. */
  bringBack: ((ids: readonly string[]) => void) | null
  flag(ids: readonly string[], on: boolean): void
  read(ids: readonly string[], on: boolean, quietly?: boolean): void
  move(ids: readonly string[], to: Mailbox, store?: AccountStore): void
  destroy(ids: readonly string[]): Promise<void>
  /** Whether deleting here is for good. */
  isFinal: boolean
  /** What the folder's rights leave; of messages found anywhere, all is tried. */
  may: { mark: boolean; flag: boolean; remove: boolean }
  undoLast(): void
}

// The last change that can be taken back, whichever part of the page made it.
let last: (() => void) | null = null

export function useActions(place: Place): Actions {
  const say = useActionTexts()
  const kit = useKitTexts()
  const nameOf = useFolderName()
  const format = useFormat()
  const { store, mailbox } = place
  const { maySetSeen: mark = true, maySetKeywords: flag = true, mayRemoveItems: remove = true } = mailbox?.myRights ?? {}
  return useMemo(() => {
    const fail = (cause: unknown) => tellTrouble(say('failed'), errorWords(cause, kit))
    const canBack = (message: string, back: () => Promise<void>) => {
      const run = () => {
        last = null
        back().catch(fail)
        tellDone(say('undone'))
      }
      last = run
      tellDone(message, { label: say('undo'), run })
    }
    const done = (message: string, { undo, done: sent }: { undo: Undo; done: Promise<void> }) => {
      sent.catch(fail)
      canBack(message, () => store.undo(undo))
    }
    const known = (ids: readonly string[]) => ids.map((id) => store.emails.get(id)).filter((e): e is Email => e !== undefined)
    const moveTo = (ids: readonly string[], to: string) => {
      if (mailbox) return store.change(ids, { mailboxes: { [mailbox.id]: false, [to]: true } })
      return store.change(ids, (e) => ({ mailboxes: { ...Object.fromEntries(Object.keys(e.mailboxIds).map((id) => [id, false])), [to]: true } }))
    }
    const across = async (ids: readonly string[], to: Mailbox, target: AccountStore) => {
      const create = Object.fromEntries(known(ids).map((e, i) => [`m${i}`, { id: e.id, mailboxIds: { [to.id]: true }, keywords: e.keywords }]))
      const answer = await store.jmap.call('Email/copy', { fromAccountId: store.accountId, accountId: target.accountId, create, onSuccessDestroyOriginal: true }, copyAnswer)
      await Promise.all([store.sync(), target.sync()])
      for (const [id, why] of Object.entries(answer.notCreated ?? {})) throw SetError.of(id, why)
      tellDone(say('done.move', { count: ids.length, folder: nameOf(to) }))
    }
    const toRole = (role: string, key: 'archive' | 'trash' | 'junk' | 'notJunk') => {
      const to = store.byRole(role)
      if (!to || to.id === mailbox?.id || !to.myRights.mayAddItems || !remove) return null
      return (ids: readonly string[]) => {
        if (ids.length > 0) done(say(`done.${key}`, { count: ids.length }), moveTo(ids, to.id))
      }
    }
    const putOff = async (ids: readonly string[], until: string) => {
      await snooze(store, known(ids), mailbox?.id, until)
      canBack(say('done.snooze', { count: ids.length, when: format.dateTime(until) }), () => bringBack(store, ids))
    }
    const isPutOff = store.isOwn && mailbox !== undefined && isSnoozed(mailbox)
    const maySnooze = store.isOwn && CAPABILITIES.owner in store.jmap.session.capabilities && !/^(?:drafts|junk|trash)$/.test(mailbox?.role ?? '')
    const isJunk = mailbox?.role === 'junk'
    const isFinal = mailbox?.role === 'trash' || !store.byRole('trash')
    return {
      messages: (rows) => {
        const found = new Set<string>()
        for (const row of rows) {
          const email = store.emails.get(row)
          const all = email ? store.conversation(email) : []
          const here = mailbox ? all.filter((e) => e.mailboxIds[mailbox.id]) : all
          for (const id of here.length > 0 ? here.map((e) => e.id) : [row]) found.add(id)
        }
        return [...found]
      },
      archive: toRole('archive', 'archive'),
      trash: isFinal ? null : toRole('trash', 'trash'),
      junk: isJunk || mailbox?.role === 'sent' || mailbox?.role === 'drafts' ? null : toRole('junk', 'junk'),
      notJunk: isJunk ? toRole('inbox', 'notJunk') : null,
      snooze: maySnooze ? (ids, until) => void putOff(ids, until).catch(fail) : null,
      bringBack: isPutOff
        ? (ids) =>
            void bringBack(store, ids)
              .then(() => tellDone(say('done.back', { count: ids.length })))
              .catch(fail)
        : null,
      flag: (ids, on) => store.change(ids, { keywords: { $flagged: on } }).done.catch(fail),
      read: (ids, on, quietly = false) => {
        const changed = known(ids).filter((e) => (e.keywords['$seen'] === true) !== on)
        const fresh = ids.filter((id) => !store.emails.has(id)).concat(changed.map((e) => e.id))
        if (fresh.length === 0) return
        const change = store.change(fresh, { keywords: { $seen: on } })
        if (quietly || fresh.length === 1) change.done.catch(quietly ? () => undefined : fail)
        else done(say(on ? 'done.read' : 'done.unread', { count: fresh.length }), change)
      },
      move: (ids, to, target = store) => {
        if (ids.length === 0 || (target === store && to.id === mailbox?.id)) return
        if (target === store) done(say('done.move', { count: ids.length, folder: nameOf(to) }), moveTo(ids, to.id))
        else across(ids, to, target).catch(fail)
      },
      destroy: (ids) => store.destroy(ids),
      isFinal,
      may: { mark, flag, remove },
      undoLast: () => {
        last?.()
      },
    }
  }, [store, mailbox?.id, mailbox?.role, mark, flag, remove, store.isLoaded, say, kit, nameOf, format]) // eslint-disable-line
}

