import { ErrorPanel, Panel } from '@chappe/kit'
import { Button, Group, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { api } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine, type Option } from '../../app/command'
import { useMay } from '../../app/session'
import { PERSON_FIELDS, type Person, type PersonField } from './data'
import classes from './mailbox.module.css'
import { isOwned, type Owned } from './owned'
import { useOneTexts } from './texts-one'
import { usePersonTexts } from './texts-person'

const WORK: PersonField[] = ['given_name', 'surname', 'initials', 'title', 'department', 'company', 'office', 'manager']
const REACH: PersonField[] = ['street', 'city', 'postal_code', 'region', 'country', 'phone', 'mobile', 'fax', 'notes']
const MANY_LINES: readonly PersonField[] = ['street', 'notes']
const MOST = 500

type Values = Record<PersonField, string>
const valuesOf = (person: Person): Values => Object.fromEntries(PERSON_FIELDS.map((f) => [f, person[f] ?? ''])) as Values

interface Of extends Person, Owned {
  address: string
}

function Field({ of, field, value, onChange }: { of: Of; field: PersonField; value: string; onChange: (text: string) => void }) {
  const say = usePersonTexts()
  const one = useOneTexts()
  const owned = isOwned(of, field)
  const props = {
    label: say(field === 'title' ? 'job' : field),
    value,
    maxLength: MOST,
    disabled: owned,
    title: owned ? one('comesFrom', { source: of.source ?? '' }) : undefined,
    description: field === 'manager' && !owned ? say('managerHelp') : undefined,
  }
  if (MANY_LINES.includes(field)) return <Textarea {...props} autosize minRows={2} maxRows={8} onChange={(e) => onChange(e.currentTarget.value)} />
  return <TextInput {...props} type={field === 'manager' ? 'email' : 'text'} onChange={(e) => onChange(e.currentTarget.value)} />
}

/** Whom a mailbox or contact stands for: its fields, but those that the company's directory owns. */
export function PersonForm({ of, kind, where }: { of: Of; kind: 'user' | 'contact'; where: string }) {
  const say = usePersonTexts()
  const one = useOneTexts()
  const change = useChange()
  const mayWrite = useMay('recipient.write')
  const before = valuesOf(of)
  const [values, setValues] = useState(before)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const body: Partial<Values> = {}
  const options: Record<string, Option> = {}
  for (const field of PERSON_FIELDS) {
    const text = values[field].trim()
    if (text !== before[field]) options[field.replace('_', '-')] = body[field] = text
  }
  const isChanged = Object.keys(body).length > 0
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    await change(() => api.patch(where, body), [[`${kind}s`]], one('saved')).catch(setError)
    setBusy(false)
  }
  const show = (field: PersonField) => <Field key={field} of={of} field={field} value={values[field]} onChange={(text) => setValues((all) => ({ ...all, [field]: text }))} />
  return (
    <form onSubmit={(e) => void submit(e)}>
      <Text size="sm" c="dimmed" mb="sm">
        {of.source && PERSON_FIELDS.some((f) => isOwned(of, f)) ? say('owned', { source: of.source }) : say('lead')}
      </Text>
      <fieldset disabled={!mayWrite} className={classes.plain}>
        <div className={classes.two}>
          <Panel title={say('work')}>
            <div className={classes.fields}>{WORK.map(show)}</div>
          </Panel>
          <Panel title={say('reach')}>
            <div className={classes.fields}>{REACH.map(show)}</div>
          </Panel>
        </div>
        <Stack gap="sm" mt="md">
          {isChanged && <Command line={commandLine([kind, 'set', of.address], options)} />}
          {error !== null && <ErrorPanel error={error} />}
          {mayWrite && (
            <Group justify="flex-end">
              <Button type="submit" loading={busy} disabled={!isChanged}>
                {one('save')}
              </Button>
            </Group>
          )}
        </Stack>
      </fieldset>
    </form>
  )
}
