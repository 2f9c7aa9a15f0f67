// What the owner of an account sets of the account itself (docs/jmap.md, urn:chappe:params:jmap:account).
import { factorAsked, type FactorAsked } from '@chappe/kit'
import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import type { Jmap } from '../../../jmap/client'
import { getOf } from '../../../jmap/wire'
import { setOwn } from '../set'

/** All objects of a type of the own account. */
export function ownQuery<T>(jmap: Jmap, type: string, item: z.ZodMiniType<T>) {
  return queryOptions({
    queryKey: ['own', jmap.ownAccount, type],
    queryFn: async ({ signal }): Promise<T[]> => (await jmap.call(`${type}/get`, { accountId: jmap.ownAccount, ids: null }, getOf(item), signal)).list as T[],
  })
}

const made = z.looseObject({ id: z.string() })
/** Makes one; what the server says of it. */
export async function make<T>(jmap: Jmap, type: string, object: Record<string, unknown>, said: z.ZodMiniType<T>): Promise<T> {
  const answer = await setOwn(jmap, type, { create: { one: object } })
  return said.parse(answer.created?.['one'] ?? made.parse({}))
}
export const remove = (jmap: Jmap, type: string, ids: readonly string[]) => setOwn(jmap, type, { destroy: ids })

// ---- second factors

const factor = z.object({
  id: z.string(),
  kind: z.string(),
  name: z.string(),
  confirmed: z.boolean(),
  site: z.nullish(z.string()),
  created: z.nullish(z.string()),
  lastUsed: z.nullish(z.string()),
})
export type Factor = z.infer<typeof factor>
export const factorsQuery = (jmap: Jmap) => ownQuery(jmap, 'SecondFactor', factor)
export const codesQuery = (jmap: Jmap) => ownQuery(jmap, 'RecoveryCodes', z.object({ id: z.string(), left: z.number() }))

const begun = z.object({ id: z.string(), secret: z.nullish(z.string()), uri: z.nullish(z.string()), options: z.optional(z.unknown()) })
export type Begun = z.infer<typeof begun>
export const beginFactor = (jmap: Jmap, kind: 'totp' | 'webauthn', name: string): Promise<Begun> => make(jmap, 'SecondFactor', { kind, name }, begun)

const confirmed = z.nullish(z.object({ recoveryCodes: z.nullish(z.array(z.string())) }))
/** The recovery codes that come with the first one; else none. */
export async function confirmFactor(jmap: Jmap, id: string, proof: Record<string, string>): Promise<string[]> {
  const answer = await setOwn(jmap, 'SecondFactor', { update: { [id]: proof } })
  return confirmed.parse(answer.updated?.[id])?.recoveryCodes ?? []
}
export const newCodes = async (jmap: Jmap): Promise<string[]> => (await make(jmap, 'RecoveryCodes', {}, z.object({ codes: z.array(z.string()) }))).codes

// ---- a second factor that is asked for once more

const camel = (word: string) => word.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
export const camelled = (object: Record<string, string>): Record<string, string> => Object.fromEntries(Object.entries(object).map(([name, value]) => [camel(name), value]))

const challenge = z.looseObject({ userVerification: z.nullish(z.string()) })
export async function askFactor(jmap: Jmap): Promise<FactorAsked> {
  const answer = await jmap.call('SecondFactor/challenge', { accountId: jmap.ownAccount }, challenge)
  return factorAsked({ ...answer, user_verification: answer.userVerification }) ?? { methods: [] }
}
export async function proveFactor(jmap: Jmap, proof: Record<string, string>): Promise<void> {
  await jmap.call('SecondFactor/prove', { accountId: jmap.ownAccount, ...camelled(proof) }, z.looseObject({}))
}

// ---- app passwords

export const PROTOCOLS = ['imap', 'smtp', 'pop3', 'sieve', 'dav', 'web'] as const
const appPassword = z.object({
  id: z.string(),
  name: z.string(),
  protocols: z.array(z.string()),
  networks: z.nullish(z.array(z.string())),
  created: z.nullish(z.string()),
  lastUsed: z.nullish(z.string()),
  expires: z.nullish(z.string()),
})
export type AppPassword = z.infer<typeof appPassword>
export const appPasswordsQuery = (jmap: Jmap) => ownQuery(jmap, 'AppPassword', appPassword)
export const makeAppPassword = async (jmap: Jmap, object: Record<string, unknown>): Promise<string> => (await make(jmap, 'AppPassword', object, z.object({ password: z.string() }))).password

// ---- sessions and activity

const session = z.object({
  id: z.string(),
  kind: z.string(),
  name: z.nullish(z.string()),
  peer: z.nullish(z.string()),
  method: z.nullish(z.string()),
  current: z.nullish(z.boolean()),
  created: z.nullish(z.string()),
  seen: z.nullish(z.string()),
  expires: z.nullish(z.string()),
})
export type Session = z.infer<typeof session>
export const sessionsQuery = (jmap: Jmap) => ownQuery(jmap, 'LoginSession', session)

const activity = z.object({ id: z.string(), day: z.string(), action: z.string(), actor: z.nullish(z.string()), peer: z.nullish(z.string()), count: z.number(), first: z.string(), last: z.string() })
export type Activity = z.infer<typeof activity>
export const activityQuery = (jmap: Jmap) => ownQuery(jmap, 'AccountActivity', activity)

const ownPassword = z.object({ id: z.string(), keptIn: z.string(), known: z.boolean(), minLength: z.number(), complex: z.boolean(), history: z.number(), minAgeDays: z.number(), maxAgeDays: z.number() })
/** Where the own password is kept, and what is asked of a new one. */
export const ownPasswordQuery = (jmap: Jmap) => ownQuery(jmap, 'OwnPassword', ownPassword)
export const changePassword = (jmap: Jmap, current: string, password: string) => setOwn(jmap, 'OwnPassword', { update: { singleton: { current, password } } })
