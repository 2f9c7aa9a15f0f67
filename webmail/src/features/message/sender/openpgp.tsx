// What OpenPGP says of a message, in the words of the reader, and the one click that takes a key.
import { ErrorPanel } from '@chappe/kit'
import { IconAlertTriangle, IconCertificate } from '@chappe/kit/icons'
import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Jmap } from '../../../jmap/client'
import { useMail } from '../../../jmap/mail'
import { SetError } from '../../../jmap/errors'
import { setAnswer, type Message } from '../../../jmap/wire'
import { grouped } from './grouped'
import { useOpenPgpTexts } from './openpgp-texts'
import classes from './sender.module.css'
import type { OpenPgp } from './signature'

/** Nothing is wrong, and nothing is proven. */
const CALM = ['untrusted', 'unknown', 'unsupported', 'unavailable', 'unsigned', 'encrypted'] as const
const WRONG = ['changed', 'partial', 'replaced', 'another', 'expired', 'revoked', 'unreadable'] as const
const isOne = <T extends string>(all: readonly T[], word: string): word is T => (all as readonly string[]).includes(word)

interface LineProps {
  jmap: Jmap
  accountId: string
  message: Message
  found: OpenPgp
}

/** "Trust this key of ada@example.org": where one may keep keys. */
function Take({ jmap, accountId, message, found }: LineProps) {
  const say = useOpenPgpTexts()
  const queries = useQueryClient()
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const mayKeep = useMail().byId(accountId)?.keepsKeys
  const fingerprint = found.offers[0]
  const address = message.from?.[0]?.email
  if (!fingerprint || !address || !mayKeep) return null
  const take = async () => {
    setBusy(true)
    setError(null)
    try {
      const answer = await jmap.call('OpenPgpKey/set', { accountId, create: { one: { emailId: message.id, fingerprint } } }, setAnswer)
      const refused = answer.notCreated?.['one']
      if (refused) throw SetError.of('one', refused)
      await queries.invalidateQueries({ queryKey: ['verdict', accountId] })
      await queries.invalidateQueries({ queryKey: ['own', accountId, 'OpenPgpKey'] })
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Button size="compact-sm" variant="light" loading={busy} onClick={() => void take()} title={grouped(fingerprint)}>
        {say('take', { address })}
      </Button>
      {error !== null && <ErrorPanel error={error} />}
    </>
  )
}

export default function OpenPgpLine(props: LineProps) {
  const say = useOpenPgpTexts()
  const { found, message } = props
  const words = {
    address: message.from?.[0]?.email ?? '',
    names: found.addresses.join(', ') || say('nobody'),
    key: grouped(found.fingerprint ?? found.keyId ?? ''),
  }
  if (found.status === 'verified')
    return (
      <span className={classes.proven} title={say('verifiedLead', words)}>
        <IconCertificate size={15} aria-hidden />
        {say('verified')} <span className={classes.key}>{say('key', words)}</span>
      </span>
    )
  const key = words.key && <span className={classes.key}>{say('key', words)}</span>
  if (isOne(WRONG, found.status))
    return (
      <ul className={classes.warnings} role="alert">
        <li>
          <IconAlertTriangle size={17} aria-hidden />
          <span>
            <span dir="auto">{say(found.status, words)}</span> {key}
          </span>
        </li>
        {found.offers.length > 0 && (
          <li>
            <Take {...props} />
          </li>
        )}
      </ul>
    )
  return (
    <div className={classes.signed} role="status">
      <span dir="auto">{say(isOne(CALM, found.status) ? found.status : 'unavailable', words)}</span> {key} <Take {...props} />
    </div>
  )
}
