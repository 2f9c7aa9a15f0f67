import { Answered, DataTable, EmptyState, Facts, Foreign, Panel, Status, useFormat, useKitTexts, wordOf, type Column, type Health } from '@chappe/kit'
import { Drawer, Progress, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Command, commandLine } from '../../app/command'
import { runQuery, runsQuery, statusQuery, type Run, type RunShown, type Which } from './data'
import classes from './directories.module.css'
import { useTexts } from './texts'

const changeHealth: Record<string, Health> = { conflict: 'warn', 'write-refused': 'warn', disable: 'bad' }
const runHealth: Record<string, Health> = { waiting: 'none', running: 'warn', done: 'good', failed: 'bad', asks: 'warn' }

export function RunState({ of }: { of: Run }) {
  const say = useTexts()
  return <Status health={runHealth[of.state] ?? 'none'}>{wordOf(say, 'done', of.state)}</Status>
}

/** How far a run is that goes on, as far as it can be known: as many entries as there were are read again. */
export function RunBar({ of, which }: { of: Run; which: Which }) {
  const say = useTexts()
  const format = useFormat()
  const all = useQuery(statusQuery(which)).data?.entries ?? 0
  const words = all > 0 ? say('progress', { seen: format.number(of.seen), all: format.number(Math.max(all, of.seen)) }) : say('progressFirst', { seen: format.number(of.seen) })
  return (
    <div role="status">
      <Progress value={all > 0 ? Math.min(100, (100 * of.seen) / all) : 100} animated aria-label={words} />
      <Text size="sm" mt={6}>
        {wordOf(say, 'done', of.state)} · {words}
      </Text>
    </div>
  )
}

function seconds(of: Run): string {
  if (!of.started || !of.ended) return ''
  return `${Math.max(0, Math.round((Date.parse(of.ended) - Date.parse(of.started)) / 1000))} s`
}

function Changes({ of }: { of: RunShown }) {
  const say = useTexts()
  return (
    <Panel title={say(of.kind === 'preview' || of.state === 'asks' ? 'wouldTitle' : 'changesTitle')}>
      {of.changes.length === 0 ? (
        <Text size="sm">{say('noChanges')}</Text>
      ) : (
        <ul className={classes.entries} tabIndex={0} aria-label={say('changesTitle')}>
          {of.changes.map((c, i) => (
            <li key={i}>
              <Status health={changeHealth[c.what] ?? 'good'}>{wordOf(say, 'what', c.what)}</Status> · {wordOf(say, 'entry', c.kind)} · <Foreign>{c.name}</Foreign>
              {c.detail && (
                <small>
                  <Foreign>{c.detail}</Foreign>
                </small>
              )}
            </li>
          ))}
        </ul>
      )}
      {of.changes.length >= 1000 && <Text size="sm" c="dimmed">{say('firstOnly', { count: of.changes.length })}</Text>}
    </Panel>
  )
}

/** One run, with what it changed or would change. */
export function RunDrawer({ which, id, onClose }: { which: Which; id: string; onClose: () => void }) {
  const say = useTexts()
  const kit = useKitTexts()
  const format = useFormat()
  const run = useQuery(runQuery(which, id))
  return (
    <Drawer opened position="right" size="lg" title={`${say('run')} ${id}`} closeButtonProps={{ 'aria-label': kit('close') }} onClose={onClose}>
      <Answered of={run}>
        {(r) => (
          <Stack>
            {(r.state === 'running' || r.state === 'waiting') && <RunBar of={r} which={which} />}
            <Facts
              rows={[
                [say('state'), <RunState of={r} />],
                [say('run'), wordOf(say, 'run', r.kind)],
                [say('by'), r.by === '' ? say('schedule') : <Foreign>{r.by}</Foreign>],
                [say('began'), r.started ? format.dateTime(r.started) : '–'],
                [say('took'), seconds(r) || '–'],
                [say('read'), format.number(r.seen)],
                [say('gained'), format.number(r.added)],
                [say('changed'), format.number(r.changed)],
                [say('lost'), format.number(r.disabled)],
                [say('removedFor'), format.number(r.deleted)],
                [say('conflicts'), format.number(r.conflicts)],
              ]}
            />
            {r.message && (
              <Text size="sm">
                <Foreign>{r.message}</Foreign>
              </Text>
            )}
            <Changes of={r} />
          </Stack>
        )}
      </Answered>
    </Drawer>
  )
}

export function RunsTab({ which, onOpen }: { which: Which; onOpen: (id: number) => void }) {
  const say = useTexts()
  const format = useFormat()
  const runs = useQuery(runsQuery(which))
  const count = (id: 'seen' | 'added' | 'changed' | 'disabled' | 'conflicts', title: string): Column<Run> => ({ id, title, width: 0.7, align: 'end', yields: 's', cell: (r) => format.number(r[id]) })
  const columns: Column<Run>[] = [
    { id: 'began', title: say('began'), width: 1.5, cell: (r) => (r.started ? format.dateTime(r.started) : r.created ? format.dateTime(r.created) : '') },
    { id: 'kind', title: say('run'), width: 1.3, yields: 'm', cell: (r) => wordOf(say, 'run', r.kind) },
    { id: 'state', title: say('state'), width: 1.1, cell: (r) => <RunState of={r} /> },
    { id: 'by', title: say('by'), width: 1.3, yields: 'm', cell: (r) => (r.by === '' ? say('schedule') : <Foreign title={r.by}>{r.by}</Foreign>) },
    count('seen', say('read')),
    count('added', say('gained')),
    count('changed', say('changed')),
    count('disabled', say('lost')),
    count('conflicts', say('conflicts')),
  ]
  return (
    <>
      <DataTable label={say('runs')} columns={columns} rows={runs.data ?? []} rowKey={(r) => String(r.id)} maxHeight={520} isLoading={runs.isPending} onOpen={(r) => onOpen(r.id)} empty={<EmptyState title={say('noRuns')} />} />
      <Command line={commandLine(['directory', 'runs', which.name], { org: which.organisation })} />
    </>
  )
}
