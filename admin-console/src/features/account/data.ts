import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'

const factor = z.object({
  id: z.number(),
  kind: z.string(),
  name: z.string(),
  confirmed: z.boolean(),
  site: z.nullish(z.string()),
  created: z.nullish(z.string()),
  last_used: z.nullish(z.string()),
})
export type Factor = z.infer<typeof factor>

export const factorsQuery = (address: string) =>
  queryOptions({
    queryKey: ['second-factors', address],
    queryFn: async ({ signal }) => z.object({ second_factors: z.array(factor), recovery_codes_left: z.number() }).parse(await api.get(path`/users/${address}/second-factors`, undefined, signal)),
  })

const begun = z.object({ id: z.number(), secret: z.nullish(z.string()), uri: z.nullish(z.string()), options: z.optional(z.unknown()) })
export type Begun = z.infer<typeof begun>
export async function beginFactor(address: string, kind: 'totp' | 'webauthn', name: string): Promise<Begun> {
  return begun.parse(await api.post(path`/users/${address}/second-factors`, { kind, name }))
}

const confirmed = z.object({ recovery_codes: z.nullish(z.array(z.string())) })
/** The recovery codes that come with the first one; else none. */
export async function confirmFactor(address: string, id: number, proof: Record<string, string>): Promise<string[]> {
  return confirmed.parse(await api.post(path`/users/${address}/second-factors/${id}/confirm`, proof)).recovery_codes ?? []
}
export async function newRecoveryCodes(address: string): Promise<string[]> {
  return z.object({ recovery_codes: z.array(z.string()) }).parse(await api.post(path`/users/${address}/recovery-codes`)).recovery_codes
}
export async function makeToken(name: string, permissions: string[], days: number): Promise<string> {
  return z.object({ token: z.string() }).parse(await api.post('/tokens', { name, days, ...(permissions.length > 0 && { permissions }) })).token
}
