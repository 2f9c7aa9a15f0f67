// What is said of the signature of a message: the server looks at S/MIME; of OpenPGP only that it is there.
import type { Message } from '../../../jmap/wire'

export type Signature = { kind: 'good' } | { kind: 'bad'; why: string } | { kind: 'unchecked'; by: 'openpgp' | 'other' } | undefined

/** The server's words for what is wrong (server/jmap/smime.c), which the page says in the reader's language. */
export const SIGNATURE_FAULTS = [
  { name: 'changed', words: 'The message is not as it was when it was signed.' },
  { name: 'unbelieved', words: 'The certificate is not believed here.' },
  { name: 'another', words: "The certificate is not that of the sender's address." },
  { name: 'unreadable', words: 'The signature cannot be read.' },
] as const

export function signatureOf(message: Message, status: string | null, errors: readonly string[]): Signature {
  if (status?.endsWith('/verified')) return { kind: 'good' }
  if (status?.endsWith('/failed')) return { kind: 'bad', why: errors[0] ?? '' }
  if (message.attachments.some((p) => p.type === 'application/pgp-signature')) return { kind: 'unchecked', by: 'openpgp' }
  return status === null ? undefined : { kind: 'unchecked', by: 'other' }
}
