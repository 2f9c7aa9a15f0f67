import { editBytes, parseBytes } from '@chappe/kit'
import { NumberInput, TagsInput, TextInput } from '@mantine/core'
import { useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import type { Policy } from './data'
import { Preview } from './edit-list'
import { RetentionFields } from './retention-fields'
import { ruleOf, textOf } from './rules'
import { useTexts } from './texts'

const sizes = ['max_send', 'max_receive', 'quota'] as const
const sizeTexts = { max_send: 'maxSend', max_receive: 'maxReceive', quota: 'quota' } as const
const NEW: Policy = { name: '', query: '(kind=user)', position: 0, addresses: [], max_send: 0, max_receive: 0, max_recipients: 0, quota: 0, retention: [] }

/** What a policy says: addresses, limits, how long mail is kept. */
export function EditPolicy({ of, organisation, onClose }: { of: Policy | undefined; organisation: string; onClose: (name: string | undefined) => void }) {
  const say = useTexts()
  const change = useChange()
  const before = of ?? NEW
  const [name, setName] = useState(before.name)
  const [query, setQuery] = useState(before.query)
  const [addresses, setAddresses] = useState(before.addresses)
  const [numbers, setNumbers] = useState({ position: before.position, max_recipients: before.max_recipients })
  const [limits, setLimits] = useState({ max_send: editBytes(before.max_send), max_receive: editBytes(before.max_receive), quota: editBytes(before.quota) })
  const [rules, setRules] = useState(() => before.retention.map(ruleOf))

  const wanted: Record<string, unknown> = { name, query, addresses, ...numbers, retention: rules.map(textOf) }
  for (const s of sizes) wanted[s] = parseBytes(limits[s]) ?? 0
  const body = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => String(before[key as keyof Policy]) !== String(value)))
  const save = async () => {
    await change(() => (of ? api.patch(path`/recipient-policies/${of.name}`, body, { organisation }) : api.post('/recipient-policies', { ...body, name, query, organisation })), [['recipient-policies']], say('saved'))
    onClose(name)
    return 'left'
  }
  const options: Record<string, string | number | string[] | undefined> = { org: organisation, query: !of || 'query' in body ? query : undefined }
  if (of && 'name' in body) options['name'] = name
  if ('addresses' in body) options['addresses'] = addresses
  if ('position' in body) options['position'] = numbers.position
  for (const s of sizes) if (s in body) options[s.replace('_', '-')] = limits[s] || 0
  if ('max_recipients' in body) options['max-recipients'] = numbers.max_recipients
  if ('retention' in body) options['retention'] = rules.map(textOf).join(',')
  const isWrong = sizes.some((s) => parseBytes(limits[s]) === null) || rules.some((r) => r.folder.trim() === '')
  return (
    <FormDialog title={say(of ? 'edit' : 'addPolicy')} action={say(of ? 'save' : 'addPolicy')} disabled={isWrong || Object.keys(body).length === 0} command={commandLine(['recipient-policy', of ? 'set' : 'add', of?.name ?? name], options)} onClose={() => onClose(of?.name)} onSubmit={save}>
      <TextInput label={say('name')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <TextInput label={say('query')} description={say('queryHelp')} required spellCheck={false} value={query} onChange={(e) => setQuery(e.currentTarget.value)} />
      <Preview organisation={organisation} filter={query} />
      <NumberInput label={say('position')} description={say('positionHelp')} allowDecimal={false} value={numbers.position} onChange={(n) => setNumbers((all) => ({ ...all, position: Number(n) }))} />
      <TagsInput label={say('templates')} description={say('templatesHelp')} placeholder="%g.%s@example.org" value={addresses} onChange={setAddresses} splitChars={[',', ' ', ';']} acceptValueOnBlur />
      {sizes.map((s) => (
        <TextInput
          key={s}
          label={say(sizeTexts[s])}
          description={say(s === 'quota' ? 'quotaHelp' : 'sizeHelp')}
          value={limits[s]}
          error={parseBytes(limits[s]) === null}
          onChange={(e) => {
            const text = e.currentTarget.value
            setLimits((all) => ({ ...all, [s]: text }))
          }}
        />
      ))}
      <NumberInput label={say('maxRecipients')} description={say('noneHelp')} min={0} allowDecimal={false} value={numbers.max_recipients} onChange={(n) => setNumbers((all) => ({ ...all, max_recipients: Number(n) }))} />
      <RetentionFields value={rules} onChange={setRules} />
    </FormDialog>
  )
}
