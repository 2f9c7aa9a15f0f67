// What the search over everything finds: each kind of thing is asked of the server, or looked for in a short list of it.
import { useQuery } from '@tanstack/react-query'
import type { LinkProps } from '@tanstack/react-router'
import { backupsQuery } from '../features/access/data'
import { directoriesQuery } from '../features/directories/data'
import { domainsQuery } from '../features/domains/data'
import { organisationsQuery } from '../features/organisations/data'
import { addressedQuery, searchUsersQuery, type Addressed } from '../features/recipients/data'
import { queuedQuery } from '../features/queue/data'
import { connectorsQuery, groupsQuery as routingGroupsQuery, serversQuery } from '../features/routing/data'
import { groupsQuery as storageGroupsQuery, storesQuery } from '../features/storage/data'
import { traceQuery } from '../features/tracking/data'
import { places, type Place } from './places'
import { may, mayEverywhere, useSession } from './session'
import { useAppTexts } from './texts'

export interface Hit {
  key: string
  kind: string
  name: string
  more?: string
  link: LinkProps
}
const MANY = 6
/** As Received, the log and the trace write a message's id. */
const ID = /^[0-9a-f]{16}$/i
const MESSAGE_ID = /^<[^<>@\s]+@[^<>\s]+>$/

function flat(all: Place[]): Place[] {
  return all.flatMap((p) => [p, ...(p.below ?? [])])
}

const once = { retry: false, refetchInterval: false as const }

/** Aliases have no page of their own: their list, with the one. */
const linkOf = (r: Addressed): LinkProps =>
  r.kind === 'group'
    ? { to: '/recipients/groups/$address', params: { address: r.address } }
    : r.kind === 'contact'
      ? { to: '/recipients/contacts/$address', params: { address: r.address } }
      : { to: '/recipients/aliases', search: { text: r.address } }

/** Addresses and names, found by the server. */
function useRecipients(text: string, asks: boolean) {
  const say = useAppTexts()
  const session = useSession()
  const seen = asks && may(session, 'recipient.read')
  const users = useQuery({ ...searchUsersQuery(text), enabled: seen })
  const others = useQuery({ ...addressedQuery(text), enabled: seen })
  const kinds: Record<string, string> = { group: say('search.groups'), contact: say('search.contacts'), alias: say('search.aliases') }
  const hits: Hit[] = !seen
    ? []
    : [
        ...(users.data ?? []).slice(0, MANY).map((u): Hit => ({ key: `u${u.address}`, kind: say('search.users'), name: u.name, more: u.address, link: { to: '/recipients/$address', params: { address: u.address } } })),
        ...(others.data ?? []).map((r): Hit => ({ key: `r${r.address}`, kind: kinds[r.kind] ?? r.kind, name: r.name || r.address, ...(r.name && { more: r.address }), link: linkOf(r) })),
      ]
  return { hits, busy: users.isFetching || others.isFetching }
}

/** The message of an id, in the queue and in the trace; a Message-ID leads to the search of the trace. */
function useMessages(text: string) {
  const say = useAppTexts()
  const session = useSession()
  const isId = ID.test(text) && may(session, 'queue.read')
  const queued = useQuery({ ...queuedQuery(text), ...once, enabled: isId && mayEverywhere(session, 'queue.read') })
  const traced = useQuery({ ...traceQuery(text), ...once, enabled: isId })
  const name = say('search.queue', { id: text })
  const hits: Hit[] = []
  if (isId && queued.data) hits.push({ key: 'queued', kind: say('tree.queue'), name, more: queued.data.sender, link: { to: '/queue/$id', params: { id: text } } })
  if (isId && traced.data) hits.push({ key: 'traced', kind: say('tree.tracking'), name, more: traced.data.sender ?? '', link: { to: '/tracking/$id', params: { id: text } } })
  if (MESSAGE_ID.test(text) && may(session, 'queue.read')) hits.push({ key: 'message-id', kind: say('tree.tracking'), name: text, link: { to: '/tracking', search: { message_id: text } } })
  return { hits, busy: isId && (queued.isFetching || traced.isFetching) }
}

/** What there is few of: looked for in all of it. */
function useThings(text: string, asks: boolean) {
  const say = useAppTexts()
  const session = useSession()
  const routes = asks && mayEverywhere(session, 'routing.read')
  const stores = asks && mayEverywhere(session, 'storage.read')
  const domains = useQuery({ ...domainsQuery(), enabled: asks && may(session, 'domain.read') })
  const organisations = useQuery({ ...organisationsQuery, enabled: asks && may(session, 'organisation.read') })
  const servers = useQuery({ ...serversQuery, ...once, enabled: routes })
  const routingGroups = useQuery({ ...routingGroupsQuery, enabled: routes })
  const connectors = useQuery({ ...connectorsQuery, enabled: routes })
  const backups = useQuery({ ...backupsQuery, enabled: asks && may(session, 'routing.read') })
  const storageGroups = useQuery({ ...storageGroupsQuery, enabled: stores })
  const allStores = useQuery({ ...storesQuery, enabled: stores })
  const directories = useQuery({ ...directoriesQuery(undefined), ...once, enabled: asks && mayEverywhere(session, 'organisation.read') })
  const wanted = text.toLowerCase()
  const has = (...words: (string | null | undefined)[]) => words.some((w) => w?.toLowerCase().includes(wanted))
  const some = <T,>(all: T[] | undefined, fits: (one: T) => boolean, hit: (one: T) => Hit) => (asks ? (all ?? []).filter(fits).slice(0, MANY).map(hit) : [])
  const hits: Hit[] = [
    ...some(domains.data, (d) => has(d.name), (d) => ({ key: `d${d.name}`, kind: say('search.domains'), name: d.name, link: { to: '/domains/$domain', params: { domain: d.name } } })),
    ...some(organisations.data, (o) => has(o.name), (o) => ({ key: `o${o.name}`, kind: say('search.organisations'), name: o.name, link: { to: '/organisations/$name', params: { name: o.name } } })),
    ...some(servers.data, (s) => has(s.name, s.address), (s) => ({ key: `v${s.name}`, kind: say('search.servers'), name: s.name, more: s.routing_group, link: { to: '/routing' } })),
    ...some(routingGroups.data, (g) => has(g.name), (g) => ({ key: `g${g.name}`, kind: say('search.routingGroups'), name: g.name, link: { to: '/routing' } })),
    ...some(connectors.data, (c) => has(c.name, c.smarthost), (c) => ({ key: `c${c.name}`, kind: say('tree.connectors'), name: c.name, ...(c.smarthost && { more: c.smarthost }), link: { to: '/routing/connectors/$name', params: { name: c.name } } })),
    ...some(backups.data, (b) => has(b.domain), (b) => ({ key: `b${b.domain}`, kind: say('tree.backups'), name: b.domain, link: { to: '/routing/backup-mx/$domain', params: { domain: b.domain } } })),
    ...some(storageGroups.data, (g) => has(g.name), (g) => ({ key: `t${g.name}`, kind: say('tree.storage'), name: g.name, link: { to: '/storage' } })),
    ...some(allStores.data, (s) => has(s.name), (s) => ({ key: `s${s.storage_group} ${s.name}`, kind: say('search.stores'), name: s.name, more: s.storage_group, link: { to: '/storage/$group/$store', params: { group: s.storage_group, store: s.name } } })),
    ...some(
      directories.data?.filter((d) => d.type !== 'internal'),
      (d) => has(d.name),
      (d) => ({ key: `l${d.organisation} ${d.name}`, kind: say('tree.directories'), name: d.name, more: d.organisation, link: { to: '/directories/source', search: { organisation: d.organisation, source: d.name } } }),
    ),
  ]
  return { hits, busy: [domains, organisations, servers, connectors, allStores].some((q) => q.isFetching) }
}

/** `text`: as it was typed, without blanks around it; of a single letter only pages are found. */
export function useHits(text: string): { hits: Hit[]; busy: boolean } {
  const say = useAppTexts()
  const session = useSession()
  const asks = text.length >= 2
  const recipients = useRecipients(text, asks)
  const messages = useMessages(text)
  const things = useThings(text, asks)
  const pages: Hit[] = flat(places)
    .filter((p) => (text === '' || asks) && (!p.needs || may(session, p.needs)) && say(p.text).toLowerCase().includes(text.toLowerCase()))
    .map((p) => ({ key: `p${p.text}`, kind: say('search.pages'), name: say(p.text), link: p.link }))
  return { hits: [...pages, ...messages.hits, ...recipients.hits, ...things.hits], busy: recipients.busy || messages.busy || things.busy }
}
