import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'

export const KINDS = ['dmarc', 'tls'] as const
export type Kind = (typeof KINDS)[number]
export const isKind = (word: string | null | undefined): word is Kind => KINDS.some((kind) => kind === word)

const report = z.object({
  id: z.string(),
  kind: z.string(),
  received: z.nullish(z.string()),
  domain: z.string(),
  reporter: z.string(),
  number: z.string(),
  begin: z.nullish(z.string()),
  end: z.nullish(z.string()),
  passed: z.number(),
  failed: z.number(),
})
export type Report = z.infer<typeof report>
const row = z.looseObject({ source: z.nullish(z.string()), count: z.nullish(z.number()), header_from: z.nullish(z.string()), dkim: z.nullish(z.string()), spf: z.nullish(z.string()), disposition: z.nullish(z.string()) })
const shown = z.extend(report, { lines: z.array(z.string()), detail: z.nullish(z.looseObject({ rows: z.nullish(z.array(row)) })) })

const PAGE = 100
export const reportsQuery = (kind: Kind, organisation: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ['reports', kind, organisation ?? ''],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ signal, pageParam }) => z.object({ reports: z.array(report) }).parse(await api.get('/reports', { kind, organisation, before: pageParam, limit: PAGE }, signal)).reports,
    getNextPageParam: (page) => (page.length === PAGE ? page.at(-1)?.id : undefined),
  })
export const reportQuery = (id: string) =>
  queryOptions({
    queryKey: ['reports', 'one', id],
    queryFn: async ({ signal }) => shown.parse(await api.get(path`/report/${id}`, undefined, signal)),
  })
