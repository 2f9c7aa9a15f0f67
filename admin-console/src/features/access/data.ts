import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'

const entry = z.object({ value: z.string(), kind: z.string(), note: z.nullish(z.string()), by: z.nullish(z.string()), created: z.nullish(z.string()), expires: z.nullish(z.string()) })
export type AccessEntry = z.infer<typeof entry>
export type ListName = 'block' | 'allow'

export const accessQuery = (list: ListName, organisation: string | undefined) =>
  queryOptions({
    queryKey: ['access', list, organisation ?? ''],
    queryFn: async ({ signal }) => z.object({ entries: z.array(entry) }).parse(await api.get(`/${list}`, { organisation }, signal)).entries,
  })

/** Looked at first: what is taken back is what stands there now. */
export async function takeBack(list: ListName, value: string, organisation: string | undefined): Promise<void> {
  await api.get(`/${list}/entry`, { value, organisation })
  await api.delete(`/${list}/entry`, { value, organisation })
}

const backup = z.object({
  domain: z.string(),
  type: z.string(),
  organisation: z.string(),
  enabled: z.boolean(),
  knows_recipients: z.boolean(),
  asks_primary: z.boolean(),
  recipients: z.nullish(z.number()),
})
export type BackupMx = z.infer<typeof backup>
export const backupsQuery = queryOptions({
  queryKey: ['backup-mx', 'list'],
  queryFn: async ({ signal }) => z.object({ backup_mx: z.array(backup) }).parse(await api.get('/backup-mx', undefined, signal)).backup_mx,
})
export const backupQuery = (domain: string) =>
  queryOptions({
    queryKey: ['backup-mx', 'one', domain],
    queryFn: async ({ signal }) => backup.parse(await api.get(path`/backup-mx/${domain}`, undefined, signal)),
  })
