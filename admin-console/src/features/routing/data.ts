import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'

const texts = z.nullish(z.array(z.string()))
const connector = z.object({
  name: z.string(),
  kind: z.string(),
  routing_group: z.nullish(z.string()),
  target_group: z.nullish(z.string()),
  organisation: z.nullish(z.string()),
  enabled: z.boolean(),
  cost: z.number(),
  schedule: z.string(),
  smarthost: z.nullish(z.string()),
  tls: z.string(),
  source: z.nullish(z.string()),
  login: z.nullish(z.string()),
  priorities: texts,
  max_message: z.nullish(z.number()),
  connections: z.nullish(z.number()),
  rate: z.nullish(z.number()),
  recipients: z.nullish(z.number()),
  alarm: z.nullish(z.number()),
  spaces: texts,
  from_servers: texts,
  to_servers: texts,
  allow: texts,
  deny: texts,
})
export type Connector = z.infer<typeof connector>
export const isSmtp = (c: Connector) => c.kind === 'smtp'

export const connectorsQuery = queryOptions({
  queryKey: ['routing', 'connectors'],
  queryFn: async ({ signal }) => z.object({ connectors: z.array(connector) }).parse(await api.get('/connectors', undefined, signal)).connectors,
})
export const connectorQuery = (name: string) =>
  queryOptions({
    queryKey: ['routing', 'connector', name],
    queryFn: async ({ signal }) => connector.parse(await api.get(path`/connectors/${name}`, undefined, signal)),
  })

const group = z.object({ name: z.string(), servers: z.number(), storage_groups: z.number() })
export type RoutingGroup = z.infer<typeof group>
export const groupsQuery = queryOptions({
  queryKey: ['routing', 'groups'],
  queryFn: async ({ signal }) => z.object({ routing_groups: z.array(group) }).parse(await api.get('/routing-groups', undefined, signal)).routing_groups,
})

const server = z.object({ name: z.string(), routing_group: z.string(), address: z.nullish(z.string()), seen: z.nullish(z.string()) })
export type Server = z.infer<typeof server>
export const serversQuery = queryOptions({
  queryKey: ['routing', 'servers'],
  refetchInterval: 30_000,
  queryFn: async ({ signal }) => z.object({ servers: z.array(server) }).parse(await api.get('/servers', undefined, signal)).servers,
})

const link = z.object({ connector: z.string(), host: z.string(), since: z.nullish(z.string()), until: z.nullish(z.string()), reason: z.nullish(z.string()) })
export type DeadLink = z.infer<typeof link>
export const linksQuery = queryOptions({
  queryKey: ['routing', 'links'],
  refetchInterval: 10_000,
  queryFn: async ({ signal }) => z.object({ links: z.array(link) }).parse(await api.get('/links', undefined, signal)).links,
})

const way = z.object({
  address: z.string(),
  why: z.string(),
  way: z.string(),
  connector: z.nullish(z.string()),
  domain: z.nullish(z.string()),
  hosts: z.array(z.string()),
  path: z.array(z.string()),
  reason: z.nullish(z.string()),
  opens: z.nullish(z.string()),
})
const answer = z.object({ verdict: z.string(), steps: z.array(z.object({ what: z.string(), from: z.string(), to: z.string() })), ways: z.array(way) })

export interface RouteQuestion {
  recipient: string
  sender?: string | undefined
  size?: string | undefined
}
export const routeQuery = (question: RouteQuestion) =>
  queryOptions({
    queryKey: ['routing', 'route', question],
    retry: false,
    queryFn: async ({ signal }) => answer.parse(await api.get('/route', { ...question }, signal)),
  })
