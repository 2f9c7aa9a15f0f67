import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'

const domain = z.object({
  name: z.string(),
  organisation: z.string(),
  admin_group: z.nullish(z.string()),
  kind: z.string(),
  target: z.nullish(z.string()),
  catch_all: z.nullish(z.string()),
  quota: z.number(),
  enabled: z.boolean(),
  subaddresses: z.boolean(),
  recipients: z.number(),
  protocols: z.array(z.string()),
})
export type Domain = z.infer<typeof domain>

async function domainsOf(organisation: string | undefined, signal: AbortSignal): Promise<Domain[]> {
  return z.object({ domains: z.array(domain) }).parse(await api.get('/domains', { organisation }, signal)).domains
}

export const domainsQuery = (organisation?: string) =>
  queryOptions({
    queryKey: ['domains', organisation ?? ''],
    queryFn: ({ signal }) => domainsOf(organisation, signal),
  })

const PAGE = 200

/** Pages of domains as the server finds and sorts them. */
export const domainPagesQuery = (filter: { organisation?: string | undefined; text?: string | undefined; sort?: string | undefined }) =>
  infiniteQueryOptions({
    queryKey: ['domains', 'pages', filter],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ signal, pageParam }) => {
      const text = filter.text?.trim().toLowerCase().replaceAll('"', '')
      const answer = await api.get('/domains', { organisation: filter.organisation, filter: text ? `name~"${text}"` : undefined, sort: filter.sort, limit: PAGE, cursor: pageParam }, signal)
      return z.object({ domains: z.array(domain), next: z.nullish(z.string()) }).parse(answer)
    },
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: (before) => before,
  })

/** Their names, to choose one. */
export const domainNamesQuery = (organisation?: string) =>
  queryOptions({
    queryKey: ['domains', 'names', organisation ?? ''],
    queryFn: async ({ signal }) => z.object({ domains: z.array(z.object({ name: z.string() })) }).parse(await api.get('/domains', { organisation, fields: 'name' }, signal)).domains.map((d) => d.name),
  })

export const domainQuery = (name: string) =>
  queryOptions({
    queryKey: ['domain', name],
    queryFn: async ({ signal }) => domain.parse(await api.get(path`/domains/${name}`, undefined, signal)),
  })

const dnsRecord = z.object({
  purpose: z.string(),
  name: z.string(),
  type: z.string(),
  value: z.string(),
  found: z.array(z.string()),
  state: z.enum(['good', 'weak', 'different', 'missing', 'unanswered']),
  is_secure: z.boolean(),
  detail: z.nullish(z.string()),
})
export type DnsRecord = z.infer<typeof dnsRecord>

/** What the zone should say, and what it says now. `host`: the name of this server in it. */
export const dnsQuery = (domain: string, host: string | undefined) =>
  queryOptions({
    queryKey: ['dns', domain, host ?? ''],
    staleTime: 60_000,
    queryFn: async ({ signal }) => z.object({ host: z.string(), is_validated: z.boolean(), mta_sts: z.string(), records: z.array(dnsRecord) }).parse(await api.get(path`/domains/${domain}/dns`, { host }, signal)),
  })

const dkimKey = z.object({
  domain: z.string(),
  selector: z.string(),
  algorithm: z.string(),
  state: z.string(),
  created: z.nullish(z.string()),
  active_from: z.nullish(z.string()),
  name: z.string(),
  type: z.string(),
  value: z.string(),
})
export type DkimKey = z.infer<typeof dkimKey>

export const dkimQuery = (domain: string) =>
  queryOptions({
    queryKey: ['dkim', domain],
    queryFn: async ({ signal }) => z.object({ keys: z.array(dkimKey) }).parse(await api.get(path`/dkim/${domain}`, undefined, signal)).keys,
  })
