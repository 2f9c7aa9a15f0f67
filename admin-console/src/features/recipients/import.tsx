import { DataTable, EmptyState, ErrorPanel, Foreign, Page, Panel, Status, useFormat, wordOf, type Column, type Health } from '@chappe/kit'
import { IconDownload, IconFileImport } from '@chappe/kit/icons'
import { Button, FileButton, Group, Progress, SegmentedControl, Select, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { Command, commandLine } from '../../app/command'
import { cancelJob } from '../jobs/data'
import { domainsQuery } from '../domains/data'
import { organisationsQuery } from '../organisations/data'
import { csvOf, download } from './csv'
import { markKnown, readLines, runImport, type Line, type Verdict } from './import-plan'
import classes from './import.module.css'
import { importRoute } from './routes'
import { useTexts } from './texts'
import { useImportTexts } from './texts-import'

const health: Partial<Record<Verdict, Health>> = { ready: 'good', added: 'good', exists: 'warn', waiting: 'none' }
const isTrouble = (l: Line) => !['ready', 'added'].includes(l.verdict)
const keyOf = (l: Line) => String(l.number)

/** A file, what would happen to each line, then what did. */
export function Import() {
  const say = useImportTexts()
  const words = useTexts()
  const format = useFormat()
  const queries = useQueryClient()
  const navigate = useNavigate({ from: '/recipients/import' })
  const search = importRoute.useSearch()
  const organisations = useQuery(organisationsQuery).data ?? []
  const organisation = search.organisation ?? organisations[0]?.name
  const domains = useQuery({ ...domainsQuery(organisation), enabled: organisation !== undefined }).data
  const [lines, setLines] = useState<Line[] | null>(null)
  const [file, setFile] = useState('')
  const [phase, setPhase] = useState<'file' | 'looking' | 'planned' | 'running' | 'over'>('file')
  const [progress, setProgress] = useState({ done: 0, all: 0, since: 0 })
  const [error, setError] = useState<unknown>(null)
  const [only, setOnly] = useState<'all' | 'trouble'>('all')
  const [over, setOver] = useState(false)
  const [job, setJob] = useState<number | null>(null)

  const take = async (given: File | null) => {
    if (!given) return
    setError(null)
    setFile(given.name)
    const read = readLines(await given.text(), new Set((domains ?? []).map((d) => d.name.toLowerCase())))
    setLines(read)
    setPhase('looking')
    try {
      setLines(await markKnown(read))
    } catch (cause) {
      setError(cause)
    }
    setPhase('planned')
  }
  const ready = lines?.filter((l) => l.verdict === 'ready').length ?? 0
  const go = async () => {
    if (!lines || !organisation) return
    setPhase('running')
    setError(null)
    setProgress({ done: 0, all: ready, since: Date.now() })
    try {
      setLines(await runImport(organisation, lines, (done) => setProgress((p) => ({ ...p, done })), setJob))
      setPhase('over')
    } catch (cause) {
      setError(cause) // what was done stays done; "go on" asks for the rest
      setPhase('planned')
    }
    void queries.invalidateQueries()
  }
  const columns = useMemo<Column<Line>[]>(
    () => [
      { id: 'number', title: say('line'), fixed: true, width: 60, align: 'end', cell: (l) => l.number },
      { id: 'address', title: say('address'), width: 2, cell: (l) => <Foreign title={l.user.address}>{l.user.address}</Foreign> },
      { id: 'name', title: say('name'), width: 1.6, yields: 's', cell: (l) => <Foreign title={l.user.name}>{l.user.name}</Foreign> },
      { id: 'quota', title: say('quota'), width: 0.6, yields: 'm', align: 'end', cell: (l) => l.quotaText },
      { id: 'result', title: say('result'), width: 1.8, cell: (l) => <Status health={health[l.verdict] ?? 'bad'}>{l.why ?? wordOf(say, 'result', l.verdict)}</Status> },
    ],
    [say],
  )
  const shown = useMemo(() => (lines ?? []).filter((l) => only === 'all' || isTrouble(l)), [lines, only])
  const added = lines?.filter((l) => l.verdict === 'added').length ?? 0
  const existing = lines?.filter((l) => l.verdict === 'exists').length ?? 0
  const bad = (lines?.length ?? 0) - ready - added - existing
  const seconds = Math.max(1, (Date.now() - progress.since) / 1000)
  const failed = () => download('failed.csv', csvOf([['address', 'name', 'password', 'quota'], ...(lines ?? []).filter(isTrouble).map((l) => [l.user.address, l.user.name, l.user.password ?? '', l.quotaText])]))

  return (
    <Page fill={lines !== null} title={say('title')} trail={<Link to="/recipients">{words('mailboxes')}</Link>} lead={lines === null ? say('lead') : file}>
      {lines === null ? (
        <Panel>
          <Stack gap="md">
            {organisations.length > 1 && (
              <Select label={say('organisation')} searchable allowDeselect={false} data={organisations.map((o) => o.name)} value={organisation ?? null} onChange={(name) => void navigate({ search: { organisation: name ?? undefined }, replace: true })} maw={360} />
            )}
            <div
              className={classes.drop}
              data-over={over || undefined}
              onDragOver={(e) => {
                e.preventDefault()
                setOver(true)
              }}
              onDragLeave={() => setOver(false)}
              onDrop={(e) => {
                e.preventDefault()
                setOver(false)
                void take(e.dataTransfer.files[0] ?? null)
              }}
            >
              <IconFileImport size={34} stroke={1.3} aria-hidden />
              <FileButton onChange={(f) => void take(f)} accept=".csv,text/csv,text/plain">
                {(props) => (
                  <Button {...props} disabled={!domains}>
                    {say('choose')}
                  </Button>
                )}
              </FileButton>
              <Text size="sm" c="dimmed">
                {say('drop')}
              </Text>
            </div>
            <Group>
              <Button variant="subtle" leftSection={<IconDownload size={16} />} onClick={() => download('mailboxes.csv', csvOf([['address', 'name', 'password', 'quota'], [`ada@${domains?.[0]?.name ?? 'example.org'}`, 'Ada Lovelace', '', '2G']]))}>
                {say('example')}
              </Button>
            </Group>
            <Command line={commandLine(['user', 'import', 'FILE.csv'])} />
          </Stack>
        </Panel>
      ) : (
        <>
          <div className={classes.sums} role="status">
            {phase === 'looking' && <Text size="sm">{say('checking')} …</Text>}
            {phase === 'planned' && (
              <>
                <Status health="good">{say('ready', { count: ready })}</Status>
                {existing > 0 && <Status health="warn">{say('exists', { count: existing })}</Status>}
                {bad > 0 && <Status health="bad">{say('bad', { count: bad })}</Status>}
              </>
            )}
            {phase === 'running' && (
              <div className={classes.bar}>
                <Progress value={(100 * progress.done) / Math.max(1, progress.all)} animated aria-label={say('title')} />
                <small>
                  {say('running', { done: format.number(progress.done), all: format.number(progress.all) })} · {say('perSecond', { count: format.number(Math.round(progress.done / seconds)) })}
                </small>
              </div>
            )}
            {phase === 'over' && <Status health={bad > 0 ? 'warn' : 'good'}>{say('finished', { added: format.number(added), failed: format.number(bad + existing) })}</Status>}
            <Group gap="xs" ml="auto">
              <SegmentedControl size="xs" aria-label={say('filter')} value={only} onChange={(v) => setOnly(v === 'trouble' ? 'trouble' : 'all')} data={[{ value: 'all', label: say('filter.all') }, { value: 'trouble', label: say('filter.trouble') }]} />
              {phase === 'planned' && (
                <Button disabled={ready === 0} onClick={() => void go()}>
                  {say('go', { count: ready })}
                </Button>
              )}
              {phase === 'running' && (
                <Button variant="default" disabled={job === null} onClick={() => job !== null && void cancelJob(job)}>
                  {say('stop')}
                </Button>
              )}
              {phase === 'over' && bad + existing > 0 && (
                <Button variant="default" leftSection={<IconDownload size={16} />} onClick={failed}>
                  {say('failedCsv')}
                </Button>
              )}
              {(phase === 'over' || phase === 'planned') && (
                <Button
                  variant="default"
                  onClick={() => {
                    setLines(null)
                    setPhase('file')
                  }}
                >
                  {say('again')}
                </Button>
              )}
            </Group>
          </div>
          {error !== null && <ErrorPanel error={error} />}
          <DataTable label={say('check')} columns={columns} rows={shown} rowKey={keyOf} isLoading={phase === 'looking'} empty={<EmptyState title={say('noRows')} />} />
        </>
      )}
    </Page>
  )
}
