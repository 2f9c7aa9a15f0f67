// What others report about our domains: DMARC (RFC 7489, 7.2) and TLS (RFC 8460).
import { Answered, EmptyState, ErrorPanel, Facts, Foreign, Page, Status, useFormat, useKitTexts, type Column } from '@chappe/kit'
import { Drawer, SegmentedControl, Stack, Table } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { Command, commandLine } from '../../app/command'
import { ListTable } from '../../app/list-table'
import filters from '../recipients/list.module.css'
import classes from '../recipients/mailbox.module.css'
import { ScopeFilters } from '../recipients/scope-filters'
import { isKind, KINDS, reportQuery, reportsQuery, type Report } from './data'
import { reportsRoute } from './routes'
import { useTexts } from './texts'

const keyOf = (r: Report) => r.id

function Failed({ of }: { of: Report }) {
  const format = useFormat()
  return <Status health={of.failed > 0 ? 'warn' : 'good'}>{format.number(of.failed)}</Status>
}

function usePeriod() {
  const format = useFormat()
  return (r: Report) => [r.begin, r.end].flatMap((day) => (day ? [format.date(day)] : [])).join(' – ')
}

/** One of them, with a line for each machine or policy that it tells of. */
function Shown({ id, onClose }: { id: string; onClose: () => void }) {
  const say = useTexts()
  const kit = useKitTexts()
  const format = useFormat()
  const period = usePeriod()
  const found = useQuery(reportQuery(id))
  return (
    <Drawer opened position="right" size="xl" onClose={onClose} title={say('title')} closeButtonProps={{ 'aria-label': kit('close') }}>
      <Answered of={found}>
        {(r) => (
          <Stack gap="md">
            <Facts
              rows={[
                [say('domain'), <Foreign>{r.domain}</Foreign>],
                [say('reporter'), <Foreign>{r.reporter}</Foreign>],
                [say('number'), <Foreign>{r.number}</Foreign>],
                [say('period'), period(r)],
                [say('received'), r.received ? format.dateTime(r.received) : ''],
                [say('passed'), format.number(r.passed)],
                [say('failed'), <Failed of={r} />],
              ]}
            />
            {r.kind === 'dmarc' && r.detail?.rows ? (
              <div className={classes.scroll} tabIndex={0} role="region" aria-label={say('rows')}>
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      {(['source', 'count', 'headerFrom'] as const).map((column) => (
                        <Table.Th key={column}>{say(column)}</Table.Th>
                      ))}
                      <Table.Th>DKIM</Table.Th>
                      <Table.Th>SPF</Table.Th>
                      <Table.Th>{say('disposition')}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {r.detail.rows.map((row, at) => (
                      <Table.Tr key={at}>
                        <Table.Td><Foreign>{row.source}</Foreign></Table.Td>
                        <Table.Td ta="right">{format.number(row.count ?? 0)}</Table.Td>
                        <Table.Td><Foreign>{row.header_from}</Foreign></Table.Td>
                        <Table.Td><Foreign>{row.dkim}</Foreign></Table.Td>
                        <Table.Td><Foreign>{row.spf}</Foreign></Table.Td>
                        <Table.Td><Foreign>{row.disposition}</Foreign></Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </div>
            ) : (
              <ul>
                {r.lines.map((line, at) => (
                  <li key={at}>
                    <Foreign>{line}</Foreign>
                  </li>
                ))}
              </ul>
            )}
            <Command line={commandLine(['report', 'show', r.id])} />
          </Stack>
        )}
      </Answered>
    </Drawer>
  )
}

export function Reports() {
  const say = useTexts()
  const format = useFormat()
  const period = usePeriod()
  const search = reportsRoute.useSearch()
  const navigate = useNavigate({ from: '/reports' })
  const kind = isKind(search.kind) ? search.kind : 'dmarc'
  const pages = useInfiniteQuery(reportsQuery(kind, search.organisation))
  const rows = useMemo(() => pages.data?.pages.flat() ?? [], [pages.data])
  const set = (change: Partial<typeof search>) => void navigate({ search: { ...search, ...change }, replace: true })
  const columns = useMemo<Column<Report>[]>(
    () => [
      { id: 'domain', title: say('domain'), width: 1.4, value: (r) => r.domain, cell: (r) => <Foreign title={r.domain}>{r.domain}</Foreign> },
      { id: 'reporter', title: say('reporter'), width: 1.6, yields: 's', value: (r) => r.reporter, cell: (r) => <Foreign title={r.reporter}>{r.reporter}</Foreign> },
      { id: 'period', title: say('period'), width: 1.6, yields: 'm', cell: period },
      { id: 'passed', title: say('passed'), width: 0.8, align: 'end', value: (r) => r.passed, cell: (r) => format.number(r.passed) },
      { id: 'failed', title: say('failed'), width: 0.8, align: 'end', value: (r) => r.failed, cell: (r) => <Failed of={r} /> },
    ],
    [say, format, period],
  )
  return (
    <Page fill title={say('title')} lead={say('lead')}>
      <div className={filters.filters}>
        <SegmentedControl aria-label={say('title')} data={KINDS.map((k) => ({ value: k, label: say(`kind.${k}`) }))} value={kind} onChange={(k) => set({ kind: k })} />
        <ScopeFilters organisation={search.organisation} noDomain onChange={({ organisation }) => set({ organisation })} />
      </div>
      {pages.error && <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />}
      <ListTable
        label={say('title')}
        columns={columns}
        rows={rows}
        rowKey={keyOf}
        rowName={(r) => `${r.domain} ${r.reporter}`}
        onOpen={(r) => void navigate({ search: { ...search, id: r.id } })}
        hasMore={pages.hasNextPage}
        isLoading={pages.isFetching}
        onMore={() => void pages.fetchNextPage()}
        empty={<EmptyState title={say('none')}>{say('noneLead')}</EmptyState>}
      />
      <Command line={commandLine(['report', 'list'], { kind, org: search.organisation })} />
      {search.id && <Shown id={search.id} onClose={() => set({ id: undefined })} />}
    </Page>
  )
}
