import { ErrorPanel, Problem, useKitTexts } from '@chappe/kit'
import { Button, Group, Modal, Stack } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { Command } from './command'

interface Props {
  title: string
  action: string
  /** What it is on the command line; shown as it changes. */
  command?: string | string[]
  onClose: () => void
  /** Fills the server in; the dialog closes when it is done and stays, with the reason, when it is refused.
   * 'left': the page it stands on was left, nothing is to be closed. */
  onSubmit: () => Promise<unknown>
  disabled?: boolean
  danger?: boolean
  size?: string
  back?: ReactNode
  children: ReactNode
}

/** Fields, the command that does the same, what went wrong, and two buttons. */
export function FormDialog(p: Props) {
  const kit = useKitTexts()
  const queries = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      if ((await p.onSubmit()) !== 'left') p.onClose()
    } catch (cause) {
      setError(cause)
      if (cause instanceof Problem && cause.isConflict) void queries.invalidateQueries()
    } finally {
      setBusy(false)
    }
  }
  const waits = error instanceof Problem && error.isWaiting
  return (
    <Modal opened onClose={p.onClose} title={p.title} size={p.size ?? 'lg'} closeButtonProps={{ 'aria-label': kit('close') }}>
      <form onSubmit={(e) => void submit(e)} noValidate={false}>
        <Stack gap="md">
          {p.children}
          {p.command && <Command line={p.command} />}
          {error !== null && <ErrorPanel error={error} />}
          <Group justify="space-between">
            <div>{p.back}</div>
            <Group gap="xs">
              <Button variant="default" onClick={p.onClose}>
                {kit(waits ? 'close' : 'cancel')}
              </Button>
              {!waits && (
                <Button type="submit" loading={busy} disabled={p.disabled ?? false} {...(p.danger && { color: 'red' })}>
                  {p.action}
                </Button>
              )}
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
