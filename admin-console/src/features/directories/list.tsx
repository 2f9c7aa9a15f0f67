import { EmptyState, ErrorPanel, Foreign, Page, Status, useFormat, wordOf, type Column } from '@chappe/kit'
import { IconPlus } from '@chappe/kit/icons'
import { Button, Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Command, commandLine } from '../../app/command'
import { ListTable } from '../../app/list-table'
import { OrganisationField, useOrganisation } from '../../app/organisation-field'
import { useMay } from '../../app/session'
import { directoriesQuery, type Row } from './data'
import { ServersWell, SourceState } from './parts'
import { directoriesRoute } from './routes'
import { useTexts } from './texts'

const keyOf = (r: Row) => `${r.organisation} ${r.name}`

/** Every source with how it is. */
export function Directories() {
  const say = useTexts()
  const format = useFormat()
  const search = directoriesRoute.useSearch()
  const navigate = useNavigate({ from: '/directories' })
  const mayWrite = useMay('organisation.write')
  const of = useOrganisation(search.organisation, 'organisation.read', true)
  const all = useQuery(directoriesQuery(of.organisation))
  const isInternal = (r: Row) => r.type === 'internal'
  const columns: Column<Row>[] = [
    { id: 'name', title: say('name'), width: 1.6, value: (r) => (isInternal(r) ? '' : r.name), cell: (r) => (isInternal(r) ? <span title={say('internalLead')}>{say('internal')}</span> : <Foreign title={r.name}>{r.name}</Foreign>) },
    { id: 'organisation', title: say('organisation'), width: 1.6, yields: 'm', value: (r) => r.domain ? `${r.organisation} › ${r.domain}` : r.organisation, cell: (r) => <Foreign title={r.domain}>{r.domain ? `${r.organisation} › ${r.domain}` : r.organisation}</Foreign> },
    { id: 'type', title: say('type'), width: 1.1, yields: 's', value: (r) => wordOf(say, 'type', r.type), cell: (r) => wordOf(say, 'type', r.type) },
    { id: 'state', title: say('state'), width: 1.7, value: (r) => r.state, cell: (r) => (isInternal(r) ? '' : <SourceState of={r} />) },
    { id: 'servers', title: say('servers'), width: 1.1, yields: 's', cell: (r) => (isInternal(r) ? '' : <ServersWell of={r.servers ?? []} />) },
    { id: 'seen', title: say('seen'), width: 1.3, yields: 'm', value: (r) => r.seen, cell: (r) => (isInternal(r) ? '' : r.seen ? format.ago(r.seen) : say('never')) },
    { id: 'next', title: say('next'), width: 1.3, yields: 'm', value: (r) => r.next, cell: (r) => (r.next && r.enabled && r.state !== 'live' ? format.ago(r.next) : '') },
    {
      id: 'conflicts',
      title: say('conflicts'),
      width: 1,
      yields: 's',
      value: (r) => r.conflicts,
      cell: (r) => (r.conflicts ? <Status health="warn">{say('conflictCount', { count: r.conflicts })}</Status> : ''),
    },
  ]
  return (
    <Page
      fill
      title={say('title')}
      lead={say('lead')}
      actions={
        <Group gap="xs">
          <OrganisationField of={of} onChange={(organisation) => void navigate({ search: { organisation }, replace: true })} />
          {mayWrite && (
            <Button leftSection={<IconPlus size={17} />} renderRoot={(props) => <Link to="/directories/add" search={{ organisation: of.organisation }} {...props} />}>
              {say('add')}
            </Button>
          )}
        </Group>
      }
    >
      {all.error && <ErrorPanel error={all.error} retry={() => void all.refetch()} />}
      <ListTable
        label={say('title')}
        columns={columns}
        rows={all.data ?? []}
        rowKey={keyOf}
        rowName={(r) => r.name}
        onOpen={(r) => void (isInternal(r) ? navigate({ to: '/recipients' }) : navigate({ to: '/directories/source', search: { organisation: r.organisation, source: r.name } }))}
        isLoading={all.isPending}
        empty={<EmptyState title={say('lead')} />}
      />
      <Command line={commandLine(['directory', 'list'], { org: of.organisation })} />
    </Page>
  )
}
