import { CopyLine, newKey, Problem, Qr, tellDone } from '@chappe/kit'
import { Alert, Text, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMail } from '../../../jmap/mail'
import { beginFactor, camelled, confirmFactor, factorsQuery, remove, type Begun } from './data'
import { FormDialog } from './form-dialog'
import { useGuard } from './guard'
import { useSecurityTexts } from './texts'

interface Props {
  kind: 'totp' | 'webauthn'
  onClose: () => void
  /** Recovery codes to be shown, with the first second factor. */
  onCodes: (codes: string[]) => void
}

/** Name, then secret or key, then the proof that it works. */
export function AddFactor({ kind, onClose, onCodes }: Props) {
  const say = useSecurityTexts()
  const { jmap } = useMail()
  const queries = useQueryClient()
  const { guarded, asking } = useGuard()
  const [name, setName] = useState(say(kind === 'totp' ? 'nameTotp' : 'nameKey'))
  const [begun, setBegun] = useState<Begun | null>(null)
  const [code, setCode] = useState('')
  const [failed, setFailed] = useState(false)
  const hasKeys = 'credentials' in navigator && typeof PublicKeyCredential !== 'undefined'

  const begin = () => guarded(() => beginFactor(jmap, kind, name.trim()))
  const forget = (id: string) => remove(jmap, 'SecondFactor', [id]).catch(() => undefined)
  const confirm = async (id: string, proof: Record<string, string>) => {
    const codes = await confirmFactor(jmap, id, proof)
    await queries.invalidateQueries({ queryKey: factorsQuery(jmap).queryKey.slice(0, 2) })
    tellDone(say('added'))
    onClose()
    if (codes.length > 0) onCodes(codes)
  }
  const registerKey = async () => {
    setFailed(false)
    const made = await begin()
    try {
      await confirm(made.id, camelled(await newKey(made.options)))
    } catch (cause) {
      await forget(made.id)
      if (cause instanceof Problem) throw cause
      setFailed(true)
    }
  }
  const submit = async () => {
    if (kind === 'webauthn') await registerKey()
    else if (begun) await confirm(begun.id, { code: code.replace(/\s/g, '') })
    else setBegun(await begin())
  }
  const close = () => {
    if (begun) void forget(begun.id)
    onClose()
  }
  return (
    <>
      <FormDialog title={say(kind === 'totp' ? 'addTotp' : 'addKey')} action={say(begun ? 'confirm' : 'begin')} onClose={close} onSubmit={submit}>
        {begun ? (
          <>
            <Text size="sm">{say('scan')}</Text>
            {begun.uri && <Qr text={begun.uri} label={say('picture')} />}
            <CopyLine text={begun.secret ?? ''} label={say('secret')} wrap />
            <TextInput label={say('code')} value={code} onChange={(e) => setCode(e.currentTarget.value)} required autoFocus autoComplete="one-time-code" inputMode="numeric" />
          </>
        ) : (
          <>
            <TextInput label={say('name')} value={name} onChange={(e) => setName(e.currentTarget.value)} required maxLength={60} data-autofocus />
            {kind === 'webauthn' && (
              <Text size="sm" c="dimmed">
                {say(hasKeys ? 'keyLead' : 'keyNone')}
              </Text>
            )}
            {failed && (
              <Alert color="red" role="alert">
                {say('keyFailed')}
              </Alert>
            )}
          </>
        )}
      </FormDialog>
      {asking}
    </>
  )
}
