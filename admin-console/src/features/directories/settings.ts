import type { Option } from '../../app/command'

/** What a source can be told, as the API names it. */
export type Value = string | number | boolean | string[]
export type Draft = Record<string, Value>

const GROUPS = ['server', 'account', 'reading', 'mailboxes', 'login', 'writing'] as const
export type Group = (typeof GROUPS)[number]
export const groups: readonly Group[] = GROUPS

interface Kind {
  kind: 'text' | 'lines' | 'pem' | 'secret' | 'number' | 'switch' | 'choice' | 'several'
  choices?: readonly string[]
}
export interface Setting extends Kind {
  field: string
  group: Group
  /** On the command line; the same word where it is not named. */
  option?: string
  /** Only where the others say so. */
  when?: (draft: Draft) => boolean
  required?: boolean
  standard: Value
}

const isBound = (...how: string[]) => (d: Draft) => how.includes(String(d['bind']))

export const settings: readonly Setting[] = [
  { field: 'urls', group: 'server', kind: 'lines', option: 'url', required: true, standard: [] },
  { field: 'tls', group: 'server', kind: 'choice', choices: ['starttls', 'ldaps', 'none'], standard: 'starttls' },
  { field: 'trusted', group: 'server', kind: 'pem', option: 'trusted-file', standard: '' },
  { field: 'bind', group: 'account', kind: 'choice', choices: ['simple', 'gssapi', 'external'], standard: 'simple' },
  { field: 'bind_dn', group: 'account', kind: 'text', option: 'bind-dn', when: isBound('simple', 'gssapi'), standard: '' },
  { field: 'bind_password', group: 'account', kind: 'secret', option: 'bind-password-file', when: isBound('simple', 'gssapi'), standard: '' },
  { field: 'keytab', group: 'account', kind: 'text', when: isBound('gssapi'), standard: '' },
  { field: 'certificate', group: 'account', kind: 'pem', option: 'certificate-file', when: isBound('external'), standard: '' },
  { field: 'key', group: 'account', kind: 'pem', option: 'key-file', when: isBound('external'), standard: '' },
  { field: 'flavour', group: 'reading', kind: 'choice', choices: ['openldap', 'ad', '389ds', 'freeipa'], standard: 'openldap' },
  { field: 'base', group: 'reading', kind: 'text', required: true, standard: '' },
  { field: 'user_filter', group: 'reading', kind: 'text', option: 'user-filter', standard: '' },
  { field: 'contact_filter', group: 'reading', kind: 'text', option: 'contact-filter', standard: '' },
  { field: 'group_filter', group: 'reading', kind: 'text', option: 'group-filter', standard: '' },
  { field: 'interval_s', group: 'reading', kind: 'number', option: 'interval', standard: 300 },
  { field: 'full_interval_s', group: 'reading', kind: 'number', option: 'full-interval', standard: 86400 },
  { field: 'mailboxes', group: 'mailboxes', kind: 'choice', choices: ['all', 'filter', 'group', 'hand'], standard: 'all' },
  { field: 'mailbox_filter', group: 'mailboxes', kind: 'text', option: 'mailbox-filter', when: (d) => d['mailboxes'] === 'filter', standard: '' },
  { field: 'mailbox_group', group: 'mailboxes', kind: 'text', option: 'mailbox-group', when: (d) => d['mailboxes'] === 'group', standard: '' },
  { field: 'placement', group: 'mailboxes', kind: 'lines', standard: [] },
  { field: 'remove_percent', group: 'mailboxes', kind: 'number', option: 'remove-percent', standard: 10 },
  { field: 'removed', group: 'mailboxes', kind: 'choice', choices: ['keep', 'delete'], standard: 'keep' },
  { field: 'removed_days', group: 'mailboxes', kind: 'number', option: 'removed-days', when: (d) => d['removed'] === 'delete', standard: 30 },
  { field: 'logs_in', group: 'login', kind: 'switch', option: 'logs-in', standard: true },
  { field: 'login_names', group: 'login', kind: 'several', choices: ['upn', 'account', 'mail', 'domain'], option: '', when: (d) => d['logs_in'] === true, standard: ['upn', 'account', 'mail', 'domain'] },
  { field: 'login_domain', group: 'login', kind: 'text', option: 'login-domain', when: (d) => d['logs_in'] === true, standard: '' },
  { field: 'write_back', group: 'writing', kind: 'several', choices: ['mail', 'aliases', 'photo'], option: 'write-back', standard: [] },
  { field: 'write_dn', group: 'writing', kind: 'text', option: 'write-dn', standard: '' },
  { field: 'write_password', group: 'writing', kind: 'secret', option: 'write-password-file', standard: '' },
]
export const settingsOf = (group: Group) => settings.filter((s) => s.group === group)

/** What a form begins with: what the server says, secrets left out. */
export function draftOf(known: Record<string, unknown> = {}): Draft {
  const draft: Draft = {}
  for (const { field, kind, standard } of settings) {
    const said = known[field]
    const is = Array.isArray(said) || typeof said === typeof standard ? (said as Value) : standard
    draft[field] = kind === 'secret' || (kind === 'pem' && field === 'key') ? '' : is
  }
  return draft
}

const same = (a: Value | undefined, b: Value | undefined) => JSON.stringify(a) === JSON.stringify(b)

/** What differs from before, for the API. */
export function changesOf(draft: Draft, before: Draft): Draft {
  return Object.fromEntries(Object.entries(draft).filter(([field, value]) => !same(value, before[field])))
}

/** The options of the command that says the same. */
export function optionsOf(changes: Draft): Record<string, Option> {
  const options: Record<string, Option> = {}
  for (const { field, kind, option } of settings) {
    const value = changes[field]
    if (value === undefined || option === '') continue
    options[option ?? field.replaceAll('_', '-')] = kind === 'pem' || kind === 'secret' ? 'FILE' : typeof value === 'boolean' ? (value ? 'yes' : 'no') : value
  }
  if (changes['mapping'] !== undefined) options['map'] = changes['mapping']
  return options
}

/** "name={cn}" and the like, by field. */
export function mappingOf(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(list.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}
export const mappingList = (mapping: Record<string, string>): string[] => Object.entries(mapping).map(([field, template]) => `${field}=${template}`)
