import { ErrorPanel } from '@chappe/kit'
import { Button } from '@mantine/core'
import { useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import classes from './save-bar.module.css'
import { useSettingsTexts } from './texts'

/** Stands below a form that has changes: saves them or takes them back. Leaving the page without either is asked about. */
export function SaveBar({ isDirty, onSave, onDiscard }: { isDirty: boolean; onSave: () => Promise<unknown>; onDiscard: () => void }) {
  const say = useSettingsTexts()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  useBlocker({ shouldBlockFn: () => false, enableBeforeUnload: () => isDirty })
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      await onSave()
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  if (!isDirty && error === null) return null
  return (
    <div className={classes.bar}>
      {error !== null && <ErrorPanel error={error} />}
      <div className={classes.line}>
        <span>{isDirty && say('unsaved')}</span>
        <Button
          variant="default"
          onClick={() => {
            setError(null)
            onDiscard()
          }}
        >
          {say('discard')}
        </Button>
        <Button loading={busy} disabled={!isDirty} onClick={() => void save()}>
          {say('save')}
        </Button>
      </div>
    </div>
  )
}
