import { CopyLine, newKey, Problem, Qr } from '@chappe/kit'
import { Alert, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { FormDialog } from '../../app/form-dialog'
import { beginFactor, confirmFactor, type Begun } from './data'
import { useTexts } from './texts'

interface Props {
  address: string
  kind: 'totp' | 'webauthn'
  onClose: () => void
  /** Recovery codes to be shown, with the first second factor. */
  onCodes: (codes: string[]) => void
}

/** Name, then secret or key, then the proof that it works. */
export function AddFactor({ address, kind, onClose, onCodes }: Props) {
  const say = useTexts()
  const change = useChange()
  const [name, setName] = useState(say(kind === 'totp' ? 'nameTotp' : 'nameKey'))
  const [begun, setBegun] = useState<Begun | null>(null)
  const [code, setCode] = useState('')
  const [failed, setFailed] = useState(false)
  const keys = [['second-factors', address]]

  const confirm = async (id: number, proof: Record<string, string>) => {
    const codes = await change(() => confirmFactor(address, id, proof), keys, say('addedOne'))
    onClose()
    if (codes.length > 0) onCodes(codes)
    return 'left'
  }
  const forget = (id: number) => change(() => api.delete(path`/users/${address}/second-factors/${id}`), keys).catch(() => undefined)
  const registerKey = async () => {
    setFailed(false)
    const made = await change(() => beginFactor(address, kind, name), keys)
    try {
      return await confirm(made.id, await newKey(made.options))
    } catch (cause) {
      await forget(made.id)
      if (cause instanceof Problem) throw cause
      setFailed(true)
      return 'left'
    }
  }
  const submit = async () => {
    if (kind === 'webauthn') return registerKey()
    if (begun) return confirm(begun.id, { code: code.trim() })
    setBegun(await change(() => beginFactor(address, kind, name), keys))
    return 'left'
  }
  const close = () => {
    if (begun) void forget(begun.id)
    onClose()
  }
  return (
    <FormDialog title={say(kind === 'totp' ? 'addTotp' : 'addKey')} action={say(begun ? 'confirm' : 'begin')} size="md" onClose={close} onSubmit={submit}>
      {begun ? (
        <>
          <Text size="sm">{say('scan')}</Text>
          {begun.uri && <Qr text={begun.uri} label={say('picture')} />}
          <CopyLine text={begun.secret ?? ''} label={say('secret')} />
          <CopyLine text={begun.uri ?? ''} label={say('uri')} />
          <TextInput label={say('code')} value={code} onChange={(e) => setCode(e.currentTarget.value)} required autoFocus autoComplete="one-time-code" inputMode="numeric" />
        </>
      ) : (
        <>
          <TextInput label={say('name')} value={name} onChange={(e) => setName(e.currentTarget.value)} required data-autofocus />
          {kind === 'webauthn' && (
            <Text size="sm" c="dimmed">
              {say('keyLead')}
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
  )
}
