import { editBytes, parseBytes } from '@chappe/kit'
import { commandLine, type Option } from '../../app/command'
import { isSmtp, type Connector } from './data'

/** A connector as its fields show it: lists one a line, sizes as people write them. */
export interface Draft {
  name: string
  kind: 'smtp' | 'routing-group'
  group: string
  target: string
  spaces: string
  smarthost: string
  auth: string
  tls: string
  cost: number
  schedule: string
  maxMessage: string
  organisation: string
  fromServers: string[]
  toServers: string[]
  allow: string
  deny: string
  enabled: boolean
}

export const TLS = ['opportunistic', 'encrypt', 'verify', 'implicit', 'never'] as const
export const linesOf = (text: string) => text.split(/[\n,]/).map((l) => l.trim()).filter((l) => l !== '')

export function draftOf(c: Connector | undefined, kind: Draft['kind']): Draft {
  return {
    name: c?.name ?? '',
    kind: c ? (isSmtp(c) ? 'smtp' : 'routing-group') : kind,
    group: c?.routing_group ?? '',
    target: c?.target_group ?? '',
    spaces: (c?.spaces ?? []).join('\n'),
    smarthost: c?.smarthost ?? '',
    auth: '',
    tls: c?.tls ?? 'opportunistic',
    cost: c?.cost ?? 10,
    schedule: c?.schedule ?? 'always',
    maxMessage: editBytes(c?.max_message ?? 0),
    organisation: c?.organisation ?? '',
    fromServers: c?.from_servers ?? [],
    toServers: c?.to_servers ?? [],
    allow: (c?.allow ?? []).join('\n'),
    deny: (c?.deny ?? []).join('\n'),
    enabled: c?.enabled ?? true,
  }
}

interface Field {
  of: (d: Draft) => unknown
  field: string
  option: string
  shown?: (d: Draft) => Option
  only?: Draft['kind']
}

/** Each field with its name in the API and on the command line. */
const FIELDS: Field[] = [
  { of: (d) => linesOf(d.spaces), field: 'spaces', option: 'space', only: 'smtp' },
  { of: (d) => d.smarthost.trim(), field: 'smarthost', option: 'smarthost', only: 'smtp' },
  { of: (d) => d.auth, field: 'auth', option: 'auth-file', only: 'smtp', shown: () => 'FILE' },
  { of: (d) => d.organisation, field: 'organisation', option: 'org', only: 'smtp' },
  { of: (d) => d.group, field: 'routing_group', option: 'routing-group', only: 'smtp' },
  { of: (d) => d.toServers, field: 'to_servers', option: 'to-servers', only: 'routing-group' },
  { of: (d) => d.cost, field: 'cost', option: 'cost' },
  { of: (d) => d.tls, field: 'tls', option: 'tls' },
  { of: (d) => d.schedule.trim(), field: 'schedule', option: 'schedule' },
  { of: (d) => parseBytes(d.maxMessage) ?? 0, field: 'max_message', option: 'max-message', shown: (d) => d.maxMessage.trim() || '0' },
  { of: (d) => d.fromServers, field: 'from_servers', option: 'from-servers' },
  { of: (d) => linesOf(d.allow), field: 'allow', option: 'allow' },
  { of: (d) => linesOf(d.deny), field: 'deny', option: 'deny' },
  { of: (d) => d.enabled, field: 'enabled', option: 'enabled', shown: (d) => (d.enabled ? 'yes' : 'no') },
]

/** What differs from `before`, as the body of the request and as the command. */
export function changesOf(draft: Draft, before: Draft): { body: Record<string, unknown>; options: Record<string, Option> } {
  const body: Record<string, unknown> = {}
  const options: Record<string, Option> = {}
  for (const f of FIELDS) {
    if (f.only && f.only !== draft.kind) continue
    const value = f.of(draft)
    if (JSON.stringify(value) === JSON.stringify(f.of(before))) continue
    body[f.field] = value
    const told = f.shown ? f.shown(draft) : (value as Option)
    options[f.option] = Array.isArray(told) && told.length === 0 ? '' : told
  }
  return { body, options }
}

export function commandOf(draft: Draft, options: Record<string, Option>, isNew: boolean): string {
  const isGroup = draft.kind === 'routing-group'
  const ends = isGroup && isNew ? { from: draft.group, to: draft.target } : {}
  return commandLine([isGroup ? 'routing-group-connector' : 'connector', isNew ? 'add' : 'set', draft.name], { ...ends, ...options })
}
