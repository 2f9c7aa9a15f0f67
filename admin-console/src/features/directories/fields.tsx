import { wordOf } from '@chappe/kit'
import { MultiSelect, NumberInput, PasswordInput, Select, Switch, Textarea, TextInput } from '@mantine/core'
import { settingsOf, type Draft, type Group, type Setting, type Value } from './settings'
import { useTexts } from './texts'

interface Props {
  draft: Draft
  set: (change: Draft) => void
  /** The settings of a source that is there: secrets stay where they are left empty. */
  known?: Record<string, unknown> | undefined
  /** What is usual for an empty filter, by its field. */
  usual?: Record<string, string> | undefined
}

const text = (value: Value | undefined) => (typeof value === 'string' ? value : '')
const list = (value: Value | undefined) => (Array.isArray(value) ? value : [])

function Field({ of, draft, set, known, usual }: Props & { of: Setting }) {
  const say = useTexts()
  const value = draft[of.field]
  const put = (next: Value) => set({ [of.field]: next })
  const help = wordOf(say, 'h', of.field)
  const label = wordOf(say, 'f', of.field)
  const standard = usual?.[of.field]
  const isFilter = of.field.endsWith('_filter') && of.group === 'reading'
  const description = standard ? say('usual', { filter: standard }) : isFilter ? say('usualFilter') : help === of.field ? undefined : help
  const shared = { label, ...(description && { description }), ...(of.required && { required: true }) }
  const choices = (of.choices ?? []).map((word) => ({ value: word, label: wordOf(say, of.field, word) }))
  switch (of.kind) {
    case 'choice':
      return <Select {...shared} allowDeselect={false} data={choices} value={text(value)} onChange={(next) => put(next ?? '')} />
    case 'several':
      return <MultiSelect {...shared} data={choices} value={list(value)} onChange={put} />
    case 'switch':
      return <Switch {...shared} checked={value === true} onChange={(e) => put(e.currentTarget.checked)} />
    case 'number':
      return <NumberInput {...shared} min={0} allowDecimal={false} value={typeof value === 'number' ? value : 0} onChange={(next) => put(Number(next) || 0)} />
    case 'secret':
      return <PasswordInput {...shared} autoComplete="off" value={text(value)} placeholder={known?.[of.field] === true ? wordOf(say, 'keeps', of.field) : ''} onChange={(e) => put(e.currentTarget.value)} />
    case 'pem':
      return <Textarea {...shared} rows={3} spellCheck={false} placeholder="-----BEGIN CERTIFICATE-----" value={text(value)} onChange={(e) => put(e.currentTarget.value)} />
    case 'lines':
      return <Textarea {...shared} autosize minRows={2} spellCheck={false} value={list(value).join('\n')} onChange={(e) => put(e.currentTarget.value === '' ? [] : e.currentTarget.value.split('\n'))} />
    default:
      return <TextInput {...shared} spellCheck={false} value={text(value)} onChange={(e) => put(e.currentTarget.value)} />
  }
}

/** All fields of one group that make sense now. */
export function Fields({ group, ...p }: Props & { group: Group }) {
  return settingsOf(group)
    .filter((s) => !s.when || s.when(p.draft))
    .map((s) => <Field key={s.field} of={s} {...p} />)
}
