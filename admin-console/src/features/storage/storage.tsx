import { Answered, Confirm, EmptyState, Foreign, Page, Panel, Status, useFormat, wordOf, type Column } from '@chappe/kit'
import { IconPlus } from '@chappe/kit/icons'
import { Button, Group, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { ListTable } from '../../app/list-table'
import { useMayEverywhere } from '../../app/session'
import { groupsQuery, storesQuery, type StorageGroup, type Store } from './data'
import { health, Mounting } from './parts'
import { storageRoute } from './routes'
import { StorePolicy } from './store-policy'
import classes from './storage.module.css'
import { useTexts } from './texts'

const TABLE_PX = 420
const keyOf = (s: Store) => s.name

function AddGroup({ onClose }: { onClose: () => void }) {
  const say = useTexts()
  const change = useChange()
  const [name, setName] = useState('')
  const [database, setDatabase] = useState('')
  return (
    <FormDialog
      title={say('addGroup')}
      action={say('addGroup')}
      command={commandLine(['storage-group', 'add', name], { database: database || undefined })}
      onClose={onClose}
      onSubmit={() => change(() => api.post('/storage-groups', { name, ...(database && { database }) }), [['storage']], say('changed'))}
    >
      <TextInput label={say('name')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <TextInput label={say('database')} description={say('databaseLead')} placeholder="postgresql://chappe@db2/mail2" value={database} onChange={(e) => setDatabase(e.currentTarget.value)} />
    </FormDialog>
  )
}

function OneGroup({ group, stores, mayWrite }: { group: StorageGroup; stores: Store[]; mayWrite: boolean }) {
  const say = useTexts()
  const format = useFormat()
  const navigate = useNavigate()
  const change = useChange()
  const [act, setAct] = useState<'mount' | 'dismount' | 'new' | null>(null)
  const columns = useMemo<Column<Store>[]>(() => {
    const size = (bytes: number | null | undefined) => (bytes === null || bytes === undefined ? '–' : format.bytes(bytes))
    return [
      { id: 'name', title: say('store'), width: 2, value: (s) => s.name, cell: (s) => <Foreign title={s.name}>{s.name}</Foreign> },
      { id: 'state', title: say('state'), width: 1.2, value: (s) => wordOf(say, 'state', s.state), cell: (s) => <Status health={health[s.state] ?? 'none'}>{wordOf(say, 'state', s.state)}</Status> },
      { id: 'mailboxes', title: say('mailboxes'), align: 'end', yields: 's', value: (s) => s.mailboxes, cell: (s) => format.number(s.mailboxes) },
      { id: 'used', title: say('used'), align: 'end', value: (s) => s.used, cell: (s) => size(s.used) },
      { id: 'growth', title: say('growth'), align: 'end', yields: 's', value: (s) => s.grown_7_days, cell: (s) => size(s.grown_7_days) },
      { id: 'quotas', title: say('quotas'), align: 'end', yields: 'm', value: (s) => s.quotas, cell: (s) => (s.quotas ? size(s.quotas) : '–') },
      { id: 'full', title: say('full'), align: 'end', yields: 'm', value: (s) => s.full, cell: (s) => s.full ?? '–' },
    ]
  }, [say, format])
  const takesNew = group.takes_new !== false
  const toggle = () => change(() => api.send('PATCH', path`/storage-groups/${group.name}`, { body: { takes_new: !takesNew } }), [['storage']], say('changed'))
  return (
    <Panel
      title={<Foreign>{group.name}</Foreign>}
      actions={
        mayWrite && (
          <>
            <Button size="xs" variant="default" onClick={() => setAct('new')}>
              {say(takesNew ? 'stopNew' : 'takeNew')}
            </Button>
            <Button size="xs" variant="default" onClick={() => setAct('mount')}>
              {say('mount')}
            </Button>
            <Button size="xs" variant="default" onClick={() => setAct('dismount')}>
              {say('dismount')}
            </Button>
          </>
        )
      }
    >
      <Group gap="md" mb="sm">
        <Status health={health[group.state] ?? 'none'}>{wordOf(say, 'state', group.state)}</Status>
        {!takesNew && (
          <Text size="sm" c="dimmed">
            {say('noNew')}
          </Text>
        )}
      </Group>
      <ListTable
        label={group.name}
        columns={columns}
        rows={stores}
        rowKey={keyOf}
        maxHeight={TABLE_PX}
        onOpen={(s) => void navigate({ to: '/storage/$group/$store', params: { group: s.storage_group, store: s.name } })}
        empty={<EmptyState title={say('noStores')} />}
      />
      {act === 'new' && (
        <Confirm title={say(takesNew ? 'stopNew' : 'takeNew')} action={say(takesNew ? 'stopNew' : 'takeNew')} onDone={() => setAct(null)} onAct={toggle}>
          <p>
            <Foreign>{group.name}</Foreign>
          </p>
          <Command line={commandLine(['storage-group', 'set', group.name], { 'takes-new': takesNew ? 'no' : 'yes' })} />
        </Confirm>
      )}
      {(act === 'mount' || act === 'dismount') && <Mounting group={group.name} act={act} onDone={() => setAct(null)} />}
    </Panel>
  )
}

/** Storage groups with their stores. */
export function Storage() {
  const say = useTexts()
  const { dialog } = storageRoute.useSearch()
  const navigate = useNavigate({ from: '/storage' })
  const open = (next: string | undefined) => void navigate({ search: { dialog: next }, replace: next === undefined })
  const mayWrite = useMayEverywhere('storage.write')
  const groups = useQuery(groupsQuery)
  const stores = useQuery(storesQuery)
  return (
    <Page
      title={say('title')}
      lead={say('lead')}
      actions={
        <>
          <Button variant="default" renderRoot={(props) => <Link to="/storage/moves" {...props} />}>
            {say('moves')}
          </Button>
          {mayWrite && (
            <>
              <Button variant="default" leftSection={<IconPlus size={17} />} onClick={() => open('group')}>
                {say('addGroup')}
              </Button>
              <Button leftSection={<IconPlus size={17} />} onClick={() => open('store')}>
                {say('addStore')}
              </Button>
            </>
          )}
        </>
      }
    >
      <Answered of={groups}>
        {(all) => (
          <Answered of={stores}>
            {(found) => (
              <div className={classes.groups}>
                {all.map((g) => (
                  <OneGroup key={g.name} group={g} stores={found.filter((s) => s.storage_group === g.name)} mayWrite={mayWrite} />
                ))}
              </div>
            )}
          </Answered>
        )}
      </Answered>
      {dialog === 'group' && <AddGroup onClose={() => open(undefined)} />}
      {dialog === 'store' && groups.data && <StorePolicy groups={groups.data.map((g) => g.name)} onClose={() => open(undefined)} />}
    </Page>
  )
}
