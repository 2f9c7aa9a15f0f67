// What the keyboard does on the pages of mail; `?` shows it (keys-help.tsx).
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { composeNow } from '../../app/plugs'
import { choices } from './choices'
import type { List } from '../../jmap/list'
import type { Actions, MailDialog } from './actions'
import { useOpen, type Place } from './place'
import type { Selection } from './selection'

interface Context {
  place: Place
  list: List
  listed: string | undefined
  selection: Selection
  actions: Actions
  leave: (rows: readonly string[]) => void
  dialog: unknown
  setDialog: (dialog: MailDialog | null) => void
  showHelp: () => void
  isReadingBeside: boolean
}

const FOLDERS: Record<string, string> = { i: 'inbox', d: 'drafts', t: 'sent', a: 'archive', s: 'junk' }
const CHORD_MS = 1200

const isTyping = (at: EventTarget | null) => at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || at.closest('[role=dialog],[role=menu],[role=listbox]') !== null)

export function useKeys(context: Context): void {
  const open = useOpen()
  const navigate = useNavigate()
  const latest = useRef(context)
  useEffect(() => {
    latest.current = context
  })
  useEffect(() => {
    let chord = 0
    const goTo = (folder: string) => void navigate({ to: '/mail/$account/$folder', params: { account: 'me', folder } })
    const down = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isTyping(event.target) || event.altKey) return
      const isMod = event.ctrlKey || event.metaKey
      const { place, list, listed, selection, actions, leave, setDialog, showHelp } = latest.current
      const rows = selection.ids.size > 0 ? [...selection.ids] : listed ? [listed] : []
      const ids = () => actions.messages(rows)
      const remove = (act: ((ids: readonly string[]) => void) | null) => {
        if (!act || rows.length === 0) return
        const meant = ids()
        leave(rows)
        act(meant)
      }
      const next = (by: number) => {
        const index = listed ? list.ids.indexOf(listed) + by : 0
        const id = list.ids[index]
        if (id) open(id, listed !== undefined)
      }
      const write = (kind: 'reply' | 'replyAll' | 'forward') => {
        if (place.message) composeNow()?.({ kind, accountId: place.store.accountId, emailId: place.message })
      }
      const deletes = () => {
        if (rows.length === 0 || !actions.may.remove) return
        if (actions.isFinal) setDialog('destroy')
        else remove(actions.trash)
      }
      const plain: Record<string, () => void> = {
        j: () => next(1),
        k: () => next(-1),
        n: () => next(1),
        p: () => next(-1),
        x: () => listed && selection.toggle(listed),
        e: () => remove(actions.archive),
        '#': deletes,
        Delete: deletes,
        Backspace: deletes,
        '!': () => remove(actions.junk ?? actions.notJunk),
        s: () => rows.length > 0 && actions.may.flag && actions.flag(ids(), !ids().some((id) => place.store.emails.get(id)?.keywords['$flagged'])),
        u: () => rows.length > 0 && actions.may.mark && actions.read(ids(), false),
        i: () => rows.length > 0 && actions.may.mark && actions.read(ids(), true),
        v: () => rows.length > 0 && actions.may.remove && setDialog('move'),
        b: () => rows.length > 0 && actions.snooze && setDialog('snooze'),
        z: () => actions.undoLast(),
        c: () => composeNow()?.({ kind: 'new' }),
        r: () => write('reply'),
        a: () => write('replyAll'),
        f: () => write('forward'),
        '?': showHelp,
        Escape: () => (selection.ids.size > 0 ? selection.clear() : listed && open(null)),
        g: () => {
          chord = Date.now()
        },
      }
      const chosen = Date.now() - chord < CHORD_MS ? FOLDERS[event.key] : undefined
      const modified: Record<string, () => void> = { a: () => selection.set(list.ids.filter((id) => id !== undefined)), z: () => actions.undoLast() }
      const run = !isMod && !choices().keys && event.key.length === 1 && event.key !== '?' ? undefined : isMod ? modified[event.key] : chosen ? () => goTo(chosen) : plain[event.key]
      if (!run) return
      event.preventDefault()
      if (event.key !== 'g') chord = 0
      run()
    }
    document.addEventListener('keydown', down)
    return () => document.removeEventListener('keydown', down)
  }, [open, navigate])
}
