import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'
import type { Draft } from './settings'

const server = z.object({
  url: z.string(),
  cost: z.number(),
  state: z.string(),
  connections: z.number(),
  connected: z.number(),
  failed: z.number(),
  timed_out: z.number(),
  fault: z.string(),
})
export type Server = z.infer<typeof server>

const row = z.object({
  name: z.string(),
  organisation: z.string(),
  domain: z.string(),
  type: z.string(),
  enabled: z.boolean(),
  state: z.string(),
  seen: z.nullish(z.string()),
  next: z.nullish(z.string()),
  recipients: z.nullish(z.number()),
  conflicts: z.nullish(z.number()),
  servers: z.nullish(z.array(server)),
})
export type Row = z.infer<typeof row>

const usual = z.object({ user_filter: z.string(), contact_filter: z.string(), group_filter: z.string(), mapping: z.record(z.string(), z.string()) })
const value = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()])
const source = z.catchall(z.object({ name: z.string(), organisation: z.string(), domain: z.string(), type: z.string(), enabled: z.boolean(), flavour: z.string(), mapping: z.array(z.string()), usual }), z.union([value, usual]))
export type Source = z.infer<typeof source>

const status = z.object({
  way: z.string(),
  live: z.boolean(),
  full: z.nullish(z.string()),
  seen: z.nullish(z.string()),
  next: z.nullish(z.string()),
  fault: z.string(),
  entries: z.number(),
  recipients: z.number(),
  conflicts: z.number(),
  missing: z.number(),
  servers: z.array(server),
})

const run = z.object({
  id: z.number(),
  kind: z.string(),
  state: z.string(),
  by: z.string(),
  created: z.nullish(z.string()),
  started: z.nullish(z.string()),
  ended: z.nullish(z.string()),
  seen: z.number(),
  added: z.number(),
  changed: z.number(),
  disabled: z.number(),
  deleted: z.number(),
  conflicts: z.number(),
  message: z.string(),
})
export type Run = z.infer<typeof run>
const runShown = z.extend(run, { changes: z.array(z.object({ what: z.string(), kind: z.string(), name: z.string(), detail: z.string() })) })
export type RunShown = z.infer<typeof runShown>

const refusedWrite = z.object({ dn: z.string(), message: z.string(), remedy: z.string(), cause: z.string(), detail: z.string(), since: z.nullish(z.string()) })
const writing = z.object({
  write_back: z.array(z.string()),
  write_dn: z.string(),
  written: z.nullish(z.string()),
  fault: z.string(),
  remedy: z.string(),
  entries: z.number(),
  due: z.number(),
  refusals: z.number(),
  refused: z.array(refusedWrite),
})
export type Writing = z.infer<typeof writing>
const wouldWrite = z.object({ good: z.boolean(), message: z.string(), remedy: z.string(), looked: z.number(), all: z.boolean(), changes: z.array(z.object({ what: z.string(), name: z.string(), detail: z.string(), remedy: z.string() })) })
export type WouldWrite = z.infer<typeof wouldWrite>

const conflict = z.object({ dn: z.string(), what: z.string(), message: z.string(), since: z.nullish(z.string()) })
export type Conflict = z.infer<typeof conflict>

const report = z.object({
  good: z.boolean(),
  steps: z.array(z.object({ server: z.string(), step: z.string(), good: z.boolean(), detail: z.string(), remedy: z.string() })),
  samples: z.array(
    z.object({ kind: z.string(), dn: z.string(), name: z.string(), account: z.string(), principal: z.string(), addresses: z.array(z.string()), enabled: z.boolean(), person: z.record(z.string(), z.unknown()), members: z.number(), fault: z.string() }),
  ),
  proposal: z.nullable(z.extend(usual, { flavour: z.string(), base: z.string() })),
})
export type Report = z.infer<typeof report>

/** Names one source: organisations may each have one of the same name. */
export interface Which {
  organisation: string
  name: string
}
const of = (w: Which) => path`/directories/${w.name}`
const where = (w: Which) => ({ organisation: w.organisation })
const key = (w: Which, ...more: (string | number)[]) => ['directories', 'one', w.organisation, w.name, ...more]

const isOpen = (r: { state: string }) => r.state === 'waiting' || r.state === 'running'
/** A run that goes on is looked at again and again. */
const LOOK_MS = 1000

export const directoriesQuery = (organisation: string | undefined) =>
  queryOptions({
    queryKey: ['directories', 'list', organisation ?? ''],
    queryFn: async ({ signal }) => z.object({ directories: z.array(row) }).parse(await api.get('/directories', { organisation }, signal)).directories,
    refetchInterval: 10_000,
  })
export const directoryQuery = (w: Which) =>
  queryOptions({ queryKey: key(w, 'settings'), queryFn: async ({ signal }) => source.parse(await api.get(of(w), where(w), signal)) })
export const statusQuery = (w: Which) =>
  queryOptions({ queryKey: key(w, 'status'), queryFn: async ({ signal }) => status.parse(await api.get(`${of(w)}/status`, where(w), signal)), refetchInterval: 5_000 })
export const runsQuery = (w: Which) =>
  queryOptions({
    queryKey: key(w, 'runs'),
    queryFn: async ({ signal }) => z.object({ runs: z.array(run) }).parse(await api.get(`${of(w)}/runs`, where(w), signal)).runs,
    refetchInterval: (query) => (query.state.data?.some(isOpen) ? LOOK_MS : 10_000),
  })
export const runQuery = (w: Which, id: string) =>
  queryOptions({
    queryKey: key(w, 'run', id),
    queryFn: async ({ signal }) => runShown.parse(await api.get(`${of(w)}/runs/${encodeURIComponent(id)}`, where(w), signal)),
    refetchInterval: (query) => (query.state.data && isOpen(query.state.data) ? LOOK_MS : false),
  })
export const conflictsQuery = (w: Which) =>
  queryOptions({ queryKey: key(w, 'conflicts'), queryFn: async ({ signal }) => z.object({ conflicts: z.array(conflict) }).parse(await api.get(`${of(w)}/conflicts`, where(w), signal)).conflicts })
const entry = z.object({ dn: z.string(), name: z.string(), account: z.string(), mail: z.string(), fault: z.string(), address: z.string(), enabled: z.boolean(), chosen: z.boolean() })
export type Entry = z.infer<typeof entry>
/** At most 500: who is chosen first. */
export const entriesQuery = (w: Which, text: string) =>
  queryOptions({
    queryKey: key(w, 'entries', text),
    queryFn: async ({ signal }) => z.object({ entries: z.array(entry) }).parse(await api.get(`${of(w)}/entries`, { ...where(w), text: text || undefined }, signal)).entries,
    placeholderData: (before) => before,
  })
export const writingQuery = (w: Which) =>
  queryOptions({ queryKey: key(w, 'writing'), queryFn: async ({ signal }) => writing.parse(await api.get(`${of(w)}/writing`, where(w), signal)), refetchInterval: 5_000 })

export const previewWriting = async (w: Which, instead: Draft = {}): Promise<WouldWrite> => wouldWrite.parse(await api.post(`${of(w)}/writing/preview`, instead, where(w)))
export const writeAgain = async (w: Which): Promise<Run> => run.parse(await api.post(`${of(w)}/writing/again`, {}, where(w)))
export const askRun = async (w: Which, kind: 'preview' | 'full' | 'incremental', confirmed = false): Promise<Run> => run.parse(await api.post(`${of(w)}/runs`, { kind, confirmed }, where(w)))
export const tryOut = async (w: Which, instead: Draft = {}): Promise<Report> => report.parse(await api.post(`${of(w)}/test`, instead, where(w)))
export const probe = async (body: Draft): Promise<Report> => report.parse(await api.post('/directories/probe', body))
export const addDirectory = (body: Draft) => api.post('/directories', body)
export const setDirectory = (w: Which, body: Draft) => api.patch(of(w), body, where(w))
export const removeDirectory = (w: Which) => api.delete(of(w), where(w))
export const linkEntry = (w: Which, entry: string, address: string) => api.post(`${of(w)}/link`, { entry, address }, where(w))
export const chooseEntry = (w: Which, entry: string, mailbox: boolean) => api.post(`${of(w)}/choose`, { entry, mailbox }, where(w))
