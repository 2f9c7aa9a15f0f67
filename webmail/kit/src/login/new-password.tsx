import { Alert, Anchor, Button, PasswordInput, Stack } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import * as z from 'zod/mini'
import { ErrorPanel } from '../errors/panel'
import type { Door } from './door'
import { useNewPasswordTexts } from './new-password-texts'
import { PasswordRules } from './password-rules'

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
          <PasswordRules of={{ keptIn: found.data.kept_in, known: found.data.known, minLength: least, complex: found.data.complex, history: found.data.history, minAgeDays: found.data.min_age_days, maxAgeDays: found.data.max_age_days }} />
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
