import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'

/** By which somebody may log in, as the API names them; what a newer server knows beside these stays as it is. */
export const protocols = ['imap', 'pop3', 'smtp', 'sieve', 'web', 'dav', 'admin'] as const
export type Protocol = (typeof protocols)[number]
export const closedOf = (allowed: readonly string[]): Protocol[] => protocols.filter((p) => !allowed.includes(p))
/** `allowed` without or with one, in the order of the API's own. */
export const switched = (allowed: readonly string[], protocol: Protocol, on: boolean): string[] => (on ? [...allowed, protocol] : allowed.filter((p) => p !== protocol))

const level = z.object({ name: z.string(), protocols: z.array(z.string()) })
export type Level = z.infer<typeof level>
/** What an organisation, or one of its domains, lets its users do. */
export const levelQuery = (of: 'organisations' | 'domains', name: string | undefined) =>
  queryOptions({
    queryKey: [of === 'domains' ? 'domain' : of, name ?? '', 'protocols'],
    enabled: name !== undefined,
    queryFn: async ({ signal }) => level.parse(await api.get(path`/${of}/${name ?? ''}`, undefined, signal)),
  })

const user = z.object({ address: z.string(), name: z.string(), protocols: z.array(z.string()) })
export type User = z.infer<typeof user>
export interface UserFilter {
  organisation?: string | undefined
  domain?: string | undefined
  text?: string | undefined
  restricted?: boolean | undefined
}
export const usersQuery = (filter: UserFilter) =>
  infiniteQueryOptions({
    queryKey: ['users', 'protocols', filter],
    initialPageParam: '',
    queryFn: async ({ signal, pageParam }) => z.object({ users: z.array(user), next: z.nullish(z.string()) }).parse(await api.get('/users', { ...filter, after: pageParam, limit: 200 }, signal)),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: (before) => before,
  })
