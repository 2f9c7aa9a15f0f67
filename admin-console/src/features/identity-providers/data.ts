import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'
import type { Option } from '../../app/command'

const provider = z.object({
  name: z.string(),
  domain: z.nullish(z.string()),
  issuer: z.string(),
  client: z.string(),
  has_secret: z.boolean(),
  scopes: z.string(),
  audience: z.string(),
  claim: z.string(),
  certificates: z.string(),
  web: z.boolean(),
  mail: z.boolean(),
  tokens: z.enum(['jwt', 'introspection']),
  second_factor: z.boolean(),
  beyond: z.boolean(),
  enabled: z.boolean(),
})
export type Provider = z.infer<typeof provider>
export const providersQuery = (organisation: string | undefined) =>
  queryOptions({
    queryKey: ['identity-providers', organisation ?? ''],
    enabled: organisation !== undefined,
    queryFn: async ({ signal }) => z.object({ identity_providers: z.array(provider) }).parse(await api.get('/identity-providers', { organisation, limit: 200 }, signal)).identity_providers,
  })
export const providerQuery = (name: string, organisation: string) =>
  queryOptions({
    queryKey: ['identity-providers', organisation, name],
    queryFn: async ({ signal }) => provider.parse(await api.get(path`/identity-providers/${name}`, { organisation }, signal)),
  })

const trial = z.object({ passed: z.boolean(), steps: z.array(z.object({ step: z.string(), passed: z.boolean(), detail: z.string() })) })
export type Trial = z.infer<typeof trial>
export const tryProvider = async (name: string, organisation: string): Promise<Trial> => trial.parse(await api.post(path`/identity-providers/${name}/test`, undefined, { organisation }))

// ---- the form

export const claims = ['email', 'preferred_username', 'upn'] as const
/** What is asked for; a secret that is not typed stays as it is. */
export interface Fields extends Omit<Provider, 'domain' | 'has_secret'> {
  domain: string
  secret: string
}
export const empty: Fields = { name: '', domain: '', issuer: '', client: '', secret: '', scopes: 'openid email profile', audience: '', claim: 'email', certificates: '', web: true, mail: true, tokens: 'jwt', second_factor: false, beyond: false, enabled: true }
export const fieldsOf = ({ domain, has_secret: _, ...rest }: Provider): Fields => ({ ...rest, domain: domain ?? '', secret: '' })

/** What of it is to be sent, and how the command line says it: what differs from before, or from what is there by itself. */
export function changesOf(now: Fields, before: Fields): { body: Record<string, unknown>; options: Record<string, Option> } {
  const body: Record<string, unknown> = {}
  const options: Record<string, Option> = {}
  for (const key of Object.keys(now) as (keyof Fields)[]) {
    const value = now[key]
    if (value === before[key]) continue
    body[key] = value
    if (key === 'secret') options['secret-file'] = '-'
    else if (key === 'certificates') options['certificates-file'] = '-'
    else options[key.replaceAll('_', '-')] = typeof value === 'boolean' ? (value ? 'yes' : 'no') : value
  }
  return { body, options }
}
