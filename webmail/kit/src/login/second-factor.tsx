import { ErrorPanel } from '../errors/panel'
import { IconUsb } from '../icons'
import { wordOf } from '../language/language'
import { Alert, Anchor, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import type { Door } from './door'
import { keyProof, type FactorAsked } from './factor'
import { useFactorTexts } from './factor-texts'

/** A code, a security key or a recovery code, of those that the account has. */
export function SecondFactor<S>({ door, asked, again, onShown, onBack }: { door: Door<S>; asked: FactorAsked; again?: boolean; onShown: (session: S) => void; onBack?: () => void }) {
  const say = useFactorTexts()
  const [way, setWay] = useState(asked.methods[0] ?? 'recovery')
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [tried, setTried] = useState(false)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      if (way !== 'webauthn') onShown(await door.showFactor({ [way === 'totp' ? 'code' : 'recovery_code']: text.trim() }))
      else {
        const want = tried ? await door.freshChallenge() : asked
        setTried(true)
        onShown(await door.showFactor(await keyProof(want)))
      }
    } catch (cause) {
      setText('')
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  const choose = (next: string) => {
    setWay(next)
    setText('')
    setError(null)
  }
  const hasKeys = 'credentials' in navigator && typeof PublicKeyCredential !== 'undefined'
  return (
    <form onSubmit={(e) => void submit(e)}>
      <Stack gap="sm">
        <Text size="sm">{say(again ? 'again' : 'lead')}</Text>
        {way === 'totp' && (
          <TextInput key="totp" label={say('code')} description={say('codeLead')} value={text} onChange={(e) => setText(e.currentTarget.value)} required autoFocus data-autofocus autoComplete="one-time-code" inputMode="numeric" />
        )}
        {way === 'recovery' && (
          <TextInput key="recovery" label={say('recovery')} description={say('recoveryLead')} value={text} onChange={(e) => setText(e.currentTarget.value)} required autoFocus data-autofocus autoComplete="off" spellCheck={false} />
        )}
        {way === 'webauthn' && (
          <Text size="sm" c="dimmed">
            {say(hasKeys ? 'keyLead' : 'noKeys')}
          </Text>
        )}
        {error instanceof DOMException ? (
          <Alert color="red" role="alert">
            {say('keyFailed')}
          </Alert>
        ) : (
          error !== null && <ErrorPanel error={error} />
        )}
        {way === 'webauthn' ? (
          <Button type="submit" loading={busy} disabled={!hasKeys} fullWidth leftSection={<IconUsb size={17} />}>
            {say('key')}
          </Button>
        ) : (
          <Button type="submit" loading={busy} fullWidth>
            {say('go')}
          </Button>
        )}
        {asked.methods.length > 1 && (
          <Group gap="xs">
            <Text size="sm" c="dimmed">
              {say('other')}
            </Text>
            {asked.methods
              .filter((m) => m !== way)
              .map((m) => (
                <Anchor key={m} component="button" type="button" size="sm" onClick={() => choose(m)}>
                  {wordOf(say, 'way', m)}
                </Anchor>
              ))}
          </Group>
        )}
        {onBack && (
          <Anchor component="button" type="button" size="sm" ta="start" onClick={onBack}>
            {say('back')}
          </Anchor>
        )}
      </Stack>
    </form>
  )
}
