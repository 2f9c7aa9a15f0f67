import { editBytes, parseBytes, wordOf } from '@chappe/kit'
import { Select, Stack, Switch, TagsInput, TextInput } from '@mantine/core'
import type { Option } from '../../app/command'
import { useAddTexts } from './texts-add'
import { useOneTexts } from './texts-one'

/** Rules that recipients of every kind have, as a form holds them. */
export interface RuleValues {
  accepts: string
  maxMessage: string
  hidden: boolean
  allow: string[]
  deny: string[]
}
interface Known {
  accepts?: string | null | undefined
  max_message?: number | null | undefined
  hidden?: boolean | null | undefined
  allow?: string[] | null | undefined
  deny?: string[] | null | undefined
}

export function rulesOf(known: Known): RuleValues {
  return { accepts: known.accepts ?? 'anyone', maxMessage: editBytes(known.max_message ?? 0), hidden: known.hidden ?? false, allow: known.allow ?? [], deny: known.deny ?? [] }
}

const same = (a: string[], b: string[]) => a.join('\n') === b.join('\n')

/** What differs, as the API takes it and as the command line writes it. */
export function ruleChanges(before: RuleValues, after: RuleValues): { body: Record<string, unknown>; options: Record<string, Option> } {
  const body: Record<string, unknown> = {}
  const options: Record<string, Option> = {}
  if (after.accepts !== before.accepts) options['accepts'] = body['accepts'] = after.accepts
  if (after.maxMessage !== before.maxMessage) {
    body['max_message'] = parseBytes(after.maxMessage) ?? 0
    options['max-message'] = after.maxMessage.trim() || '0'
  }
  if (after.hidden !== before.hidden) {
    body['hidden'] = after.hidden
    options['hidden'] = after.hidden ? 'yes' : 'no'
  }
  for (const list of ['allow', 'deny'] as const)
    if (!same(after[list], before[list])) {
      body[list] = after[list]
      options[list] = after[list].join(',')
    }
  return { body, options }
}

export function RuleFields({ value, onChange, accepts = ['anyone', 'authenticated', 'organisation', 'named'] }: { value: RuleValues; onChange: (value: RuleValues) => void; accepts?: string[] }) {
  const say = useOneTexts()
  const add = useAddTexts()
  return (
    <Stack gap="sm">
      <Select label={say('accepts')} allowDeselect={false} data={accepts.map((a) => ({ value: a, label: wordOf(say, 'accepts', a) }))} value={value.accepts} onChange={(a) => onChange({ ...value, accepts: a ?? 'anyone' })} />
      <TextInput label={say('maxMessage')} placeholder={say('asServer')} value={value.maxMessage} onChange={(e) => onChange({ ...value, maxMessage: e.currentTarget.value })} error={parseBytes(value.maxMessage) === null ? add('quotaBad') : null} />
      <Switch label={say('hidden')} checked={value.hidden} onChange={(e) => onChange({ ...value, hidden: e.currentTarget.checked })} />
      <TagsInput label={say('allow')} description={say('sendersHelp')} value={value.allow} onChange={(allow) => onChange({ ...value, allow })} splitChars={[',', ' ', ';']} acceptValueOnBlur />
      <TagsInput label={say('deny')} description={say('sendersHelp')} value={value.deny} onChange={(deny) => onChange({ ...value, deny })} splitChars={[',', ' ', ';']} acceptValueOnBlur />
    </Stack>
  )
}
