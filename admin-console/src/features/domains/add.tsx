import { Select, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../app/api'
import { useChange } from '../../app/change'
import { commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { organisationsQuery } from '../organisations/data'
import { useTexts } from './texts'

const KINDS = ['authoritative', 'relay', 'alias'] as const

export function AddDomain({ organisation: given, onClose, onAdded }: { organisation: string | undefined; onClose: () => void; onAdded: (name: string) => void }) {
  const say = useTexts()
  const change = useChange()
  const organisations = useQuery(organisationsQuery).data ?? []
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState(given ?? '')
  const [kind, setKind] = useState<(typeof KINDS)[number]>('authoritative')
  const [target, setTarget] = useState('')
  const organisation = chosen || (organisations[0]?.name ?? '')
  return (
    <FormDialog
      title={say('add')}
      action={say('add')}
      command={commandLine(['domain', 'add', name], { org: organisation, kind: kind === 'authoritative' ? undefined : kind, target: kind === 'alias' ? target : undefined })}
      disabled={organisation === ''}
      onClose={onClose}
      onSubmit={async () => {
        await change(() => api.post('/domains', { name, organisation, ...(kind !== 'authoritative' && { kind }), ...(kind === 'alias' && { target }) }), [['domains'], ['organisations']], say('added', { name }))
        onAdded(name)
        return 'left'
      }}
    >
      <TextInput label={say('name')} placeholder="example.org" required data-autofocus spellCheck={false} value={name} onChange={(e) => setName(e.currentTarget.value.trim().toLowerCase())} />
      <Select label={say('organisation')} searchable allowDeselect={false} data={organisations.map((o) => o.name)} value={organisation || null} onChange={(o) => setChosen(o ?? '')} />
      <Stack gap={4}>
        <Select label={say('kind')} allowDeselect={false} data={KINDS.map((k) => ({ value: k, label: say(`kind.${k}`) }))} value={kind} onChange={(k) => setKind(KINDS.find((x) => x === k) ?? 'authoritative')} />
        <Text size="xs" c="dimmed">
          {say(`kindHelp.${kind}`)}
        </Text>
      </Stack>
      {kind === 'alias' && <TextInput label={say('target')} required value={target} onChange={(e) => setTarget(e.currentTarget.value.trim().toLowerCase())} />}
    </FormDialog>
  )
}
