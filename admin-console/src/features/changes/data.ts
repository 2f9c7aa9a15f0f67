import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api } from '../../app/api'

const change = z.object({
  id: z.number(),
  requester: z.string(),
  method: z.string(),
  path: z.string(),
  before: z.optional(z.unknown()),
  after: z.optional(z.unknown()),
  state: z.string(),
  created: z.nullish(z.string()),
  expires: z.nullish(z.string()),
  decided_by: z.nullish(z.string()),
  note: z.nullish(z.string()),
  outcome: z.nullish(z.string()),
})
export type Change = z.infer<typeof change>

export const states = ['waiting', 'done', 'failed', 'rejected', 'withdrawn', 'expired', 'unknown'] as const
export const changesQuery = (state: string | undefined) =>
  queryOptions({
    queryKey: ['changes', state ?? ''],
    queryFn: async ({ signal }) => z.object({ changes: z.array(change) }).parse(await api.get('/changes', { state }, signal)).changes,
  })

/** "PATCH /users/ada@example.org", as `chappe api` takes it. */
export const requestOf = (of: Change) => `${of.method} ${of.path.replace(/^\/api\/v1/, '')}`

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
const shown = (value: unknown) => (value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value))

/** What would be different, a field a row. */
export function difference(of: Change): { field: string; before: string; after: string }[] {
  const before = membersOf(of.before)
  const after = membersOf(of.after)
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].map((field) => ({ field, before: shown(before[field]), after: shown(after[field]) }))
}
