import { Confirm, Foreign, Status, type Column } from '@chappe/kit'
import { Switch, TagsInput, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine, type Option } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { Button } from '@mantine/core'
import { domainsQuery } from '../domains/data'
import { AdminGroupField } from '../organisations/admin-group-field'
import { aliasesQuery, type Alias } from './data'
import { aliasesRoute } from './routes'
import { SimpleList } from './simple-list'
import { useListTexts } from './texts-lists'
import { useOneTexts } from './texts-one'
import { useTexts } from './texts'

const keyOf = (a: Alias) => a.address
const textOf = (a: Alias) => `${a.address} ${a.target.join(' ')}`

function newOf(address: string, targets: string[], adminGroup: string) {
  const [first, ...more] = targets
  return {
    body: { address, targets, ...(adminGroup && { admin_group: adminGroup }) },
    line: first ? [commandLine(['alias', 'add', address, first], { 'admin-group': adminGroup || undefined }), ...more.map((t) => commandLine(['alias', 'add', address, t]))] : [],
  }
}

function changeOf(known: Alias, targets: string[], enabled: boolean, adminGroup: string) {
  const body: Record<string, unknown> = {}
  const options: Record<string, Option> = {}
  if (targets.join() !== known.target.join()) {
    body['targets'] = targets
    options['to'] = targets.join(',')
  }
  if (enabled !== known.enabled) {
    body['enabled'] = enabled
    options['enabled'] = enabled ? 'yes' : 'no'
  }
  if (adminGroup !== (known.admin_group ?? '')) options['admin-group'] = body['admin_group'] = adminGroup
  return { body, line: commandLine(['alias', 'set', known.address], options) }
}

/** A new alias, or one that is there (`known`): where it leads. */
function EditAlias({ known, onRemove, onClose }: { known: Alias | undefined; onRemove: () => void; onClose: () => void }) {
  const list = useListTexts()
  const say = useOneTexts()
  const words = useTexts()
  const change = useChange()
  const [address, setAddress] = useState(known?.address ?? '')
  const [targets, setTargets] = useState(known?.target ?? [])
  const [enabled, setEnabled] = useState(known?.enabled ?? true)
  const [adminGroup, setAdminGroup] = useState(known?.admin_group ?? '')
  const domains = useQuery({ ...domainsQuery(undefined), enabled: !known }).data ?? []
  const organisation = known ? known.organisation : domains.find((d) => d.name === address.split('@')[1])?.organisation
  const { body, line } = known ? changeOf(known, targets, enabled, adminGroup) : newOf(address, targets, adminGroup)
  return (
    <FormDialog
      title={known ? address : list('addAlias')}
      action={say('save')}
      command={line}
      disabled={targets.length === 0 || Object.keys(body).length === 0}
      onClose={onClose}
      onSubmit={() => change(() => (known ? api.patch(path`/aliases/${address}`, body) : api.post('/aliases', body)), [['aliases'], ['users']], say('saved'))}
      back={
        known && (
          <Button variant="subtle" color="red" onClick={onRemove}>
            {say('remove')}
          </Button>
        )
      }
    >
      <TextInput label={words('address')} type="email" required readOnly={known !== undefined} data-autofocus={known ? undefined : true} value={address} onChange={(e) => setAddress(e.currentTarget.value.trim())} />
      <TagsInput label={list('leadsTo')} description={say('sendersHelp')} value={targets} onChange={setTargets} splitChars={[',', ' ', ';']} acceptValueOnBlur />
      {known && <Switch label={words('state.active')} checked={enabled} onChange={(e) => setEnabled(e.currentTarget.checked)} />}
      <AdminGroupField organisation={organisation} value={adminGroup} onChange={setAdminGroup} clearable={!known} />
    </FormDialog>
  )
}

export function Aliases() {
  const say = useTexts()
  const list = useListTexts()
  const one = useOneTexts()
  const change = useChange()
  const search = aliasesRoute.useSearch()
  const navigate = useNavigate({ from: '/recipients/aliases' })
  const query = useQuery(aliasesQuery({ organisation: search.organisation, domain: search.domain }))
  const [removes, setRemoves] = useState<string | null>(null)
  const columns = useMemo<Column<Alias>[]>(
    () => [
      { id: 'address', title: say('address'), width: 2, value: (a) => a.address, cell: (a) => <Foreign title={a.address}>{a.address}</Foreign> },
      { id: 'target', title: list('leadsTo'), width: 3, value: (a) => a.target.join(', '), cell: (a) => <Foreign title={a.target.join(', ')}>{a.target.join(', ')}</Foreign> },
      { id: 'state', title: say('state'), width: 0.8, yields: 's', value: (a) => say(a.enabled ? 'state.active' : 'state.disabled'), cell: (a) => <Status health={a.enabled ? 'good' : 'bad'}>{say(a.enabled ? 'state.active' : 'state.disabled')}</Status> },
    ],
    [say, list],
  )
  const shut = () => void navigate({ search: { ...search, dialog: undefined } })
  const known = query.data?.find((a) => a.address === search.dialog)
  return (
    <SimpleList
      title={say('aliases')}
      search={search}
      onSearch={(s) => void navigate({ search: s, replace: true })}
      query={query}
      columns={columns}
      rowKey={keyOf}
      textOf={textOf}
      onOpen={(a) => void navigate({ search: { ...search, dialog: a.address } })}
      addText={list('addAlias')}
      none={list('noAliases')}
    >
      {(search.dialog === 'add' || known) && removes === null && <EditAlias key={search.dialog} known={known} onRemove={() => setRemoves(known?.address ?? null)} onClose={shut} />}
      {removes !== null && (
        <Confirm
          title={one('removeAlias', { address: removes })}
          action={one('remove')}
          onDone={() => {
            setRemoves(null)
            shut()
          }}
          onAct={() => change(() => api.delete(path`/aliases/${removes}`), [['aliases'], ['users']], one('aliasRemoved', { address: removes }))}
        >
          <p>{one('remove.other')}</p>
          <Command line={commandLine(['alias', 'remove', removes])} />
        </Confirm>
      )}
    </SimpleList>
  )
}
