import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { ErrorPanel } from '../errors/panel'
import { Problem } from '../http/problem'
import { useKitTexts } from '../language/texts'

/** Asks before something that cannot be undone; with `word`, it must be typed. `onAct` gives 'left' where it left the page. */
export function Confirm(p: { title: string; children: ReactNode; word?: string; action: string; onDone: () => void; onAct: () => Promise<unknown> }) {
  const say = useKitTexts()
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const act = async () => {
    setBusy(true)
    setError(null)
    try {
      if ((await p.onAct()) !== 'left') p.onDone()
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  const waits = error instanceof Problem && error.isWaiting
  return (
    <Modal opened onClose={p.onDone} title={p.title} closeButtonProps={{ 'aria-label': say('close') }}>
      <Stack>
        <Text size="sm" component="div">
          {p.children}
        </Text>
        {p.word && (
          <TextInput label={say('confirmType', { word: p.word })} value={typed} onChange={(e) => setTyped(e.currentTarget.value)} autoComplete="off" data-autofocus />
        )}
        {error !== null && <ErrorPanel error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={p.onDone}>
            {say(waits ? 'close' : 'cancel')}
          </Button>
          {!waits && (
            <Button color="red" loading={busy} disabled={p.word !== undefined && typed !== p.word} onClick={() => void act()}>
              {p.action}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  )
}
