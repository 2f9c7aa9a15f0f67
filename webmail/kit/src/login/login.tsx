import { Alert, Button, PasswordInput, SegmentedControl, Stack, Text, TextInput } from '@mantine/core'
import { useEffect, useState, type FormEvent } from 'react'
import { ErrorPanel } from '../errors/panel'
import { Problem } from '../http/problem'
import { switchLanguage, useLanguage } from '../language/language'
import type { Door } from './door'
import { factorAsked, type FactorAsked } from './factor'
import { LoginFrame } from './frame'
import { Providers, takeReturnWord } from './providers'
import { SecondFactor } from './second-factor'
import { useLoginTexts } from './login-texts'

interface Props<S> {
  door: Door<S>
  onEntered: (session: S) => void
  /** What this application is, and who may come in. */
  lead: string
  help?: string
  /** A session ended under somebody's hands; the page below keeps what was typed. */
  again?: boolean
  login?: string | undefined
}

/** Address and password, then a second factor where the account has one. */
export function Login<S>({ door, onEntered, lead, help, again, login: known }: Props<S>) {
  const say = useLoginTexts()
  const language = useLanguage()
  const [login, setLogin] = useState(known ?? '')
  const [password, setPassword] = useState('')
  const [asked, setAsked] = useState<FactorAsked | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)

  const [returned, setReturned] = useState(takeReturnWord)

  useEffect(() => {
    if (returned === 'factor') door.freshChallenge().then(setAsked, () => setReturned('expired'))
  }, [door, returned])

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    setReturned(null)
    try {
      onEntered(await door.logIn(login.trim(), password))
    } catch (cause) {
      const factor = cause instanceof Problem && cause.status === 401 ? factorAsked(cause.secondFactor) : null
      setAsked(factor)
      if (!factor) setError(cause)
    } finally {
      setBusy(false)
    }
  }
  const isWrong = error instanceof Problem && error.status === 401
  return (
    <LoginFrame title={say('title')} lead={again ? say('again') : lead} over={again}>
      {asked ? (
        <SecondFactor door={door} asked={asked} onShown={onEntered} onBack={() => setAsked(null)} />
      ) : (
        <>
          <form onSubmit={(e) => void submit(e)}>
            <Stack gap="sm">
              <TextInput label={say('login')} value={login} onChange={(e) => setLogin(e.currentTarget.value)} required autoComplete="username" type="email" autoFocus={!known} />
              <PasswordInput label={say('password')} value={password} onChange={(e) => setPassword(e.currentTarget.value)} required autoComplete="current-password" autoFocus={Boolean(known)} />
              {returned && returned !== 'factor' && (
                <Alert color={returned === 'later' ? 'yellow' : 'red'} role="alert">
                  {say(`returned.${returned}`)}
                </Alert>
              )}
              {isWrong && (
                <Alert color="red" role="alert">
                  {say('wrong')}
                </Alert>
              )}
              {error !== null && !isWrong && <ErrorPanel error={error} />}
              <Button type="submit" loading={busy} fullWidth mt={4}>
                {say('go')}
              </Button>
            </Stack>
          </form>
          <Providers door={door} login={login.trim()} />
          {help && (
            <Text size="xs" c="dimmed" mt="md">
              {help}
            </Text>
          )}
        </>
      )}
      <SegmentedControl mt="md" size="xs" aria-label={say('language')} value={language} onChange={(l) => switchLanguage(l === 'fr' ? 'fr' : 'en')} data={[{ value: 'en', label: 'English' }, { value: 'fr', label: 'Français' }]} />
    </LoginFrame>
  )
}
