import { Alert, Anchor, Button, List, PasswordInput, Stack, Text } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import * as z from 'zod/mini'
import { ErrorPanel } from '../errors/panel'
import type { Door } from './door'
import { useNewPasswordTexts } from './new-password-texts'

const rules = z.object({ kept_in: z.string(), known: z.boolean(), min_length: z.number(), complex: z.boolean(), history: z.number(), min_age_days: z.number(), max_age_days: z.number() })

interface Props<S> {
  door: Door<S>
  login: string
  /** The one that has expired. */
  password: string
  /** Why he is not let in, in the server's words. */
  reason: string
  /** What the server says of the new one. */
  asked: unknown
  /** It is set: log in with it. */
  onChanged: (fresh: string) => Promise<void>
  onBack: () => void
}

function Rules({ of }: { of: z.infer<typeof rules> }) {
  const say = useNewPasswordTexts()
  const lines = [
    of.min_length > 0 && say('rule.length', { count: of.min_length }),
    of.complex && say('rule.complex'),
    of.history > 0 && say('rule.history', { count: of.history }),
    of.min_age_days > 0 && say('rule.age', { count: of.min_age_days }),
    of.max_age_days > 0 && say('rule.holds', { count: of.max_age_days }),
  ].filter((line) => line !== false)
  if (!of.known) return <Text size="sm">{say('unknown')}</Text>
  return (
    <div>
      <Text size="sm" fw={600}>
        {say('rules')}
      </Text>
      <List size="sm">
        {lines.map((line) => (
          <List.Item key={line}>{line}</List.Item>
        ))}
      </List>
    </div>
  )
}

/** The password has expired or has to be changed: another one, by the rules of who keeps it. */
export default function NewPassword<S>({ door, login, password, reason, asked, onChanged, onBack }: Props<S>) {
  const say = useNewPasswordTexts()
  const [fresh, setFresh] = useState('')
  const [again, setAgain] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const found = rules.safeParse(asked)
  const least = found.success ? found.data.min_length : 0
  const isShort = fresh !== '' && [...fresh].length < least
  const differs = again !== '' && again !== fresh
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await door.changeExpired(login, password, fresh)
      await onChanged(fresh)
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(e) => void submit(e)}>
      <Stack gap="sm">
        <Alert color="yellow" role="alert">
          {reason}
        </Alert>
        {found.success && (
          <>
            <Text size="sm">{say(found.data.kept_in === 'directory' ? 'where' : 'whereHere')}</Text>
            <Rules of={found.data} />
          </>
        )}
        <input type="text" name="username" autoComplete="username" value={login} readOnly hidden />
        <PasswordInput label={say('fresh')} required autoFocus autoComplete="new-password" value={fresh} error={isShort ? say('short') : null} onChange={(e) => setFresh(e.currentTarget.value)} />
        <PasswordInput label={say('again')} required autoComplete="new-password" value={again} error={differs ? say('differ') : null} onChange={(e) => setAgain(e.currentTarget.value)} />
        {error !== null && <ErrorPanel error={error} />}
        <Button type="submit" fullWidth loading={busy} disabled={fresh === '' || again !== fresh || isShort}>
          {say('go')}
        </Button>
        <Anchor component="button" type="button" size="sm" ta="start" onClick={onBack}>
          {say('back')}
        </Anchor>
      </Stack>
    </form>
  )
}
