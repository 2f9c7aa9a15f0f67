// Who else may see a folder, and do what in it (RFC 9670; RFC 4314 behind it).
import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import type { Jmap } from '../../jmap/client'
import { SetError } from '../../jmap/errors'
import { getOf, query, setAnswer } from '../../jmap/wire'

export const RIGHTS = ['mayReadItems', 'maySetSeen', 'maySetKeywords', 'mayAddItems', 'mayRemoveItems', 'mayCreateChild', 'mayRename', 'mayDelete', 'maySubmit', 'mayShare'] as const
export type Right = (typeof RIGHTS)[number]
export type Rights = Partial<Record<Right, boolean>>

/** What a role may; each has what the one before it has. */
export const ROLES = {
  reader: ['mayReadItems', 'maySetSeen'],
  contributor: ['mayReadItems', 'maySetSeen', 'mayAddItems'],
  author: ['mayReadItems', 'maySetSeen', 'mayAddItems', 'maySetKeywords', 'mayCreateChild'],
  editor: ['mayReadItems', 'maySetSeen', 'mayAddItems', 'maySetKeywords', 'mayCreateChild', 'mayRemoveItems'],
  owner: ['mayReadItems', 'maySetSeen', 'mayAddItems', 'maySetKeywords', 'mayCreateChild', 'mayRemoveItems', 'mayRename', 'mayDelete', 'maySubmit', 'mayShare'],
} as const satisfies Record<string, readonly Right[]>
export type Role = keyof typeof ROLES
export const ROLE_NAMES = Object.keys(ROLES) as Role[]

export const rightsOf = (role: Role): Rights => Object.fromEntries(ROLES[role].map((r) => [r, true]))

/** Of public folders, as Outlook calls them. What one has read there is the same for everybody: only editors mark it. */
export const PUBLIC_ROLES = {
  contributor: ['mayAddItems', 'maySubmit'],
  reviewer: ['mayReadItems'],
  author: ['mayReadItems', 'mayAddItems', 'maySubmit'],
  editor: ['mayReadItems', 'maySetSeen', 'mayAddItems', 'maySetKeywords', 'mayRemoveItems', 'maySubmit'],
  owner: ROLES.owner,
} as const satisfies Record<string, readonly Right[]>
export type PublicRole = keyof typeof PUBLIC_ROLES

/** The roles of one kind of folders. */
export interface RoleSet {
  readonly names: readonly (Role | PublicRole)[]
  readonly first: Role | PublicRole
  rightsOf(role: Role | PublicRole): Rights
  roleOf(rights: Rights): Role | PublicRole | null
}
const setOf = (roles: Partial<Record<Role | PublicRole, readonly Right[]>>, first: Role | PublicRole): RoleSet => {
  const names = Object.keys(roles) as (Role | PublicRole)[]
  const of = (role: Role | PublicRole): readonly Right[] => roles[role] ?? []
  return {
    names,
    first,
    rightsOf: (role) => Object.fromEntries(of(role).map((r) => [r, true])),
    roleOf: (rights) => names.find((role) => sameRights(of(role), rights)) ?? null,
  }
}
/** Deleting and renaming a folder are one right of IMAP: they come and go together. */
export function withRight(rights: Rights, right: Right, on: boolean): Rights {
  const both: Right[] = right === 'mayRename' || right === 'mayDelete' ? ['mayRename', 'mayDelete'] : [right]
  return { ...rights, ...Object.fromEntries(both.map((r) => [r, on])) }
}
/** Posting to a folder by mail is no difference that a role makes. */
function sameRights(role: readonly Right[], rights: Rights): boolean {
  const has = RIGHTS.filter((r) => rights[r] && r !== 'maySubmit')
  const of = role.filter((r) => r !== 'maySubmit')
  return of.length === has.length && of.every((r) => has.includes(r))
}
export const roleOf = (rights: Rights): Role | null => ROLE_NAMES.find((role) => sameRights(ROLES[role], rights)) ?? null
export const MAILBOX_ROLES = setOf(ROLES, 'reader')
export const PUBLIC_FOLDER_ROLES = setOf(PUBLIC_ROLES, 'author')

const shared = z.object({ id: z.string(), shareWith: z.nullable(z.record(z.string(), z.record(z.string(), z.boolean()))) })
const principal = z.object({ id: z.string(), type: z.string(), name: z.string(), email: z.nullable(z.string()) })
export type Principal = z.infer<typeof principal>
const PRINCIPAL = Object.keys(principal.shape)

export interface Share {
  who: Principal
  rights: Rights
}

/** With whom each folder of the account is shared; folders that are shared with nobody are left out. */
export const sharesQuery = (jmap: Jmap, accountId: string) =>
  queryOptions({
    queryKey: ['shares', accountId],
    queryFn: async ({ signal }): Promise<Map<string, Share[]>> => {
      const folders = await jmap.call('Mailbox/get', { accountId, ids: null, properties: ['id', 'shareWith'] }, getOf(shared), signal)
      const ids = [...new Set(folders.list.flatMap((f) => Object.keys(f.shareWith ?? {})))]
      const people = ids.length > 0 ? (await jmap.call('Principal/get', { accountId, ids, properties: PRINCIPAL }, getOf(principal), signal)).list : []
      const byId = new Map(people.map((p) => [p.id, p]))
      const who = (id: string): Principal => byId.get(id) ?? { id, type: 'other', name: '', email: null }
      return new Map(folders.list.filter((f) => f.shareWith).map((f) => [f.id, Object.entries(f.shareWith ?? {}).map(([id, rights]) => ({ who: who(id), rights }))]))
    },
  })

export async function findPrincipals(jmap: Jmap, accountId: string, text: string, signal: AbortSignal): Promise<Principal[]> {
  const batch = jmap.batch()
  const found = batch.add('Principal/query', { accountId, filter: { text }, limit: 12 }, query)
  const got = batch.add('Principal/get', { accountId, '#ids': found.at('/ids'), properties: PRINCIPAL }, getOf(principal))
  await batch.send(signal)
  return got.result.list.filter((p) => p.type !== 'other' && p.email !== null)
}

const wire = (shares: readonly Share[]) => (shares.length === 0 ? null : Object.fromEntries(shares.map(({ who, rights }) => [who.id, rights])))

/** With whom each of these folders is shared from now on. */
export async function share(jmap: Jmap, accountId: string, folders: ReadonlyMap<string, readonly Share[]>): Promise<void> {
  const update = Object.fromEntries([...folders].map(([id, shares]) => [id, { shareWith: wire(shares) }]))
  const answer = await jmap.call('Mailbox/set', { accountId, update }, setAnswer)
  const refused = Object.entries(answer.notUpdated ?? {})[0]
  if (refused) throw SetError.of(...refused)
}
