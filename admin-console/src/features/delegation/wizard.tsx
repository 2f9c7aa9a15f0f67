import { useFormat, wordOf } from '@chappe/kit'
import { Fieldset, Radio, Select, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../app/api'
import { useChange } from '../../app/change'
import { commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useMayEverywhere } from '../../app/session'
import { domainsQuery } from '../domains/data'
import { storesQuery } from '../home/data'
import { adminGroupsQuery, organisationsQuery } from '../organisations/data'
import { groupsQuery } from '../recipients/data'
import { rolesQuery } from './data'
import { PersonField } from './person'
import { useRoleTexts } from './roles'
import { useTexts } from './texts'

const SCOPES = ['installation', 'organisation', 'administrative-group', 'domain', 'store', 'group'] as const
type Scope = (typeof SCOPES)[number]
const DAYS = ['0', '7', '30', '90', '365'] as const

/** What objects of a scope there are, as the API names them. */
function useObjects(scope: Scope): string[] {
  const organisations = useQuery({ ...organisationsQuery, enabled: scope === 'organisation' }).data ?? []
  const groups = useQuery({ ...adminGroupsQuery(undefined), enabled: scope === 'administrative-group' }).data ?? []
  const domains = useQuery({ ...domainsQuery(), enabled: scope === 'domain' }).data ?? []
  const stores = useQuery({ ...storesQuery, enabled: scope === 'store' }).data ?? []
  const recipients = useQuery({ ...groupsQuery({}), enabled: scope === 'group' }).data ?? []
  switch (scope) {
    case 'organisation':
      return organisations.map((o) => o.name)
    case 'administrative-group':
      return groups.map((g) => `${g.organisation}/${g.name}`)
    case 'domain':
      return domains.map((d) => d.name)
    case 'store':
      return [...new Set(stores.map((s) => s.name))]
    case 'group':
      return recipients.map((g) => g.address)
    default:
      return []
  }
}

/** Who, which role, on what, until when. `preset`: "domain example.org". */
export function Delegate({ preset, holder, onClose }: { preset: string; holder: string | undefined; onClose: () => void }) {
  const say = useTexts()
  const words = useRoleTexts()
  const format = useFormat()
  const change = useChange()
  const everywhere = useMayEverywhere('delegation.write')
  const space = preset.indexOf(' ')
  const [who, setWho] = useState(holder ?? '')
  const [role, setRole] = useState('')
  const [scope, setScope] = useState<Scope>(SCOPES.find((s) => s === preset.slice(0, space)) ?? 'organisation')
  const [object, setObject] = useState(space > 0 ? preset.slice(space + 1) : '')
  const [days, setDays] = useState<(typeof DAYS)[number]>('90')
  const roles = useQuery(rolesQuery).data ?? []
  const objects = useObjects(scope)
  const needsObject = scope !== 'installation'
  const isReady = who !== '' && role !== '' && (!needsObject || object !== '')
  const until = days === '0' ? say('summaryForever') : say('summaryUntil', { date: format.date(new Date(Date.now() + Number(days) * 86400_000).toISOString()) })
  return (
    <FormDialog
      title={say('add')}
      action={say('add')}
      size="xl"
      command={commandLine(['grant', 'add', who, role], { scope, on: needsObject ? object : undefined, days: days === '0' ? undefined : days })}
      disabled={!isReady}
      onClose={onClose}
      onSubmit={() => change(() => api.post('/grants', { holder: who, role, scope, ...(needsObject && { object }), ...(days !== '0' && { days: Number(days) }) }), [['grants'], ['rights']], say('granted', { who }))}
    >
      <Fieldset legend={say('step.who')}>
        <PersonField label={say('person')} value={who} onChange={setWho} autoFocus={!holder} />
      </Fieldset>
      <Fieldset legend={say('step.role')}>
        <Radio.Group value={role} onChange={setRole} aria-label={say('role')}>
          <Stack gap={8}>
            {roles.map((r) => (
              <Radio key={r.name} value={r.name} label={wordOf(words, 'role', r.name)} description={wordOf(words, 'meaning', r.name) === r.name ? r.meaning : wordOf(words, 'meaning', r.name)} />
            ))}
          </Stack>
        </Radio.Group>
      </Fieldset>
      <Fieldset legend={say('step.what')}>
        <Stack gap="sm">
          <Select
            label={say('scope')}
            allowDeselect={false}
            data={SCOPES.filter((s) => s !== 'installation' || everywhere).map((s) => ({ value: s, label: wordOf(words, 'scope', s) }))}
            value={scope}
            onChange={(s) => {
              setScope(SCOPES.find((x) => x === s) ?? 'organisation')
              setObject('')
            }}
          />
          {needsObject &&
            (objects.length > 0 ? (
              <Select label={say('object')} searchable limit={50} data={objects.includes(object) || object === '' ? objects : [object, ...objects]} value={object || null} onChange={(o) => setObject(o ?? '')} />
            ) : (
              <TextInput label={say('object')} {...(scope === 'administrative-group' && { placeholder: say('object.administrative-group') })} value={object} onChange={(e) => setObject(e.currentTarget.value)} />
            ))}
        </Stack>
      </Fieldset>
      <Fieldset legend={say('step.when')}>
        <Select label={say('days')} allowDeselect={false} data={DAYS.map((d) => ({ value: d, label: say(`days.${d}`) }))} value={days} onChange={(d) => setDays(DAYS.find((x) => x === d) ?? '90')} />
      </Fieldset>
      {isReady && (
        <Text fw={600} role="status">
          {say('summary', { who, role: wordOf(words, 'role', role), what: `${wordOf(words, 'scope', scope)} ${object}`.trim(), until })}
        </Text>
      )}
    </FormDialog>
  )
}
