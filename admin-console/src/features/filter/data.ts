import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'

const setting = z.object({ name: z.string(), value: z.string(), from: z.string(), default: z.string(), meaning: z.string() })
export type FilterSetting = z.infer<typeof setting>
export const settingsQuery = (organisation: string | undefined, domain: string | undefined) =>
  queryOptions({
    queryKey: ['filter', organisation ?? '', domain ?? ''],
    queryFn: async ({ signal }) => z.object({ settings: z.array(setting) }).parse(await api.get('/filter', { organisation, domain, limit: 200 }, signal)).settings,
  })

const set = z.object({
  id: z.string(),
  received: z.nullish(z.string()),
  expires: z.nullish(z.string()),
  sender: z.string(),
  recipients: z.array(z.string()),
  subject: z.string(),
  reason: z.string(),
  peer: z.nullish(z.string()),
  bytes: z.number(),
})
export type Quarantined = z.infer<typeof set>
const page = z.object({ messages: z.array(set), next: z.nullish(z.string()) })
export const quarantineQuery = (organisation: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ['quarantine', 'list', organisation ?? ''],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => page.parse(await api.get('/quarantine', { organisation, cursor: pageParam, limit: 100 }, signal)),
    getNextPageParam: (last) => last.next ?? undefined,
  })
export const quarantinedQuery = (id: string) =>
  queryOptions({
    queryKey: ['quarantine', 'one', id],
    queryFn: async ({ signal }) => z.extend(set, { message: z.string() }).parse(await api.get(path`/quarantine/${id}`, undefined, signal)),
  })

const held = z.object({
  number: z.number(),
  cause: z.string(),
  sender: z.string(),
  recipients: z.array(z.string()),
  subject: z.string(),
  moderators: z.array(z.string()),
  held: z.nullish(z.string()),
  expires: z.nullish(z.string()),
  bytes: z.number(),
})
export type Moderated = z.infer<typeof held>
export const moderationQuery = (organisation: string | undefined) =>
  queryOptions({
    queryKey: ['moderation', 'list', organisation ?? ''],
    queryFn: async ({ signal }) => z.object({ messages: z.array(held) }).parse(await api.get('/moderation', { organisation, limit: 200 }, signal)).messages,
  })
export const moderatedQuery = (number: string) =>
  queryOptions({
    queryKey: ['moderation', 'one', number],
    queryFn: async ({ signal }) => z.extend(held, { message: z.string() }).parse(await api.get(path`/moderation/${number}`, undefined, signal)),
  })

const rule = z.object({ name: z.string(), position: z.number(), enabled: z.boolean(), rule: z.string() })
export type Rule = z.infer<typeof rule>
export const rulesQuery = (organisation: string | undefined) =>
  queryOptions({
    queryKey: ['rules', organisation ?? ''],
    enabled: organisation !== undefined,
    queryFn: async ({ signal }) => z.object({ rules: z.array(rule) }).parse(await api.get('/rules', { organisation, limit: 200 }, signal)).rules,
  })
/** One, read by itself: its change is refused where somebody else was faster. */
export const ruleQuery = (name: string, organisation: string) =>
  queryOptions({
    queryKey: ['rules', organisation, name],
    queryFn: async ({ signal }) => rule.parse(await api.get(path`/rules/${name}`, { organisation }, signal)),
  })
/** All of them, in this order. */
export const putOrder = (organisation: string, names: string[]) => api.send('PUT', '/rule-order', { query: { organisation }, body: { names } })

const trial = z.object({ matches: z.boolean(), conditions: z.array(z.object({ part: z.string(), holds: z.boolean() })) })
export type RuleTrial = z.infer<typeof trial>
export const tryRule = async (wanted: { organisation: string; rule: object; from: string; to: string[]; logged_in: boolean; message: string }): Promise<RuleTrial> => trial.parse(await api.post('/rule-trial', wanted))
/** Conditions and actions of a rule by their names in the API. */
export function partsOf(of: Rule): [name: string, value: string][] {
  const whole = z.record(z.string(), z.unknown()).safeParse(JSON.parse(of.rule))
  const flat = (value: unknown): string => (Array.isArray(value) ? value.map(flat).join(' ') : typeof value === 'object' && value !== null ? Object.entries(value).map(([k, v]) => `${k}: ${flat(v)}`).join(', ') : String(value))
  return whole.success ? Object.entries(whole.data).map(([name, value]) => [name, flat(value)]) : [['rule', of.rule]]
}
