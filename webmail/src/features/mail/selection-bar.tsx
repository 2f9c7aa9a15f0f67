import { IconCheck, IconX } from '@chappe/kit/icons'
import { ActionIcon } from '@mantine/core'
import { useState } from 'react'
import type { List } from '../../jmap/list'
import { useActionTexts } from './action-texts'
import type { Actions, MailDialog } from './actions'
import classes from './list.module.css'
import type { Place } from './place'
import type { Selection } from './selection'
import { Toolbar } from './toolbar'

const MOST = 20_000

interface Props {
  place: Place
  list: List
  selection: Selection
  actions: Actions
  leave: (rows: readonly string[]) => void
  dialog: MailDialog | null
  onDialog: (dialog: MailDialog | null) => void
}

/** Stands where the title was while rows are marked. */
export function SelectionBar({ place, list, selection, actions, leave, dialog, onDialog }: Props) {
  const say = useActionTexts()
  const [busy, setBusy] = useState(false)
  const { store } = place
  const rows = [...selection.ids]

  /** All rows, also those that were never on the screen. */
  const all = async () => {
    setBusy(true)
    try {
      selection.set(await store.idsOf(list.spec, MOST))
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className={classes.selection}>
      <ActionIcon variant="subtle" color="gray" onClick={selection.clear} aria-label={say('clear')} title={say('clear')}>
        <IconX size={18} />
      </ActionIcon>
      <strong aria-live="polite">{say('selected', { count: rows.length })}</strong>
      {rows.length < (list.total ?? 0) && (
        <ActionIcon variant="subtle" color="gray" onClick={() => void all()} loading={busy} aria-label={say('selectAll')} title={say('selectAll')}>
          <IconCheck size={18} />
        </ActionIcon>
      )}
      <span className={classes.grow} />
      <Toolbar store={store} actions={actions} ids={actions.messages(rows)} onGone={() => leave(rows)} dialog={dialog} onDialog={onDialog} words={false} />
    </div>
  )
}
