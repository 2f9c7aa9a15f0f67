import { Answered, DataTable, EmptyState, ErrorPanel, Facts, Foreign, Page, Panel, Status, useFormat, wordOf, type Column } from '@chappe/kit'
import { Button, SegmentedControl, Stack } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { cancelJob, isOver, jobItemsQuery, resumeJob, useJob, type Job, type JobItem } from './data'
import { Download } from './export-dialog'
import { JobBar, JobState } from './progress'
import { jobRoute } from './routes'
import { useTexts } from './texts'

const keyOf = (i: JobItem) => String(i.index)

function Items({ of, onlyFailed }: { of: Job; onlyFailed: boolean }) {
  const say = useTexts()
  const pages = useInfiniteQuery(jobItemsQuery(of.id, onlyFailed))
  const { refetch } = pages
  const moved = Math.floor(of.done / 50) + of.failed
  useEffect(() => {
    void refetch()
  }, [moved, of.state, refetch])
  const rows = useMemo(() => pages.data?.pages.flatMap((p) => p.items) ?? [], [pages.data])
  const columns = useMemo<Column<JobItem>[]>(
    () => [
      { id: 'index', title: say('number'), fixed: true, width: 70, align: 'end', yields: 's', cell: (i) => i.index + 1 },
      { id: 'object', title: say('object'), width: 1.4, cell: (i) => <Foreign title={i.object}>{i.object}</Foreign> },
      {
        id: 'state',
        title: say('result'),
        width: 2,
        cell: (i) => (
          <Status health={i.state === 'failed' ? 'bad' : i.state === 'done' ? 'good' : 'none'}>
            <Foreign title={i.message ?? ''}>{i.message ?? wordOf(say, 'item', i.state)}</Foreign>
          </Status>
        ),
      },
    ],
    [say],
  )
  return (
    <>
      {pages.error && <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />}
      <DataTable label={say('items')} columns={columns} rows={rows} rowKey={keyOf} hasMore={pages.hasNextPage} isLoading={pages.isPending} onMore={() => void pages.fetchNextPage()} maxHeight={480} empty={<EmptyState title={say(onlyFailed ? 'noneFailed' : 'noItems')} />} />
    </>
  )
}

/** What came of each item: those that were refused, or all. */
function Results({ of, all, onAll }: { of: Job; all: string | undefined; onAll: (all: string | undefined) => void }) {
  const say = useTexts()
  return (
    <>
      <SegmentedControl
        aria-label={say('items')}
        value={all ? 'all' : 'failed'}
        data={[
          { value: 'failed', label: say('onlyFailed') },
          { value: 'all', label: say('allItems') },
        ]}
        onChange={(chosen) => onAll(chosen === 'all' ? '1' : undefined)}
      />
      <Items key={all ?? ''} of={of} onlyFailed={!all} />
    </>
  )
}

/** One job: how far it is, what came of each item, and a way to stop it or to let it go on. */
export function JobPage() {
  const say = useTexts()
  const format = useFormat()
  const change = useChange()
  const { id } = jobRoute.useParams()
  const search = jobRoute.useSearch()
  const navigate = useNavigate({ from: '/jobs/$id' })
  const number = Number(id)
  const job = useJob(number)
  const [error, setError] = useState<unknown>(null)
  const act = (what: () => Promise<unknown>, done: string) => {
    setError(null)
    void change(what, [['jobs']], done).catch(setError)
  }
  const now = job.data
  return (
    <Page
      title={now ? wordOf(say, 'title', now.title) : say('jobs')}
      trail={<Link to="/jobs">{say('jobs')}</Link>}
      actions={
        now && (
          <>
            {!isOver(now) && (
              <Button color="red" variant="outline" onClick={() => act(() => cancelJob(number), say('cancelled'))}>
                {say('cancel')}
              </Button>
            )}
            {now.kind === 'export' && now.state === 'done' && <Download of={now} />}
            {(now.state === 'cancelled' || now.state === 'failed') && now.done + now.failed < now.total && <Button onClick={() => act(() => resumeJob(number), say('resumed'))}>{say('resume')}</Button>}
          </>
        )
      }
    >
      {error !== null && <ErrorPanel error={error} />}
      <Answered of={job}>
        {(j) => (
          <>
            <Panel>
              <Stack>
                <JobBar of={j} />
                <Facts
                  rows={[
                    [say('number'), String(j.id)],
                    [say('state'), <JobState key="s" of={j} />],
                    [say('caller'), <Foreign key="c">{j.caller}</Foreign>],
                    [say('created'), j.created ? format.dateTime(j.created) : ''],
                    [say('ended'), j.ended ? format.dateTime(j.ended) : ''],
                    ...(j.dry_run ? [[say('dryRun'), say('dryRunLead')] as [string, string]] : []),
                    ...(j.fault ? [[say('fault'), j.fault] as [string, string]] : []),
                  ]}
                />
                <Command line={isOver(j) ? commandLine(['job', 'show', id]) : [commandLine(['job', 'show', id]), commandLine(['job', 'cancel', id])]} />
              </Stack>
            </Panel>
            {j.kind !== 'export' && <Results of={j} all={search.all} onAll={(all) => void navigate({ search: { all }, replace: true })} />}
          </>
        )}
      </Answered>
    </Page>
  )
}
