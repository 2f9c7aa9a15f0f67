import { DataTable, EmptyState, ErrorPanel, Foreign, Page, Status, useFormat, wordOf, type Column } from '@chappe/kit'
import { Alert, Button } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { Command, commandLine } from '../../app/command'
import { FilterForm, type FilterField } from '../../app/filter-form'
import { useMay, useMayEverywhere } from '../../app/session'
import { Export, ExportButton } from '../jobs/export'
import { organisationsQuery } from '../organisations/data'
import { tracesQuery, type Trace, type TraceFilter } from './data'
import { trackingRoute } from './routes'
import { useTexts } from './texts'
import { eventHealth } from './timeline'

const keyOf = (t: Trace) => t.id
const AGES = ['1h', '4h', '1d', '7d', '30d']

export function Tracking() {
  const say = useTexts()
  const format = useFormat()
  const { dialog, ...filter } = trackingRoute.useSearch()
  const navigate = useNavigate({ from: '/tracking' })
  const mayRehearse = useMayEverywhere('queue.read')
  const organisations = useQuery({ ...organisationsQuery, enabled: useMay('organisation.read') }).data ?? []
  const pages = useInfiniteQuery(tracesQuery(filter))
  const rows = useMemo(() => pages.data?.pages.flatMap((p) => p.traces) ?? [], [pages.data])
  const silent = pages.data?.pages[0]?.unavailable ?? []
  const ages = [...AGES, ...(filter.since && !AGES.includes(filter.since) ? [filter.since] : [])]
  const fields: FilterField<keyof TraceFilter>[] = [
    { name: 'sender', label: say('sender'), hint: '<>' },
    { name: 'recipient', label: say('recipient') },
    { name: 'message_id', label: say('messageId') },
    { name: 'client', label: say('client'), hint: '192.0.2.7' },
    { name: 'login', label: say('login') },
    { name: 'since', label: say('since'), choices: ages.map((a) => ({ value: a, label: wordOf(say, 'age', a) })) },
    { name: 'until', label: say('until'), hint: '2031-01-31' },
    ...(organisations.length > 1 ? [{ name: 'organisation' as const, label: say('organisation'), choices: organisations.map((o) => ({ value: o.name, label: o.name })) }] : []),
  ]
  const columns: Column<Trace>[] = [
    { id: 'time', title: say('time'), width: 1.1, cell: (t) => format.dateTime(t.time) },
    { id: 'sender', title: say('sender'), width: 1.6, yields: 's', cell: (t) => <Foreign title={t.sender ?? ''}>{t.sender || '<>'}</Foreign> },
    { id: 'recipients', title: say('recipients'), width: 2, cell: (t) => <Foreign title={t.recipients.join(', ')}>{t.recipients.slice(0, 3).join(', ') + (t.recipients.length > 3 ? ' …' : '')}</Foreign> },
    { id: 'last', title: say('last'), width: 1.5, cell: (t) => <Status health={eventHealth(t.last)}>{wordOf(say, 'event', t.last)}</Status> },
    { id: 'client', title: say('client'), width: 1, yields: 'm', cell: (t) => <Foreign>{t.client}</Foreign> },
  ]
  return (
    <Page
      fill
      title={say('title')}
      lead={say('lead')}
      actions={
        <>
          <ExportButton onClick={() => void navigate({ search: { ...filter, dialog: 'export' }, replace: true })} />
          {mayRehearse && (
            <Button variant="default" renderRoot={(props) => <Link to="/tracking/rehearsal" search={{ from: filter.sender, to: filter.recipient }} {...props} />}>
              {say('rehearsal')}
            </Button>
          )}
        </>
      }
    >
      <FilterForm fields={fields} values={filter} action={say('search')} clear={say('clear')} onChange={(values) => void navigate({ search: values })} />
      {silent.map((s) => (
        <Alert key={s.database} color="yellow" variant="light">
          {say('silent')} <Foreign>{`${s.database}: ${s.reason}`}</Foreign>
        </Alert>
      ))}
      {pages.error && <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />}
      <DataTable
        label={say('title')}
        columns={columns}
        rows={rows}
        rowKey={keyOf}
        onOpen={(t) => void navigate({ to: '/tracking/$id', params: { id: t.id } })}
        hasMore={pages.hasNextPage}
        isLoading={pages.isFetching}
        onMore={() => void pages.fetchNextPage()}
        empty={<EmptyState title={say('none')}>{say('noneLead')}</EmptyState>}
      />
      <Command line={commandLine(['trace'], { sender: filter.sender, recipient: filter.recipient, 'message-id': filter.message_id, client: filter.client, login: filter.login, since: filter.since, until: filter.until, org: filter.organisation })} />
      {dialog === 'export' && <Export list="trace" query={{ ...filter }} onClose={() => void navigate({ search: filter, replace: true })} />}
    </Page>
  )
}
