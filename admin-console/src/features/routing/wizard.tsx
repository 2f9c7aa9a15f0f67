import { Foreign, parseBytes } from '@chappe/kit'
import { Alert, Button, MultiSelect, NumberInput, PasswordInput, Select, Stepper, Switch, Text, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { FormDialog } from '../../app/form-dialog'
import { organisationsQuery } from '../organisations/data'
import { groupsQuery, serversQuery, type Connector } from './data'
import { changesOf, commandOf, draftOf, linesOf, TLS, type Draft } from './form'
import { useTexts } from './texts'

interface Step {
  draft: Draft
  set: (change: Partial<Draft>) => void
  known: boolean
}

function Purpose({ draft, set, known }: Step) {
  const say = useTexts()
  const organisations = useQuery(organisationsQuery).data ?? []
  return (
    <>
      {!known && (
        <>
          <Select label={say('kind')} allowDeselect={false} data={(['smtp', 'routing-group'] as const).map((k) => ({ value: k, label: say(`kind.${k}`) }))} value={draft.kind} onChange={(k) => set({ kind: k === 'routing-group' ? k : 'smtp' })} />
          <Text size="xs" c="dimmed">
            {say(`kindHelp.${draft.kind}`)}
          </Text>
          <TextInput label={say('name')} required data-autofocus value={draft.name} onChange={(e) => set({ name: e.currentTarget.value })} />
        </>
      )}
      {draft.kind === 'smtp' && (
        <>
          <Textarea label={say('spaces')} description={say('spacesHelp')} required rows={3} spellCheck={false} value={draft.spaces} onChange={(e) => set({ spaces: e.currentTarget.value })} />
          <Select label={say('organisation')} placeholder={say('anyOrganisation')} clearable searchable data={organisations.map((o) => o.name)} value={draft.organisation || null} onChange={(o) => set({ organisation: o ?? '' })} />
        </>
      )}
      {known && <Switch label={say('enabled')} description={say('enabledHelp')} checked={draft.enabled} onChange={(e) => set({ enabled: e.currentTarget.checked })} />}
    </>
  )
}

function Destination({ draft, set, known }: Step) {
  const say = useTexts()
  const groups = (useQuery(groupsQuery).data ?? []).map((g) => g.name)
  const servers = useQuery(serversQuery).data ?? []
  const of = (group: string) => servers.filter((s) => s.routing_group === (group || groups[0])).map((s) => s.name)
  return (
    <>
      {(draft.kind === 'smtp' || !known) && groups.length > 1 && <Select label={say('group')} searchable allowDeselect={false} required={draft.kind !== 'smtp'} data={groups} value={draft.group || null} onChange={(g) => set({ group: g ?? '' })} />}
      {draft.kind === 'routing-group' && (
        <>
          {!known && <Select label={say('target')} searchable allowDeselect={false} required data={groups.filter((g) => g !== draft.group)} value={draft.target || null} onChange={(g) => set({ target: g ?? '' })} />}
          <MultiSelect label={say('toServers')} placeholder={draft.toServers.length === 0 ? say('allServers') : ''} clearable data={of(draft.target)} value={draft.toServers} onChange={(toServers) => set({ toServers })} />
        </>
      )}
      <MultiSelect label={say('fromServers')} placeholder={draft.fromServers.length === 0 ? say('allServers') : ''} clearable data={of(draft.group)} value={draft.fromServers} onChange={(fromServers) => set({ fromServers })} />
      {draft.kind === 'smtp' && (
        <>
          <TextInput label={say('smarthost')} description={say('smarthostHelp')} placeholder="[relay.example.net]:587" spellCheck={false} value={draft.smarthost} onChange={(e) => set({ smarthost: e.currentTarget.value })} />
          {draft.smarthost !== '' && <PasswordInput label={say('auth')} description={say('authHelp')} placeholder={known ? say('authKeep') : ''} autoComplete="off" value={draft.auth} onChange={(e) => set({ auth: e.currentTarget.value })} />}
        </>
      )}
    </>
  )
}

function Manner({ draft, set }: Step) {
  const say = useTexts()
  return (
    <>
      <NumberInput label={say('costLabel')} description={say('costHelp')} min={1} max={100} allowDecimal={false} clampBehavior="strict" value={draft.cost} onChange={(cost) => set({ cost: Number(cost) || 1 })} />
      <Select label={say('tls')} allowDeselect={false} data={TLS.map((t) => ({ value: t, label: say(`tls.${t}`) }))} value={draft.tls} onChange={(tls) => set({ tls: tls ?? 'opportunistic' })} />
      <TextInput label={say('schedule')} description={say('scheduleHelp')} spellCheck={false} value={draft.schedule} onChange={(e) => set({ schedule: e.currentTarget.value })} />
      <TextInput label={say('maxMessage')} description={say('maxMessageHelp')} value={draft.maxMessage} error={parseBytes(draft.maxMessage) === null} onChange={(e) => set({ maxMessage: e.currentTarget.value })} />
      <Textarea label={say('allow')} description={say('senders')} rows={2} spellCheck={false} value={draft.allow} onChange={(e) => set({ allow: e.currentTarget.value })} />
      <Textarea label={say('deny')} description={say('senders')} rows={2} spellCheck={false} value={draft.deny} onChange={(e) => set({ deny: e.currentTarget.value })} />
    </>
  )
}

const STEPS = [Purpose, Destination, Manner] as const

/** Adds a connector in three steps, or changes `known` in the same ones. */
export function ConnectorWizard({ kind, known, onClose, onDone }: { kind: Draft['kind']; known?: Connector; onClose: () => void; onDone: (name: string) => void }) {
  const say = useTexts()
  const change = useChange()
  const before = draftOf(known, kind)
  const [draft, setDraft] = useState(before)
  const [step, setStep] = useState(0)
  const isLast = step === STEPS.length - 1
  const { body, options } = changesOf(draft, before)
  const Fields = STEPS[step] ?? Purpose
  const isNew = known === undefined
  const where = draft.smarthost ? say('summaryVia', { host: draft.smarthost }) : say('noSmarthost').toLowerCase()
  const summary = draft.kind === 'smtp' ? say('summary', { spaces: linesOf(draft.spaces).join(', '), where, cost: draft.cost }) : say('summaryGroup', { from: draft.group, to: draft.target, cost: draft.cost })
  const send = () => {
    if (!isNew) return change(() => api.patch(path`/connectors/${draft.name}`, body), [['routing']], say('saved'))
    const ends = draft.kind === 'routing-group' ? { routing_group: draft.group, target_group: draft.target } : {}
    return change(() => api.post('/connectors', { name: draft.name.trim(), ...ends, ...body }), [['routing']], say('added', { name: draft.name }))
  }
  return (
    <FormDialog
      title={isNew ? say('add') : `${say('edit')}: ${draft.name}`}
      action={say(isLast ? (isNew ? 'add' : 'save') : 'next')}
      command={commandOf(draft, options, isNew)}
      size="xl"
      disabled={isLast && ((!isNew && Object.keys(body).length === 0) || parseBytes(draft.maxMessage) === null)}
      back={
        step > 0 && (
          <Button variant="default" onClick={() => setStep(step - 1)}>
            {say('back')}
          </Button>
        )
      }
      onClose={onClose}
      onSubmit={async () => {
        if (!isLast) {
          setStep(step + 1)
          return 'left'
        }
        await send()
        onDone(draft.name.trim())
        return 'left'
      }}
    >
      <Stepper active={step} onStepClick={setStep} allowNextStepsSelect={!isNew} size="xs">
        {(['step1', 'step2', 'step3'] as const).map((s) => (
          <Stepper.Step key={s} label={say(s)} />
        ))}
      </Stepper>
      <Fields draft={draft} set={(c) => setDraft((d) => ({ ...d, ...c }))} known={!isNew} />
      {isLast && (
        <Alert variant="light">
          <Foreign>{summary}</Foreign>
        </Alert>
      )}
    </FormDialog>
  )
}
