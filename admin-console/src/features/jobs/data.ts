import { infiniteQueryOptions, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'
import { onlyDomains } from '../../app/session'

const job = z.object({
  id: z.number(),
  kind: z.string(),
  title: z.string(),
  state: z.string(),
  dry_run: z.boolean(),
  caller: z.string(),
  total: z.number(),
  done: z.number(),
  failed: z.number(),
  created: z.nullish(z.string()),
  started: z.nullish(z.string()),
  ended: z.nullish(z.string()),
  fault: z.nullish(z.string()),
})
export type Job = z.infer<typeof job>
const item = z.object({ index: z.number(), object: z.string(), state: z.string(), kind: z.nullish(z.string()), message: z.nullish(z.string()) })
export type JobItem = z.infer<typeof item>

export const isOver = (of: Job) => of.state !== 'waiting' && of.state !== 'running'

const jobsPage = z.object({ jobs: z.array(job), next: z.nullish(z.string()) })
export const jobsQuery = infiniteQueryOptions({
  queryKey: ['jobs', 'list'],
  refetchInterval: 5000,
  initialPageParam: undefined as string | undefined,
  queryFn: async ({ pageParam, signal }) => jobsPage.parse(await api.get('/jobs', { cursor: pageParam, limit: 100 }, signal)),
  getNextPageParam: (last) => last.next ?? undefined,
})
export const jobQuery = (id: number) =>
  queryOptions({
    queryKey: ['jobs', 'one', id],
    queryFn: async ({ signal }) => job.parse(await api.get(path`/jobs/${id}`, undefined, signal)),
  })
const itemsPage = z.object({ items: z.array(item), next: z.nullish(z.string()) })
export const jobItemsQuery = (id: number, onlyFailed: boolean) =>
  infiniteQueryOptions({
    queryKey: ['jobs', 'items', id, onlyFailed],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => itemsPage.parse(await api.get(path`/jobs/${id}/items`, { failed: onlyFailed || undefined, cursor: pageParam, limit: 200 }, signal)),
    getNextPageParam: (last) => last.next ?? undefined,
  })

/** All items of a job that failed, or all. */
export async function allItems(id: number, onlyFailed: boolean): Promise<JobItem[]> {
  const all: JobItem[] = []
  for (let cursor: string | undefined; ; ) {
    const page = itemsPage.parse(await api.get(path`/jobs/${id}/items`, { failed: onlyFailed || undefined, cursor, limit: 1000 }))
    all.push(...page.items)
    if (!page.next) return all
    cursor = page.next
  }
}

/** Who administers domains alone names the one that all recipients are of. */
export async function giveBulk(recipients: string[], body: Record<string, unknown>): Promise<Job> {
  const domain = onlyDomains('recipient.write') ? recipients[0]?.split('@').pop() : undefined
  return job.parse(await api.post('/jobs/bulk', { ...body, recipients }, { domain }))
}
export async function giveImport(organisation: string, users: object[]): Promise<Job> {
  return job.parse(await api.post('/jobs/import', { organisation, users }))
}
export async function giveExport(list: string, query: Record<string, string>): Promise<Job> {
  return job.parse(await api.post('/jobs/export', { ...query, list }))
}
/** Where the browser fetches the file of an export. */
export const fileOf = (id: number) => `/api/v1/jobs/${id}/file`
export const cancelJob = (id: number) => api.post(path`/jobs/${id}/cancel`)
export const resumeJob = (id: number) => api.post(path`/jobs/${id}/resume`)

/** Tells of a job's progress until it has ended, by the server's events. Gives the way to stop listening. */
export function followJob(id: number, tell: (now: Job) => void, end: (now: Job) => void): () => void {
  const events = new EventSource(`/api/v1/jobs/${id}/events`)
  const read = (event: Event, then: (now: Job) => void) => {
    const text: unknown = (event as MessageEvent).data
    if (typeof text !== 'string') return
    const found = job.safeParse(JSON.parse(text))
    if (found.success) then(found.data)
  }
  events.addEventListener('progress', (e) => read(e, tell))
  events.addEventListener('end', (e) => {
    events.close()
    read(e, end)
  })
  return () => events.close()
}

/** One job as it is now, followed while it runs. */
export function useJob(id: number) {
  const queries = useQueryClient()
  const query = useQuery(jobQuery(id))
  const runs = query.data ? !isOver(query.data) : false
  useEffect(() => {
    if (!runs) return
    const tell = (now: Job) => queries.setQueryData(jobQuery(id).queryKey, now)
    return followJob(id, tell, (now) => {
      tell(now)
      void queries.invalidateQueries()
    })
  }, [id, runs, queries])
  return query
}
