// A saved search as a form shows it, and back. What the form has no field for makes null of a filter: then it stays as it is.
import type { Filter } from '../../jmap/list'
import type { AccountStore } from '../../jmap/store'

export const TEXTS = ['from', 'to', 'subject', 'text'] as const
export const CHECKS = ['unread', 'flagged', 'files'] as const
export interface SearchForm {
  from: string
  to: string
  subject: string
  text: string
  /** YYYY-MM-DD, or empty. */
  after: string
  before: string
  unread: boolean
  flagged: boolean
  files: boolean
  /** The one folder that is looked into; null: all. */
  folder: string | null
  /** Of all folders: without what was thrown away and what is junk. */
  withoutTrash: boolean
}

export const EMPTY: SearchForm = { from: '', to: '', subject: '', text: '', after: '', before: '', unread: false, flagged: false, files: false, folder: null, withoutTrash: false }

const pad = (n: number) => String(n).padStart(2, '0')
/** The day here in which it is that moment. */
const dayOf = (moment: string) => {
  const at = new Date(moment)
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`
}
const momentOf = (day: string) => new Date(`${day}T00:00:00`).toISOString().replace(/\.\d+Z$/, 'Z')

const unwanted = (store: AccountStore) => ['trash', 'junk'].map((role) => store.byRole(role)?.id).filter((id) => id !== undefined)
const isSame = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((id) => b.includes(id))

/** Puts one condition into the form; false where it has no place there. */
function take(form: SearchForm, name: string, value: unknown, store: AccountStore): boolean {
  const text = typeof value === 'string' ? value : ''
  const field = TEXTS.find((t) => t === name)
  if (field && text && !form[field]) form[field] = text
  else if ((name === 'after' || name === 'before') && !form[name]) form[name] = dayOf(text)
  else if (name === 'notKeyword' && text === '$seen') form.unread = true
  else if (name === 'hasKeyword' && text === '$flagged') form.flagged = true
  else if (name === 'hasAttachment' && value === true) form.files = true
  else if (name === 'inMailbox' && form.folder === null && store.mailboxes.has(text)) form.folder = text
  else if (name === 'inMailboxOtherThan' && Array.isArray(value) && isSame(value, unwanted(store))) form.withoutTrash = true
  else return false
  return true
}

function takeAll(form: SearchForm, filter: Filter, store: AccountStore): boolean {
  if ('operator' in filter && Array.isArray(filter.conditions)) return filter.operator === 'AND' && (filter.conditions as Filter[]).every((c) => takeAll(form, c, store))
  return Object.entries(filter).every(([name, value]) => take(form, name, value, store))
}

export function formOf(filter: Filter, store: AccountStore): SearchForm | null {
  const form = { ...EMPTY }
  return takeAll(form, filter, store) ? form : null
}

/** null where nothing is asked for. */
export function filterOfForm(form: SearchForm, store: AccountStore): Filter | null {
  const conditions: Filter[] = []
  if (form.folder) conditions.push({ inMailbox: form.folder })
  else if (form.withoutTrash && unwanted(store).length > 0) conditions.push({ inMailboxOtherThan: unwanted(store) })
  for (const t of TEXTS) if (form[t].trim()) conditions.push({ [t]: form[t].trim() })
  if (form.after) conditions.push({ after: momentOf(form.after) })
  if (form.before) conditions.push({ before: momentOf(form.before) })
  if (form.unread) conditions.push({ notKeyword: '$seen' })
  if (form.flagged) conditions.push({ hasKeyword: '$flagged' })
  if (form.files) conditions.push({ hasAttachment: true })
  return conditions.length > 1 ? { operator: 'AND', conditions } : (conditions[0] ?? null)
}
