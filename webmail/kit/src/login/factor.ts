import * as z from 'zod/mini'

export const asked = z.object({
  methods: z.array(z.string()),
  challenge: z.nullish(z.string()),
  site: z.nullish(z.string()),
  credentials: z.nullish(z.array(z.string())),
  user_verification: z.nullish(z.string()),
})
export type FactorAsked = z.infer<typeof asked>

/** What stands in `second_factor` of a refusal; null: no second factor is asked for. */
export function factorAsked(value: unknown): FactorAsked | null {
  const found = asked.safeParse(value)
  return found.success ? found.data : null
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (c) => c.charCodeAt(0))
}
function textOf(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
function verification(word: string | null | undefined): UserVerificationRequirement {
  return word === 'required' || word === 'discouraged' ? word : 'preferred'
}

/** Has the security key answer; what POST /session/second-factor wants of it. */
export async function keyProof(want: FactorAsked): Promise<Record<string, string>> {
  const found = await navigator.credentials.get({
    publicKey: {
      challenge: bytesOf(want.challenge ?? ''),
      ...(want.site && { rpId: want.site }),
      allowCredentials: (want.credentials ?? []).map((id) => ({ type: 'public-key', id: bytesOf(id) })),
      userVerification: verification(want.user_verification),
    },
  })
  if (!(found instanceof PublicKeyCredential) || !(found.response instanceof AuthenticatorAssertionResponse)) throw new DOMException('', 'NotAllowedError')
  return {
    credential_id: textOf(found.rawId),
    client_data: textOf(found.response.clientDataJSON),
    authenticator_data: textOf(found.response.authenticatorData),
    signature: textOf(found.response.signature),
  }
}

const creation = z.object({
  challenge: z.string(),
  rp: z.object({ id: z.optional(z.string()), name: z.string() }),
  user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
  pubKeyCredParams: z.array(z.object({ type: z.literal('public-key'), alg: z.number() })),
  timeout: z.optional(z.number()),
  excludeCredentials: z.optional(z.array(z.object({ type: z.literal('public-key'), id: z.string() }))),
  authenticatorSelection: z.optional(z.object({ userVerification: z.optional(z.string()) })),
})

/** Has a security key make what belongs to this account; what `confirm` wants of it. `options`: as the server sent them. */
export async function newKey(options: unknown): Promise<{ client_data: string; attestation: string }> {
  const want = creation.parse(options)
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: bytesOf(want.challenge),
      rp: { name: want.rp.name, ...(want.rp.id && { id: want.rp.id }) },
      user: { ...want.user, id: bytesOf(want.user.id) },
      pubKeyCredParams: want.pubKeyCredParams,
      ...(want.timeout && { timeout: want.timeout }),
      excludeCredentials: (want.excludeCredentials ?? []).map((c) => ({ type: c.type, id: bytesOf(c.id) })),
      authenticatorSelection: { userVerification: verification(want.authenticatorSelection?.userVerification) },
      attestation: 'none',
    },
  })
  if (!(made instanceof PublicKeyCredential) || !(made.response instanceof AuthenticatorAttestationResponse)) throw new DOMException('', 'NotAllowedError')
  return { client_data: textOf(made.response.clientDataJSON), attestation: textOf(made.response.attestationObject) }
}
