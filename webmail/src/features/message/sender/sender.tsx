// Who sent a message, and what is not as it looks.
import { onDemand } from '@chappe/kit'
import { IconAlertTriangle, IconCertificate, IconShieldCheck } from '@chappe/kit/icons'
import { useQuery } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { CAPABILITIES, type Jmap } from '../../../jmap/client'
import { getOf, type Message } from '../../../jmap/wire'
import classes from './sender.module.css'
import { useSenderTexts } from './texts'
import { openPgp, signatureOf, SIGNATURE_FAULTS, type Signature } from './signature'
import { verdictOf, type Verdict, type Warning } from './verdict'

const OpenPgpLine = onDemand(() => import('./openpgp'))

const RESULTS = 'header:Authentication-Results:asRaw:all'
const RECEIVED = 'header:Received:asRaw:all'
const smime = { smimeStatus: z.nullish(z.string()), smimeErrors: z.nullish(z.array(z.string())) }
const fields = z.object({ id: z.string(), ...smime, openpgp: z.nullish(openPgp), [RESULTS]: z.nullish(z.array(z.string())), [RECEIVED]: z.nullish(z.array(z.string())) })

/** What is known of a message beside its text: whose it is, and whether a signature (RFC 9219, OpenPGP) holds. */
export interface Known {
  verdict: Verdict
  signature: Signature
}

/** null until it is known. */
export function useVerdict(jmap: Jmap, accountId: string, message: Message): Known | null {
  const found = useQuery({
    queryKey: ['verdict', accountId, message.id],
    staleTime: Infinity,
    gcTime: 120_000,
    refetchOnWindowFocus: false,
    queryFn: async ({ signal }) => {
      const properties = ['id', RESULTS, RECEIVED, ...(CAPABILITIES.smime in jmap.session.capabilities ? Object.keys(smime) : []), ...(CAPABILITIES.owner in jmap.session.capabilities ? ['openpgp'] : [])]
      const [one] = (await jmap.call('Email/get', { accountId, ids: [message.id], properties }, getOf(fields), signal)).list
      return { verdict: verdictOf(message.from ?? [], one?.[RESULTS] ?? [], one?.[RECEIVED] ?? []), signature: signatureOf(one?.openpgp ?? null, one?.smimeStatus ?? null, one?.smimeErrors ?? []) }
    },
  })
  return found.data ?? null
}

/** Pictures may be promised to an address only where it is proven to be the sender's. */
export const pictureSender = (verdict: Verdict | null, message: Message): string => (verdict?.proven && message.from?.length === 1 ? (message.from[0]?.email ?? '') : '')

function useWords(): (warning: Warning) => string {
  const say = useSenderTexts()
  return (w) => {
    switch (w.kind) {
      case 'other-address':
        return say('other-address', { shown: w.shown })
      case 'alike-domain':
        return say('alike-domain', { domain: w.domain, ascii: w.ascii })
      case 'failed':
        return say('failed', { domain: w.domain })
      case 'other-domain':
        return say('other-domain', { domain: w.domain })
      default:
        return say(w.kind)
    }
  }
}

/** The domain that was proven to be the sender's. */
export function SenderProof({ verdict }: { verdict: Verdict | null }) {
  const say = useSenderTexts()
  if (!verdict?.proven) return null
  return (
    <span className={classes.proven} title={say('proven', { domain: verdict.proven })}>
      <IconShieldCheck size={15} aria-hidden />
      <bdi>{verdict.proven}</bdi>
    </span>
  )
}

/** One line for each thing that is not as it looks. */
export function SenderWarnings({ verdict }: { verdict: Verdict | null }) {
  const words = useWords()
  if (!verdict || verdict.warnings.length === 0) return null
  return (
    <ul className={classes.warnings} role="alert">
      {verdict.warnings.map((w, i) => (
        <li key={i}>
          <IconAlertTriangle size={17} aria-hidden />
          <span dir="auto">{words(w)}</span>
        </li>
      ))}
    </ul>
  )
}

/** Whether the message is signed, and what of it. */
export function SignatureLine({ jmap, accountId, message, signature }: { jmap: Jmap; accountId: string; message: Message; signature: Signature | undefined }) {
  const say = useSenderTexts()
  if (!signature) return null
  if (signature.kind === 'good')
    return (
      <span className={classes.proven} title={say('signature.goodLead')}>
        <IconCertificate size={15} aria-hidden />
        {say('signature.good')}
      </span>
    )
  if (signature.kind === 'unchecked') return <span className={classes.signed}>{say('signature.other')}</span>
  if (signature.kind === 'openpgp')
    return <OpenPgpLine jmap={jmap} accountId={accountId} message={message} found={signature.found} />
  const known = SIGNATURE_FAULTS.find((f) => f.words === signature.why)
  return (
    <ul className={classes.warnings} role="alert">
      <li>
        <IconAlertTriangle size={17} aria-hidden />
        <span dir="auto">
          {say('signature.bad')} {known ? say(`fault.${known.name}`) : signature.why}
        </span>
      </li>
    </ul>
  )
}
