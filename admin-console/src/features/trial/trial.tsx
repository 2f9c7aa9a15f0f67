import { ErrorPanel, Foreign, Status, useKitTexts, wordOf } from '@chappe/kit'
import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import * as z from 'zod/mini'
import { api } from '../../app/api'
import { Command } from '../../app/command'
import { useTexts } from './texts'
import classes from './trial.module.css'

const trial = z.object({ is_good: z.boolean(), steps: z.array(z.object({ step: z.string(), service: z.nullish(z.string()), is_good: z.boolean(), text: z.string() })) })
type Trial = z.infer<typeof trial>

interface Props {
  title: string
  /** Below /api/v1. */
  path: string
  asks: 'password' | 'recipient'
  command: (given: string) => string
  onClose: () => void
}

function Steps({ of }: { of: Trial }) {
  const say = useTexts()
  return (
    <>
      <Status health={of.is_good ? 'good' : 'bad'}>
        <strong>{say(of.is_good ? 'allGood' : 'notGood')}</strong>
      </Status>
      <ul className={classes.steps}>
        {of.steps.map((s, i) => (
          <li key={i} data-good={s.is_good}>
            <Status health={s.is_good ? 'good' : 'bad'}>
              {wordOf(say, 'step', s.step)} {s.service && <small>({wordOf(say, 'service', s.service)})</small>}
            </Status>
            <small>
              <Foreign>{s.text}</Foreign>
            </small>
            {!s.is_good && <span className={classes.remedy}>{wordOf(say, 'remedy', s.step)}</span>}
          </li>
        ))}
      </ul>
    </>
  )
}

/** Tries an account or a connector out: one green or red step a line, and below a red one what to do. */
export function TrialDialog(p: Props) {
  const say = useTexts()
  const kit = useKitTexts()
  const [given, setGiven] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [found, setFound] = useState<Trial | null>(null)
  const go = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      setFound(trial.parse(await api.post(p.path, given === '' ? {} : { [p.asks]: given })))
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  const field = { label: say(p.asks), description: say(`${p.asks}Help`), value: given, onChange: (e: { currentTarget: { value: string } }) => setGiven(e.currentTarget.value) }
  return (
    <Modal opened onClose={p.onClose} title={p.title} size="lg" closeButtonProps={{ 'aria-label': kit('close') }}>
      <form onSubmit={(e) => void go(e)}>
        <Stack gap="md">
          {p.asks === 'password' ? <PasswordInput {...field} autoComplete="off" /> : <TextInput {...field} type="email" />}
          <Command line={p.command(given)} />
          {error !== null && <ErrorPanel error={error} />}
          <div role="status">
            {busy && <Text size="sm">{say('busy')}</Text>}
            {!busy && found && <Steps of={found} />}
          </div>
          <Group justify="flex-end">
            <Button variant="default" onClick={p.onClose}>
              {kit('close')}
            </Button>
            <Button type="submit" loading={busy}>
              {say(found ? 'again' : 'go')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
