import { parseBytes } from '@chappe/kit'
import { IconPlus, IconX } from '@chappe/kit/icons'
import { ActionIcon, Group, Menu, NumberInput, Select, Stack, Text, Textarea, TextInput, Button } from '@mantine/core'
import { useState } from 'react'
import { api } from '../../app/api'
import { useChange } from '../../app/change'
import { commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import classes from './filter.module.css'
import { parts, partOf, type Kind, type PartName } from './rule-parts'
import { useTexts } from './texts'

type Chosen = Partial<Record<PartName, string>>

function Field({ name, value, onChange }: { name: PartName; value: string; onChange: (value: string) => void }) {
  const say = useTexts()
  const part = partOf(name)
  const label = say(`part.${name}`)
  if (part?.is === 'flag') return <Text size="sm">{label}</Text>
  if (part?.is === 'direction')
    return <Select label={label} allowDeselect={false} data={(['in', 'out'] as const).map((d) => ({ value: d, label: say(`direction.${d}`) }))} value={value || 'in'} onChange={(d) => onChange(d ?? 'in')} />
  const common = { label, placeholder: part?.hint ? say(`hint.${part.hint}`) : '', required: true, value }
  if (name === 'disclaimer') return <Textarea {...common} autosize minRows={2} maxRows={8} onChange={(e) => onChange(e.currentTarget.value)} />
  return <TextInput {...common} spellCheck={part?.hint === 'text'} error={part?.is === 'size' && value !== '' && !parseBytes(value)} onChange={(e) => onChange(e.currentTarget.value)} />
}

function Section({ kind, chosen, onChange }: { kind: Kind; chosen: Chosen; onChange: (chosen: Chosen) => void }) {
  const say = useTexts()
  const own = parts.filter((p) => p.kind === kind)
  const used = own.filter((p) => chosen[p.name] !== undefined)
  const free = own.filter((p) => chosen[p.name] === undefined)
  const word = say(kind === 'conditions' ? 'condition' : kind === 'unless' ? 'exception' : 'action')
  return (
    <Stack gap={6}>
      <Group justify="space-between">
        <Text size="sm" fw={600}>
          {say(kind)}
        </Text>
        {free.length > 0 && (
          <Menu position="bottom-end">
            <Menu.Target>
              <Button size="compact-xs" variant="default" leftSection={<IconPlus size={14} />}>
                {word}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {free.map((p) => (
                <Menu.Item key={p.name} onClick={() => onChange({ ...chosen, [p.name]: p.is === 'direction' ? 'in' : '' })}>
                  {say(`part.${p.name}`)}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        )}
      </Group>
      {used.map((p) => (
        <div key={p.name} className={classes.part}>
          <Field name={p.name} value={chosen[p.name] ?? ''} onChange={(value) => onChange({ ...chosen, [p.name]: value })} />
          <ActionIcon variant="subtle" color="gray" aria-label={`${say('takeOut')}: ${say(`part.${p.name}`)}`} onClick={() => onChange(Object.fromEntries(Object.entries(chosen).filter(([n]) => n !== p.name)) as Chosen)}>
            <IconX size={16} />
          </ActionIcon>
        </div>
      ))}
    </Stack>
  )
}

/** A rule as it is sent, and as the command line takes it. */
function ruleOf(chosen: Chosen) {
  const body: Record<string, unknown> = {}
  const options: Record<string, string | boolean> = {}
  for (const [name, value] of Object.entries(chosen)) {
    const part = partOf(name)
    body[name] = part?.is === 'flag' ? true : part?.is === 'size' ? (parseBytes(value) ?? 0) : value
    options[name.replaceAll('_', '-')] = part?.is === 'flag' ? true : value
  }
  return { body, options }
}

export function AddRule({ organisation, onClose }: { organisation: string; onClose: () => void }) {
  const say = useTexts()
  const change = useChange()
  const [name, setName] = useState('')
  const [position, setPosition] = useState<number | undefined>()
  const [chosen, setChosen] = useState<Chosen>({})
  const { body, options } = ruleOf(chosen)
  const acts = parts.some((p) => p.kind === 'actions' && chosen[p.name] !== undefined)
  const isWhole = acts && Object.entries(chosen).every(([n, v]) => partOf(n)?.is === 'flag' || (v !== '' && (partOf(n)?.is !== 'size' || parseBytes(v))))
  return (
    <FormDialog
      title={say('ruleAdd')}
      action={say('ruleAdd')}
      disabled={!isWhole}
      command={commandLine(['rule', 'add', name], { org: organisation, position, ...options })}
      onClose={onClose}
      onSubmit={() => change(() => api.post('/rules', { name, organisation, ...(position !== undefined && { position }), ...body }), [['rules']], say('ruleAdded', { name }))}
    >
      <div className={classes.pair}>
        <TextInput label={say('name')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
        <NumberInput label={say('position')} description={say('positionHelp')} inputWrapperOrder={['label', 'input', 'description']} min={1} allowDecimal={false} value={position ?? ''} onChange={(n) => setPosition(Number(n) || undefined)} />
      </div>
      {(['conditions', 'unless', 'actions'] as const).map((kind) => (
        <Section key={kind} kind={kind} chosen={chosen} onChange={setChosen} />
      ))}
    </FormDialog>
  )
}
