import { EmptyState, ErrorPanel, Foreign, Page, useFormat, wordOf, type Column } from '@chappe/kit'
import { Select } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { Command, commandLine } from '../../app/command'
import { ListTable } from '../../app/list-table'
import list from '../recipients/list.module.css'
import { jobsQuery, type Job } from './data'
import { JobState, useAmount } from './progress'
import { jobsRoute } from './routes'
import { useTexts } from './texts'

const keyOf = (j: Job) => String(j.id)
const states = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const

/** Work on many objects that goes on by itself. */
export function Jobs() {
  const say = useTexts()
  const format = useFormat()
  const amount = useAmount()
  const search = jobsRoute.useSearch()
  const navigate = useNavigate({ from: '/jobs' })
  const pages = useInfiniteQuery(jobsQuery)
  const rows = useMemo(() => (pages.data?.pages.flatMap((p) => p.jobs) ?? []).filter((j) => !search.state || j.state === search.state), [pages.data, search.state])
  const columns = useMemo<Column<Job>[]>(
    () => [
      { id: 'id', title: say('number'), fixed: true, width: 70, align: 'end', yields: 's', value: (j) => j.id, cell: (j) => j.id },
      { id: 'title', title: say('what'), width: 1.6, value: (j) => `${wordOf(say, 'title', j.title)}${j.dry_run ? ` (${say('dryRun')})` : ''}`, cell: (j) => `${wordOf(say, 'title', j.title)}${j.dry_run ? ` (${say('dryRun')})` : ''}` },
      { id: 'state', title: say('state'), width: 1.1, cell: (j) => <JobState of={j} /> },
      { id: 'progress', title: say('items'), width: 1.1, align: 'end', cell: amount },
      { id: 'failed', title: say('failed'), width: 0.7, align: 'end', yields: 's', value: (j) => j.failed, cell: (j) => (j.failed ? format.number(j.failed) : '') },
      { id: 'caller', title: say('caller'), width: 1.6, yields: 'm', value: (j) => j.caller, cell: (j) => <Foreign title={j.caller}>{j.caller}</Foreign> },
      { id: 'created', title: say('created'), width: 1, yields: 's', align: 'end', value: (j) => j.created, cell: (j) => (j.created ? format.ago(j.created) : '') },
    ],
    [say, format, amount],
  )
  return (
    <Page fill title={say('jobs')} lead={say('jobsLead')}>
      <div className={list.filters}>
        <Select aria-label={say('state')} placeholder={say('allStates')} clearable data={states.map((s) => ({ value: s, label: say(`state.${s}`) }))} value={search.state ?? null} onChange={(state) => void navigate({ search: { state: state ?? undefined }, replace: true })} />
      </div>
      {pages.error && <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />}
      <ListTable label={say('jobs')} columns={columns} rows={rows} rowKey={keyOf} onOpen={(j) => void navigate({ to: '/jobs/$id', params: { id: keyOf(j) } })} hasMore={pages.hasNextPage} isLoading={pages.isPending} onMore={() => void pages.fetchNextPage()} empty={<EmptyState title={say('none')}>{say('noneLead')}</EmptyState>} />
      <Command line={commandLine(['job', 'list'])} />
    </Page>
  )
}
