// What is said of the signature of a message: the server looks at it (RFC 9219 for S/MIME; `openpgp` of docs/jmap.md).
import * as z from 'zod/mini'

export const openPgp = z.object({
  status: z.string(),
  isWhole: z.boolean(),
  fingerprint: z.nullable(z.string()),
  keyId: z.nullable(z.string()),
  addresses: z.array(z.string()),
  /** Fingerprints of keys in the message that may be taken for its sender. */
  offers: z.array(z.string()),
})
export type OpenPgp = z.infer<typeof openPgp>

export type Signature = { kind: 'good' } | { kind: 'bad'; why: string } | { kind: 'openpgp'; found: OpenPgp } | { kind: 'unchecked' } | undefined

/** The server's words for what is wrong (server/jmap/smime.c), which the page says in the reader's language. */
export const SIGNATURE_FAULTS = [
  { name: 'changed', words: 'The message is not as it was when it was signed.' },
  { name: 'unbelieved', words: 'The certificate is not believed here.' },
  { name: 'another', words: "The certificate is not that of the sender's address." },
  { name: 'beside', words: 'Something of the message is not signed.' },
  { name: 'unreadable', words: 'The signature cannot be read.' },
] as const

export function signatureOf(found: OpenPgp | null, status: string | null, errors: readonly string[]): Signature {
  if (status?.endsWith('/verified')) return { kind: 'good' }
  if (status?.endsWith('/failed')) return { kind: 'bad', why: errors[0] ?? '' }
  if (found) return { kind: 'openpgp', found }
  return status === null ? undefined : { kind: 'unchecked' }
}
