// Rules as people say them.

export const FIELDS = ['from', 'to', 'cc', 'recipients', 'subject', 'body', 'attachment', 'list', 'header', 'size'] as const
export type Field = (typeof FIELDS)[number]
export const OPERATORS = ['contains', 'containsNot', 'is', 'isNot', 'begins', 'ends', 'domain', 'domainNot', 'exists', 'existsNot', 'over', 'under'] as const
export type Operator = (typeof OPERATORS)[number]

const TEXT: readonly Operator[] = ['contains', 'containsNot', 'is', 'isNot', 'begins', 'ends']
const ADDRESS: readonly Operator[] = ['contains', 'containsNot', 'is', 'isNot', 'domain', 'domainNot']
/** What can be asked of a field; the first is proposed. */
export const ASKED: Record<Field, readonly Operator[]> = {
  from: ADDRESS,
  to: ADDRESS,
  cc: ADDRESS,
  recipients: ADDRESS,
  subject: TEXT,
  body: ['contains', 'containsNot'],
  attachment: ['exists', 'existsNot'],
  list: ['exists', 'existsNot', 'contains', 'containsNot'],
  header: [...TEXT, 'exists', 'existsNot'],
  size: ['over', 'under'],
}
export const hasValues = (operator: Operator): boolean => operator !== 'exists' && operator !== 'existsNot'

export interface Condition {
  field: Field
  operator: Operator
  /** Any of them. Of a size: one, in bytes. */
  values: string[]
  /** Of the field `header`: its name. */
  header?: string
}

export const ACTIONS = ['move', 'copy', 'trash', 'junk', 'read', 'flag', 'label', 'forward', 'redirect', 'reject', 'discard'] as const
export type ActionKind = (typeof ACTIONS)[number]
export interface Action {
  kind: ActionKind
  /** Of `move` and `copy`: the folder's id, and its path as it was when the rule was written. */
  folder?: { id: string; path: string }
  /** Of `forward` and `redirect`: an address. Of `reject`: what the sender reads. Of `label`: its word. */
  text?: string
}

export interface Rule {
  name: string
  isOn: boolean
  /** always: every message. */
  match: 'all' | 'any' | 'always'
  conditions: Condition[]
  actions: Action[]
  /** No further rule after this one. */
  stops: boolean
}

/** All that the script holds, in the order in which it is done. */
export interface Rules {
  forward: { to: string[]; keeps: boolean } | null
  rules: Rule[]
}
export const NO_RULES: Rules = { forward: null, rules: [] }

/** What keeps a rule from being written, as a word of the catalogue; null: nothing. */
export function lackOf(rule: Rule): 'name' | 'conditions' | 'values' | 'header' | 'actions' | 'folder' | 'address' | 'text' | 'label' | 'alone' | null {
  if (rule.name.trim() === '') return 'name'
  if (rule.match !== 'always' && rule.conditions.length === 0) return 'conditions'
  for (const c of rule.match === 'always' ? [] : rule.conditions) {
    if (hasValues(c.operator) && (c.values.length === 0 || c.values.includes(''))) return 'values'
    if (c.field === 'header' && !isHeaderName(c.header ?? '')) return 'header'
    if (c.field === 'size' && !/^[1-9]\d{0,9}$/.test(c.values[0] ?? '')) return 'values'
  }
  if (rule.actions.length === 0) return 'actions'
  // A message that is refused is not here any more (RFC 5429, 2.1).
  if (rule.actions.length > 1 && rule.actions.some((a) => a.kind === 'reject')) return 'alone'
  for (const a of rule.actions) {
    if ((a.kind === 'move' || a.kind === 'copy') && !a.folder) return 'folder'
    if ((a.kind === 'forward' || a.kind === 'redirect') && !isAddress(a.text ?? '')) return 'address'
    if (a.kind === 'reject' && !a.text?.trim()) return 'text'
    if (a.kind === 'label' && !isLabel(a.text ?? '')) return 'label'
  }
  return null
}

const isHeaderName = (text: string) => /^[!-9;-~]{1,60}$/.test(text)
/** Enough of an address for a mistake to be seen; the server says the rest. */
export const isAddress = (text: string) => /^[^\s@<>",;()\\]+@[^\s@<>",;()\\]+\.[^\s@<>",;()\\.]+$/u.test(text)
/** An address, or all addresses of a domain. */
export const isSender = (text: string) => isAddress(text) || /^@[^\s@<>",;()\\]+\.[^\s@<>",;()\\.]+$/u.test(text)
const isLabel = (text: string) => /^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$/.test(text)
