import { ErrorPanel, Foreign } from '@chappe/kit'
import { Alert, Button, Checkbox, Group, Stack, Text } from '@mantine/core'
import type { QueryKey } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { protocols, switched, type Level, type Protocol } from './data'
import { useTexts } from './texts'

/** One box a protocol; what a level above closes is named, and stays as it is here. */
export function ProtocolBoxes({ value, above, disabled, onChange }: { value: readonly string[]; above: Level[]; disabled: boolean; onChange: (protocol: Protocol, on: boolean) => void }) {
  const say = useTexts()
  return (
    <Stack gap="sm">
      {protocols.map((p) => {
        const closer = above.find((l) => !l.protocols.includes(p))
        return <Checkbox key={p} label={say(`protocol.${p}`)} description={closer && <Foreign>{say('closedBy', { name: closer.name })}</Foreign>} checked={value.includes(p)} disabled={disabled} onChange={(e) => onChange(p, e.currentTarget.checked)} />
      })}
    </Stack>
  )
}

interface Props {
  allowed: readonly string[]
  /** Organisation and domain, where this is about somebody in them. */
  above?: Level[]
  mayWrite: boolean
  isOwn: boolean
  /** `chappe user set ada@example.org` */
  command: string[]
  keys: QueryKey[]
  save: (protocols: string[]) => Promise<unknown>
}

/** What one level allows: boxes, the command, and a button. Who owns the account that may be shut out is warned. */
export function ProtocolForm({ allowed, above = [], mayWrite, isOwn, command, keys, save }: Props) {
  const say = useTexts()
  const change = useChange()
  const [value, setValue] = useState(allowed)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const isChanged = protocols.some((p) => allowed.includes(p) !== value.includes(p))
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await change(() => save([...value]), keys, say('saved'))
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(e) => void submit(e)}>
      <Stack gap="md">
        <ProtocolBoxes value={value} above={above} disabled={!mayWrite} onChange={(p, on) => setValue(switched(value, p, on))} />
        {isOwn && allowed.includes('admin') && !value.includes('admin') && (
          <Alert color="orange" role="alert">
            {say('lockOut')}
          </Alert>
        )}
        <Command line={commandLine(command, { protocols: [...value] })} />
        {error !== null && <ErrorPanel error={error} />}
        {mayWrite && (
          <Group justify="flex-end">
            <Button type="submit" loading={busy} disabled={!isChanged}>
              {say('save')}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  )
}

/** "POP3, Console": what is closed, in short. */
export function Closed({ of }: { of: readonly Protocol[] }) {
  const say = useTexts()
  if (of.length === 0)
    return (
      <Text size="sm" c="dimmed" component="span">
        {say('nothingClosed')}
      </Text>
    )
  return <>{of.map((p) => say(`short.${p}`)).join(', ')}</>
}
