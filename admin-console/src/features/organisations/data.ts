import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'

const organisation = z.object({
  name: z.string(),
  quota: z.number(),
  enabled: z.boolean(),
  domains: z.number(),
  users: z.number(),
  accepts: z.nullish(z.string()),
  max_message: z.nullish(z.number()),
  language: z.nullish(z.string()),
  created: z.nullish(z.string()),
})
export type Organisation = z.infer<typeof organisation>
const adminGroup = z.object({ name: z.string(), organisation: z.string(), recipients: z.number(), domains: z.number() })
export type AdminGroup = z.infer<typeof adminGroup>

export const organisationsQuery = queryOptions({
  queryKey: ['organisations'],
  queryFn: async ({ signal }) => z.object({ organisations: z.array(organisation) }).parse(await api.get('/organisations', undefined, signal)).organisations,
})

export const organisationQuery = (name: string) =>
  queryOptions({
    queryKey: ['organisations', name],
    queryFn: async ({ signal }) => organisation.parse(await api.get(path`/organisations/${name}`, undefined, signal)),
  })

export const adminGroupsQuery = (name: string | undefined) =>
  queryOptions({
    queryKey: ['admin-groups', name ?? ''],
    queryFn: async ({ signal }) => z.object({ admin_groups: z.array(adminGroup) }).parse(await api.get('/admin-groups', { organisation: name }, signal)).admin_groups,
  })
