import { Door, Problem } from '@chappe/kit'
import { queryOptions, useQuery } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api } from './api'

const grant = z.object({
  role: z.string(),
  scope: z.string(),
  object: z.nullish(z.string()),
  until: z.nullish(z.string()),
  permissions: z.array(z.string()),
})
const session = z.object({ login: z.string(), name: z.string(), organisation: z.string(), lacks: z.nullish(z.string()), grants: z.array(grant) })
export type Session = z.infer<typeof session>

/** Who was logged in last: the page stays his while he logs in again. */
let last: Session | null = null
export const lastSession = () => last

function remembered(found: Session): Session {
  last = found
  return found
}

/** Who is logged in; null: nobody. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: 60_000,
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return remembered(session.parse(await api.get('/session', undefined, signal)))
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null
      throw error
    }
  },
})

export const door = new Door(api, (answer) => remembered(session.parse(answer)))

export async function logOut(): Promise<void> {
  await door.logOut()
  last = null
}

/** Inside of the shell there is always one. */
export function useSession(): Session {
  const now = useQuery(sessionQuery).data ?? last
  if (!now) throw new Error('no session')
  return now
}

export type Permission =
  | 'organisation.read' | 'organisation.write' | 'domain.read' | 'domain.write' | 'recipient.read' | 'recipient.write'
  | 'password.write' | 'session.write' | 'mailbox.read' | 'mailbox.write' | 'policy.read' | 'policy.write'
  | 'queue.read' | 'queue.write' | 'routing.read' | 'routing.write' | 'storage.read' | 'storage.write'
  | 'quarantine.write' | 'audit.read' | 'delegation.read' | 'delegation.write'

/** Holds the permission somewhere. The server decides; this only hides what would be refused everywhere. */
export function may(who: Session, permission: Permission): boolean {
  return who.grants.some((g) => g.permissions.includes(permission))
}
/** The domains of somebody who holds a permission on domains alone; null: it reaches further. The API wants one named in what changes many. */
export function onlyDomains(permission: Permission): string[] | null {
  const held = (last?.grants ?? []).filter((g) => g.permissions.includes(permission))
  if (held.some((g) => g.scope === 'installation' || g.scope === 'organisation')) return null
  const domains = held.flatMap((g) => (g.scope === 'domain' && g.object ? [g.object] : []))
  return domains.length > 0 ? domains : null
}
/** Whose sessions are ended: as it is asked for, else of the first of one's only domains. */
export function scoped<W extends { domain?: string | undefined }>(where: W): W {
  const own = where.domain ? null : onlyDomains('recipient.read')
  return own ? { ...where, domain: own[0], organisation: undefined } : where
}
/** Holds it on the whole installation. */
export function mayEverywhere(who: Session, permission: Permission): boolean {
  return who.grants.some((g) => g.scope === 'installation' && g.permissions.includes(permission))
}
export function useMay(permission: Permission): boolean {
  return may(useSession(), permission)
}
export function useMayEverywhere(permission: Permission): boolean {
  return mayEverywhere(useSession(), permission)
}
