import { parseBytes } from '@chappe/kit'
import { IconPlus, IconX } from '@chappe/kit/icons'
import { ActionIcon, Button, Group, Menu, NumberInput, Select, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { ruleQuery, type Rule } from './data'
import classes from './filter.module.css'
import { bodyOf, changesOf, chosenOf, isWhole, optionsOf, type Chosen } from './rule-form'
import { parts, partOf, type Kind, type PartName } from './rule-parts'
import { RuleTrial } from './rule-trial'
import { useTexts } from './texts'

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

interface Props {
  of: Rule | undefined
  organisation: string
  onClose: (name: string | undefined) => void
}

/** A rule, new or as it is now. */
export function EditRule({ of, ...rest }: Props) {
  const name = of?.name ?? ''
  const now = useQuery({ ...ruleQuery(name, rest.organisation), enabled: of !== undefined })
  if (now.isLoading) return null
  return <Form of={now.data ?? of} {...rest} />
}

/** All its conditions and actions, and whether it would hold for a message. */
function Form({ of, organisation, onClose }: Props) {
  const say = useTexts()
  const change = useChange()
  const before = of ? chosenOf(of) : {}
  const [name, setName] = useState(of?.name ?? '')
  const [position, setPosition] = useState(of?.position)
  const [chosen, setChosen] = useState<Chosen>(before)
  const parted = changesOf(before, chosen)
  const about = { ...(name !== of?.name && { name }), ...(position !== of?.position && { position: position ?? 0 }) }
  const isChanged = Object.keys({ ...parted.body, ...about }).length > 0
  const save = async () => {
    if (of) await change(() => api.patch(path`/rules/${of.name}`, { ...about, ...parted.body }, { organisation }), [['rules']], say('saved'))
    else await change(() => api.post('/rules', { ...about, organisation, ...bodyOf(chosen) }), [['rules']], say('ruleAdded', { name }))
    onClose(name)
    return 'left'
  }
  return (
    <FormDialog
      title={of ? `${say('change')}: ${of.name}` : say('ruleAdd')}
      action={say(of ? 'save' : 'ruleAdd')}
      size="xl"
      disabled={!isWhole(chosen) || !isChanged}
      command={of ? commandLine(['rule', 'set', of.name], { org: organisation, ...about, ...parted.options }) : commandLine(['rule', 'add', name], { org: organisation, position, ...optionsOf(chosen) })}
      onClose={() => onClose(of?.name)}
      onSubmit={save}
    >
      <div className={classes.pair}>
        <TextInput label={say('name')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
        <NumberInput label={say('position')} description={say('positionHelp')} inputWrapperOrder={['label', 'input', 'description']} min={1} allowDecimal={false} value={position ?? ''} onChange={(n) => setPosition(Number(n) || undefined)} />
      </div>
      {(['conditions', 'unless', 'actions'] as const).map((kind) => (
        <Section key={kind} kind={kind} chosen={chosen} onChange={setChosen} />
      ))}
      <RuleTrial rule={bodyOf(chosen)} isWhole={isWhole(chosen)} organisation={organisation} />
    </FormDialog>
  )
}
