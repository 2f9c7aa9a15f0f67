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
import { onDemand } from '../components/on-demand'

const NewPassword = onDemand(() => import('./new-password'))

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

/** What stands in the card: the password, or what it alone does not open. */
type Stage = { is: 'password' } | { is: 'factor'; asked: FactorAsked } | { is: 'expired'; problem: Problem }
/** How somebody tried last, which decides what a refusal means. */
type Way = 'password' | 'ticket'

/** Address and password, or another way; then a second factor where the account has one, and a new password where the old one is over. */
export function Login<S>({ door, onEntered, lead, help, again, login: known }: Props<S>) {
  const say = useLoginTexts()
  const language = useLanguage()
  const [login, setLogin] = useState(known ?? '')
  const [password, setPassword] = useState('')
  const [stage, setStage] = useState<Stage>({ is: 'password' })
  const [way, setWay] = useState<Way>('password')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [isEmpty, setEmpty] = useState(false)
  const [returned, setReturned] = useState(takeReturnWord)

  useEffect(() => {
    if (returned === 'factor') door.freshChallenge().then((asked) => setStage({ is: 'factor', asked }), () => setReturned('expired'))
  }, [door, returned])

  const enter = async (how: Way, act: () => Promise<S>) => {
    setBusy(true)
    setError(null)
    setReturned(null)
    setWay(how)
    try {
      onEntered(await act())
    } catch (cause) {
      const problem = cause instanceof Problem ? cause : null
      const factor = problem?.status === 401 ? factorAsked(problem.secondFactor) : null
      if (factor) setStage({ is: 'factor', asked: factor })
      else if (problem?.kind === 'expired' && how === 'password') setStage({ is: 'expired', problem })
      else {
        setStage({ is: 'password' })
        setError(cause)
      }
    } finally {
      setBusy(false)
    }
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setEmpty(login.trim() === '' || password === '')
    if (login.trim() !== '' && password !== '') void enter('password', () => door.logIn(login.trim(), password))
  }
  const changed = (fresh: string) => {
    setPassword(fresh)
    return enter('password', () => door.logIn(login.trim(), fresh))
  }
  const back = () => setStage({ is: 'password' })
  const problem = error instanceof Problem ? error : null
  const refused = way === 'password' ? say('wrong') : problem?.kind === 'no-ticket' ? say('noTicket') : say('ticketRefused', { reason: problem?.message ?? '' })
  const refusal = isEmpty ? say('both') : problem?.status === 401 ? refused : problem?.kind === 'suspended' ? problem.message : null
  return (
    <LoginFrame title={say('title')} lead={again ? say('again') : lead} over={again}>
      {stage.is === 'factor' && <SecondFactor door={door} asked={stage.asked} onShown={onEntered} onBack={back} />}
      {stage.is === 'expired' && <NewPassword door={door as Door<unknown>} login={login.trim()} password={password} reason={stage.problem.message} asked={stage.problem.password} onChanged={changed} onBack={back} />}
      {stage.is === 'password' && (
        <>
          {/* what a directory takes for a name need not be an address: EXAMPLE\\ada */}
          <form onSubmit={submit} noValidate>
            <Stack gap="sm">
              <TextInput label={say('login')} value={login} onChange={(e) => setLogin(e.currentTarget.value)} required autoComplete="username" type="email" spellCheck={false} autoCapitalize="none" autoFocus={!known} />
              <PasswordInput label={say('password')} value={password} onChange={(e) => setPassword(e.currentTarget.value)} required autoComplete="current-password" autoFocus={Boolean(known)} />
              {returned && returned !== 'factor' && (
                <Alert color={returned === 'later' ? 'yellow' : 'red'} role="alert">
                  {say(`returned.${returned}`)}
                </Alert>
              )}
              {refusal !== null && (
                <Alert color="red" role="alert">
                  {refusal}
                </Alert>
              )}
              {error !== null && refusal === null && <ErrorPanel error={error} />}
              <Button type="submit" loading={busy} fullWidth mt={4}>
                {say('go')}
              </Button>
            </Stack>
          </form>
          <Providers door={door} login={login.trim()} busy={busy} onTicket={() => void enter('ticket', door.logInByTicket)} />
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
