import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api } from '../../app/api'

const grant = z.object({
  id: z.number(),
  holder: z.nullish(z.string()),
  role: z.string(),
  scope: z.string(),
  object: z.nullish(z.string()),
  until: z.nullish(z.string()),
  by: z.nullish(z.string()),
})
export type Grant = z.infer<typeof grant>
const role = z.object({ id: z.nullish(z.number()), name: z.string(), rank: z.number(), meaning: z.string(), permissions: z.array(z.string()) })
export type Role = z.infer<typeof role>

export const grantsQuery = (holder?: string) =>
  queryOptions({
    queryKey: ['grants', holder ?? ''],
    queryFn: async ({ signal }) => z.object({ grants: z.array(grant) }).parse(await api.get('/grants', { holder }, signal)).grants,
  })
/** The program's, and those of an organisation. */
export const customRolesQuery = (organisation: string | undefined) =>
  queryOptions({
    queryKey: ['roles', 'of', organisation ?? ''],
    queryFn: async ({ signal }) => z.object({ roles: z.array(role) }).parse(await api.get('/roles', { organisation, limit: 200 }, signal)).roles,
  })
export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  staleTime: Infinity,
  queryFn: async ({ signal }) => z.object({ roles: z.array(role) }).parse(await api.get('/roles', undefined, signal)).roles,
})
