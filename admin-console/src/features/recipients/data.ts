import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'

const rules = {
  accepts: z.nullish(z.string()),
  max_message: z.nullish(z.number()),
  hidden: z.nullish(z.boolean()),
  allow: z.nullish(z.array(z.string())),
  deny: z.nullish(z.array(z.string())),
}
/** What is known of a person, as the API, files and the command line name it. */
export const PERSON_FIELDS = [
  'given_name',
  'surname',
  'initials',
  'title',
  'department',
  'company',
  'office',
  'manager',
  'street',
  'city',
  'postal_code',
  'region',
  'country',
  'phone',
  'mobile',
  'fax',
  'notes',
] as const
export type PersonField = (typeof PERSON_FIELDS)[number]
const person = Object.fromEntries(PERSON_FIELDS.map((field) => [field, z.nullish(z.string())])) as Record<PersonField, z.ZodMiniOptional<z.ZodMiniNullable<z.ZodMiniString>>>
export type Person = Partial<Record<PersonField, string | null | undefined>>
const owned = {
  source: z.nullish(z.string()),
  source_entry: z.nullish(z.string()),
  source_fields: z.nullish(z.array(z.string())),
}
const user = z.object({
  address: z.string(),
  name: z.string(),
  kind: z.string(),
  state: z.string(),
  quota: z.number(),
  addresses: z.array(z.string()),
  has_password: z.boolean(),
  created: z.nullish(z.string()),
})
export type User = z.infer<typeof user>
const userDetails = z.extend(user, {
  ...owned,
  ...person,
  organisation: z.nullish(z.string()),
  admin_group: z.nullish(z.string()),
  used: z.nullish(z.number()),
  messages: z.nullish(z.number()),
  forward: z.nullish(z.array(z.string())),
  keep_copy: z.nullish(z.boolean()),
  language: z.nullish(z.string()),
  undo_send: z.nullish(z.number()),
  protocols: z.array(z.string()),
  ...rules,
})
export type UserDetails = z.infer<typeof userDetails>
const userPage = z.object({ users: z.array(user), next: z.nullish(z.string()) })

export interface Where {
  organisation?: string | undefined
  domain?: string | undefined
}
export interface UserFilter extends Where {
  text?: string | undefined
  kind?: string | undefined
  state?: string | undefined
  sort?: string | undefined
}

const PAGE = 500

/** Pages of mailboxes as the server finds, filters and sorts them. */
export const usersQuery = (filter: UserFilter) =>
  infiniteQueryOptions({
    queryKey: ['users', 'list', filter],
    initialPageParam: '',
    queryFn: async ({ signal, pageParam }) => userPage.parse(await api.get('/users', { ...filter, after: pageParam, limit: PAGE }, signal)),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: (before) => before,
  })

const listed = z.extend(z.pick(user, { address: true, name: true, kind: true, state: true, quota: true, created: true }), { store: z.nullish(z.string()) })
export type Listed = z.infer<typeof listed>
const MAILBOXES = 'user,shared,room,equipment,public-folder'
/** How the API's list of recipients is asked for mailboxes. */
export const mailboxFilter = ({ kind, state, ...filter }: UserFilter) => ({ ...filter, filter: `kind=${kind ?? MAILBOXES}${state ? ` state=${state}` : ''}` })
/** The same for the list: filtered and sorted by the directory. */
export const mailboxesQuery = (filter: UserFilter) =>
  infiniteQueryOptions({
    queryKey: ['users', 'mailboxes', filter],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ signal, pageParam }) =>
      z.object({ recipients: z.array(listed), next: z.nullish(z.string()) }).parse(
        await api.get('/recipients', { ...mailboxFilter(filter), cursor: pageParam, limit: PAGE, fields: 'address,name,kind,state,quota,store,created' }, signal),
      ),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: (before) => before,
  })

/** All of them, page by page: for a file. */
export async function allUsers(filter: UserFilter): Promise<User[]> {
  const all: User[] = []
  for (let after: string | null | undefined = ''; after !== null && after !== undefined; ) {
    const page: z.infer<typeof userPage> = userPage.parse(await api.get('/users', { ...filter, after, limit: 1000 }))
    all.push(...page.users.filter((u) => (!filter.kind || u.kind === filter.kind) && (!filter.state || u.state === filter.state)))
    after = page.next
  }
  return all
}

export const searchUsersQuery = (text: string) =>
  queryOptions({
    queryKey: ['users', 'search', text],
    queryFn: async ({ signal }) =>
      z.object({ recipients: z.array(listed) }).parse(await api.get('/recipients', { text: text || undefined, filter: `kind=${MAILBOXES}`, limit: 10 }, signal)).recipients,
  })

const addressed = z.object({ address: z.string(), name: z.string(), kind: z.string() })
export type Addressed = z.infer<typeof addressed>
/** Who has an address and no mailbox: groups, contacts, aliases. */
export const addressedQuery = (text: string) =>
  queryOptions({
    queryKey: ['users', 'addressed', text],
    queryFn: async ({ signal }) =>
      z.object({ recipients: z.array(addressed) }).parse(await api.get('/recipients', { text: text || undefined, filter: 'kind=group,contact,alias', limit: 12, fields: 'address,name,kind' }, signal)).recipients,
  })

export const userQuery = (address: string) =>
  queryOptions({
    queryKey: ['users', 'one', address],
    queryFn: async ({ signal }) => userDetails.parse(await api.get(path`/users/${address}`, undefined, signal)),
  })

// ---- groups, contacts, aliases

/** What holds it; absent where the caller does not see that. */
const held = { organisation: z.nullish(z.string()), admin_group: z.nullish(z.string()) }
const group = z.object({ address: z.string(), name: z.string(), members: z.number(), enabled: z.boolean(), ...held })
export type Group = z.infer<typeof group>
const groupDetails = z.object({
  source: z.nullish(z.string()),
  address: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  members: z.nullish(z.array(z.string())),
  list: z.nullish(z.boolean()),
  posting: z.nullish(z.string()),
  join: z.nullish(z.string()),
  hold_days: z.nullish(z.number()),
  query: z.nullish(z.string()),
  archive: z.optional(z.string()),
  selected: z.nullish(z.array(z.string())),
  selects_more: z.nullish(z.boolean()),
  owners: z.nullish(z.array(z.string())),
  moderators: z.nullish(z.array(z.string())),
  ...held,
  ...rules,
})
export type GroupDetails = z.infer<typeof groupDetails>
const contact = z.object({ address: z.string(), name: z.string(), target: z.string(), enabled: z.boolean(), ...held })
export type Contact = z.infer<typeof contact>
const contactDetails = z.extend(contact, { ...owned, ...person, ...rules })
export type ContactDetails = z.infer<typeof contactDetails>
const alias = z.object({ address: z.string(), target: z.array(z.string()), enabled: z.boolean(), ...held })
export type Alias = z.infer<typeof alias>

export const groupsQuery = (where: Where) =>
  queryOptions({
    queryKey: ['groups', 'list', where],
    queryFn: async ({ signal }) => z.object({ groups: z.array(group) }).parse(await api.get('/groups', { ...where }, signal)).groups,
  })
/** Those that the address is a member of itself, not by way of others or by a query. */
export const groupsOfQuery = (member: string) =>
  queryOptions({
    queryKey: ['groups', 'of', member],
    queryFn: async ({ signal }) => z.object({ groups: z.array(group) }).parse(await api.get('/groups', { member }, signal)).groups,
  })
export const groupQuery = (address: string) =>
  queryOptions({
    queryKey: ['groups', 'one', address],
    queryFn: async ({ signal }) => groupDetails.parse(await api.get(path`/groups/${address}`, undefined, signal)),
  })
export const contactsQuery = (where: Where) =>
  queryOptions({
    queryKey: ['contacts', 'list', where],
    queryFn: async ({ signal }) => z.object({ contacts: z.array(contact) }).parse(await api.get('/contacts', { ...where }, signal)).contacts,
  })
export const contactQuery = (address: string) =>
  queryOptions({
    queryKey: ['contacts', 'one', address],
    queryFn: async ({ signal }) => contactDetails.parse(await api.get(path`/contacts/${address}`, undefined, signal)),
  })
export const aliasesQuery = (where: Where & { target?: string | undefined }) =>
  queryOptions({
    queryKey: ['aliases', where],
    queryFn: async ({ signal }) => z.object({ aliases: z.array(alias) }).parse(await api.get('/aliases', { ...where }, signal)).aliases,
  })

// ---- what belongs to one mailbox

const appPassword = z.object({ name: z.string(), protocols: z.array(z.string()), networks: z.array(z.string()), created: z.nullish(z.string()), last_used: z.nullish(z.string()), expires: z.nullish(z.string()) })
export type AppPassword = z.infer<typeof appPassword>
export const appPasswordsQuery = (address: string) =>
  queryOptions({
    queryKey: ['app-passwords', address],
    queryFn: async ({ signal }) => z.object({ app_passwords: z.array(appPassword) }).parse(await api.get(path`/users/${address}/app-passwords`, undefined, signal)).app_passwords,
  })
const accessToken = z.object({
  id: z.number(),
  kind: z.string(),
  name: z.string(),
  peer: z.nullish(z.string()),
  created: z.nullish(z.string()),
  seen: z.nullish(z.string()),
  expires: z.nullish(z.string()),
})
export const sessionsQuery = (address: string) =>
  queryOptions({
    queryKey: ['sessions', address],
    queryFn: async ({ signal }) => z.object({ sessions: z.array(accessToken) }).parse(await api.get(path`/users/${address}/sessions`, undefined, signal)).sessions,
  })
const folder = z.object({ name: z.string(), messages: z.number(), unseen: z.number(), bytes: z.number() })
export const foldersQuery = (address: string) =>
  queryOptions({
    queryKey: ['folders', address],
    queryFn: async ({ signal }) => z.object({ folders: z.array(folder) }).parse(await api.get(path`/mailboxes/${address}/folders`, undefined, signal)).folders,
  })
const trace = z.object({
  id: z.string(),
  time: z.string(),
  sender: z.nullish(z.string()),
  recipients: z.nullish(z.array(z.string())),
  message_id: z.nullish(z.string()),
  subject: z.nullish(z.string()),
  last: z.nullish(z.string()),
})
export type Trace = z.infer<typeof trace>
const traces = z.object({ traces: z.array(trace) })
/** The newest messages to and from an address, one list. */
export const traceOfQuery = (address: string) =>
  queryOptions({
    queryKey: ['trace', 'of', address],
    queryFn: async ({ signal }) => {
      const [to, from] = await Promise.all([
        api.get('/trace', { recipient: address, limit: 25 }, signal),
        api.get('/trace', { sender: address, limit: 25 }, signal),
      ])
      const all = [...traces.parse(to).traces, ...traces.parse(from).traces]
      return [...new Map(all.map((t) => [t.id, t])).values()].sort((a, b) => b.time.localeCompare(a.time))
    },
  })
const rights = z.object({ rights: z.array(z.object({ permission: z.string(), role: z.string(), scope: z.string(), object: z.nullish(z.string()) })) })
export const rightsQuery = (address: string, on: string) =>
  queryOptions({
    queryKey: ['rights', address, on],
    queryFn: async ({ signal }) => rights.parse(await api.get(path`/rights/${address}`, { on }, signal)).rights,
  })

// ---- import

export interface NewUser {
  address: string
  name: string
  password?: string
  quota?: number
  kind?: string
}
export type ImportedUser = NewUser & Partial<Record<PersonField, string>>
