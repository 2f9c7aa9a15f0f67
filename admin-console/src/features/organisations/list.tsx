import { EmptyState, ErrorPanel, Foreign, Page, useFormat, type Column } from '@chappe/kit'
import { IconPlus, IconSearch } from '@chappe/kit/icons'
import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { ListTable } from '../../app/list-table'
import { useMayEverywhere } from '../../app/session'
import { AddOrganisation } from './add'
import { organisationsQuery, type Organisation } from './data'
import { organisationsRoute } from './routes'
import { useTexts } from './texts'

const keyOf = (o: Organisation) => o.name

export function Organisations() {
  const say = useTexts()
  const format = useFormat()
  const search = organisationsRoute.useSearch()
  const navigate = useNavigate({ from: '/organisations' })
  const mayAdd = useMayEverywhere('organisation.write')
  const all = useQuery(organisationsQuery)
  const wanted = (search.text ?? '').toLowerCase()
  const rows = useMemo(() => (all.data ?? []).filter((o) => o.name.toLowerCase().includes(wanted)), [all.data, wanted])
  const columns = useMemo<Column<Organisation>[]>(
    () => [
      { id: 'name', title: say('name'), width: 3, value: (o) => o.name, cell: (o) => <Foreign title={o.name}>{o.name}</Foreign> },
      { id: 'users', title: say('users'), align: 'end', value: (o) => o.users, cell: (o) => format.number(o.users) },
      { id: 'domains', title: say('domains'), align: 'end', yields: 's', value: (o) => o.domains, cell: (o) => format.number(o.domains) },
      { id: 'quota', title: say('quota'), align: 'end', yields: 's', value: (o) => o.quota, cell: (o) => (o.quota ? format.bytes(o.quota) : say('noLimit')) },
      { id: 'created', title: say('created'), align: 'end', yields: 'm', value: (o) => o.created, cell: (o) => (o.created ? format.date(o.created) : '') },
    ],
    [say, format],
  )
  const open = (name: string) => void navigate({ to: '/organisations/$name', params: { name } })
  return (
    <Page
      fill
      title={say('organisations')}
      actions={
        mayAdd && (
          <Button leftSection={<IconPlus size={17} />} onClick={() => void navigate({ search: { ...search, dialog: 'add' } })}>
            {say('add')}
          </Button>
        )
      }
    >
      <TextInput leftSection={<IconSearch size={16} />} aria-label={say('find')} placeholder={say('find')} value={search.text ?? ''} onChange={(e) => void navigate({ search: { ...search, text: e.currentTarget.value }, replace: true })} maw={420} />
      {all.error && <ErrorPanel error={all.error} retry={() => void all.refetch()} />}
      <ListTable label={say('organisations')} columns={columns} rows={rows} rowKey={keyOf} onOpen={(o) => open(o.name)} isLoading={all.isFetching} empty={<EmptyState title={say('none')}>{say('noneLead')}</EmptyState>} />
      {search.dialog === 'add' && <AddOrganisation onClose={() => void navigate({ search: { ...search, dialog: undefined } })} onAdded={open} />}
    </Page>
  )
}
