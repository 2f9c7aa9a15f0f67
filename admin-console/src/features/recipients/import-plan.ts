import { parseBytes } from '@chappe/kit'
import { allItems, followJob, giveImport } from '../jobs/data'
import { allUsers, PERSON_FIELDS, type ImportedUser } from './data'
import { parseCsv } from './csv'

export type Verdict = 'ready' | 'exists' | 'added' | 'syntax' | 'domain' | 'twice' | 'name' | 'password' | 'quota' | 'kind' | 'waiting' | 'refused'
export interface Line {
  number: number
  user: ImportedUser
  quotaText: string
  verdict: Verdict
  /** The server's sentence, where it refused the line. */
  why?: string
}

const FIELDS = ['address', 'name', 'password', 'quota', 'kind', ...PERSON_FIELDS] as const
const KINDS = ['user', 'shared', 'room', 'equipment', 'public-folder']

function orderOf(first: string[]): { order: (typeof FIELDS)[number][]; hasHead: boolean } {
  const words = first.map((w) => w.trim().toLowerCase())
  const hasHead = words.includes('address')
  return { order: (hasHead ? words : FIELDS) as (typeof FIELDS)[number][], hasHead }
}

function verdictOn(user: ImportedUser, quotaText: string, domains: ReadonlySet<string>, seen: Set<string>): Verdict {
  const at = user.address.lastIndexOf('@')
  if (at < 1 || at > 64 || /[\s<>]/.test(user.address) || at === user.address.length - 1) return 'syntax'
  if (!domains.has(user.address.slice(at + 1).toLowerCase())) return 'domain'
  if (user.name === '') return 'name'
  if (user.password !== undefined && user.password.length < 8) return 'password'
  if (parseBytes(quotaText) === null) return 'quota'
  if (user.kind !== undefined && !KINDS.includes(user.kind)) return 'kind'
  const key = user.address.toLowerCase()
  if (seen.has(key)) return 'twice'
  seen.add(key)
  return 'ready'
}

/** What each line of the file means and what is wrong with it, without the server. */
export function readLines(text: string, domains: ReadonlySet<string>): Line[] {
  const rows = parseCsv(text)
  const first = rows[0]
  if (!first) return []
  const { order, hasHead } = orderOf(first)
  const seen = new Set<string>()
  return rows.slice(hasHead ? 1 : 0).map((row, i) => {
    const field = (name: (typeof FIELDS)[number]) => row[order.indexOf(name)]?.trim() ?? ''
    const quotaText = field('quota')
    const quota = parseBytes(quotaText)
    const user: ImportedUser = {
      address: field('address'),
      name: field('name'),
      ...(field('password') && { password: field('password') }),
      ...(quota && { quota }),
      ...(field('kind') && { kind: field('kind').toLowerCase() }),
      ...Object.fromEntries(PERSON_FIELDS.flatMap((f) => (field(f) ? [[f, field(f)]] : []))),
    }
    return { number: i + (hasHead ? 2 : 1), user, quotaText, verdict: verdictOn(user, quotaText, domains, seen) }
  })
}

/** Marks those that the server has already. Asks it once a domain. */
export async function markKnown(lines: Line[]): Promise<Line[]> {
  const domains = new Set(lines.filter((l) => l.verdict === 'ready').map((l) => l.user.address.split('@').pop()?.toLowerCase() ?? ''))
  const known = new Set<string>()
  for (const domain of domains) for (const u of await allUsers({ domain })) u.addresses.forEach((a) => known.add(a.toLowerCase()))
  return lines.map((l) => (l.verdict === 'ready' && known.has(l.user.address.toLowerCase()) ? { ...l, verdict: 'exists' } : l))
}

/** What the server made of each line of a job. */
async function verdicts(id: number, lines: Line[], open: number[]): Promise<Line[]> {
  const all = [...lines]
  for (const item of await allItems(id, false)) {
    const i = open[item.index]
    const line = i === undefined ? undefined : all[i]
    if (i === undefined || !line) continue
    if (item.state === 'done') all[i] = { ...line, verdict: 'added' }
    else if (item.state === 'failed') all[i] = { ...line, verdict: item.kind === 'exists' ? 'exists' : 'refused', ...(item.message && { why: item.message }) }
  }
  return all
}

/** Gives what is ready to the server, which goes on by itself, and follows it. `stop` cancels; what was done stays done. */
export async function runImport(organisation: string, lines: Line[], tell: (done: number) => void, onJob: (id: number) => void): Promise<Line[]> {
  const open = lines.flatMap((l, i) => (l.verdict === 'ready' ? [i] : []))
  const job = await giveImport(organisation, open.flatMap((i) => lines[i]?.user ?? []))
  onJob(job.id)
  await new Promise<void>((resolve) => followJob(job.id, (now) => tell(now.done + now.failed), () => resolve()))
  return verdicts(job.id, lines, open)
}
