import { ErrorPanel, useKitTexts } from '@chappe/kit'
import { Button, Group, Modal, Stack } from '@mantine/core'
import { useState, type FormEvent, type ReactNode } from 'react'
import { NotShown } from './guard'

/** A form in a window: its refusals stand in it, and what was typed stays. */
export function FormDialog({ title, action, children, onSubmit, onClose }: { title: string; action: string; children: ReactNode; onSubmit: () => Promise<unknown>; onClose: () => void }) {
  const kit = useKitTexts()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    event.stopPropagation()
    setBusy(true)
    setError(null)
    try {
      await onSubmit()
    } catch (cause) {
      if (!(cause instanceof NotShown)) setError(cause)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal opened onClose={onClose} title={title} closeOnClickOutside={false} closeButtonProps={{ 'aria-label': kit('close') }}>
      <form onSubmit={(e) => void submit(e)}>
        <Stack>
          {children}
          {error !== null && <ErrorPanel error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {kit('cancel')}
            </Button>
            <Button type="submit" loading={busy}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
