// What a rule would have done with messages that are here already.
import * as z from 'zod/mini'
import type { AccountStore } from '../../../jmap/store'
import { address, getOf, query } from '../../../jmap/wire'
import type { Condition, Rule } from './model'

export const LOOKED_AT = 100
const BODY_BYTES = 20_000

const parts = z.nullish(z.array(z.object({ partId: z.nullish(z.string()) })))
const mail = z.looseObject({
  id: z.string(),
  receivedAt: z.string(),
  from: z.nullish(z.array(address)),
  to: z.nullish(z.array(address)),
  cc: z.nullish(z.array(address)),
  subject: z.nullish(z.string()),
  size: z.number(),
  hasAttachment: z.boolean(),
  textBody: parts,
  bodyValues: z.optional(z.record(z.string(), z.object({ value: z.string() }))),
})
export type Tried = z.infer<typeof mail>

const headerOf = (name: string) => `header:${name}:asText`

/** The newest messages of the Inbox for which the rule holds. */
export async function tryRule(store: AccountStore, rule: Rule): Promise<Tried[]> {
  const { jmap, accountId } = store
  const inbox = store.byRole('inbox')
  if (!inbox) return []
  const headers = rule.conditions.flatMap((c) => (c.field === 'header' && c.header ? [headerOf(c.header)] : c.field === 'list' ? [headerOf('List-Id')] : []))
  const wantsBody = rule.conditions.some((c) => c.field === 'body')
  const properties = ['id', 'receivedAt', 'from', 'to', 'cc', 'subject', 'size', 'hasAttachment', ...new Set(headers), ...(wantsBody ? ['textBody', 'bodyValues'] : [])]
  const batch = jmap.batch()
  const found = batch.add('Email/query', { accountId, filter: { inMailbox: inbox.id }, sort: [{ property: 'receivedAt', isAscending: false }], limit: LOOKED_AT }, query)
  const got = batch.add('Email/get', { accountId, '#ids': found.at('/ids'), properties, ...(wantsBody && { fetchTextBodyValues: true, maxBodyValueBytes: BODY_BYTES }) }, getOf(mail))
  await batch.send()
  return got.result.list.filter((m) => isFor(rule, m))
}

function isFor(rule: Rule, m: Tried): boolean {
  if (rule.match === 'always') return true
  return rule.match === 'all' ? rule.conditions.every((c) => holds(c, m)) : rule.conditions.some((c) => holds(c, m))
}

const fold = (text: string) => text.toLowerCase()

/** The texts that a condition looks at, as `header` would see them. */
function textsOf(c: Condition, m: Tried): string[] {
  const isAddress = ['is', 'isNot', 'domain', 'domainNot'].includes(c.operator)
  const people = (list: Tried['from']) => (list ?? []).map((a) => (isAddress ? a.email : `${a.name ?? ''} <${a.email}>`))
  const header = (name: string) => {
    const value = m[headerOf(name)]
    return typeof value === 'string' ? [value.trim()] : []
  }
  switch (c.field) {
    case 'from':
    case 'to':
    case 'cc':
      return people(m[c.field])
    case 'recipients':
      return people([...(m.to ?? []), ...(m.cc ?? [])])
    case 'subject':
      return m.subject == null ? [] : [m.subject.trim()]
    case 'body':
      return (m.textBody ?? []).map((p) => m.bodyValues?.[p.partId ?? '']?.value ?? '')
    case 'list':
      return header('List-Id')
    case 'header':
      return header(c.header ?? '')
    default:
      return []
  }
}

function holds(c: Condition, m: Tried): boolean {
  const texts = textsOf(c, m).map(fold)
  const any = (is: (text: string, value: string) => boolean) => texts.some((text) => c.values.some((value) => is(text, fold(value))))
  const exists = c.field === 'attachment' ? m.hasAttachment : texts.length > 0
  switch (c.operator) {
    case 'contains':
      return any((text, value) => text.includes(value))
    case 'containsNot':
      return !any((text, value) => text.includes(value))
    case 'is':
      return any((text, value) => text === value)
    case 'isNot':
      return !any((text, value) => text === value)
    case 'begins':
      return any((text, value) => text.startsWith(value))
    case 'ends':
      return any((text, value) => text.endsWith(value))
    case 'domain':
      return any((text, value) => text.endsWith(`@${value}`))
    case 'domainNot':
      return !any((text, value) => text.endsWith(`@${value}`))
    case 'exists':
      return exists
    case 'existsNot':
      return !exists
    case 'over':
      return m.size > Number(c.values[0])
    case 'under':
      return m.size < Number(c.values[0])
  }
}
