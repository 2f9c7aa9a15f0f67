import { Answered, Facts, Foreign, Page, Panel, Status, useFormat, wordOf } from '@chappe/kit'
import { Alert, Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Command, commandLine } from '../../app/command'
import { traceQuery, type Trace } from './data'
import { trackedRoute } from './routes'
import { useTexts } from './texts'
import { eventHealth, Timeline } from './timeline'

const WAITS = ['queued', 'deferred', 'delayed', 'held', 'retried', 'rerouted', 'readdressed', 'released']

function Head({ t }: { t: Trace }) {
  const say = useTexts()
  const format = useFormat()
  const rows: [string, ReactNode][] = [
    [say('last'), <Status health={eventHealth(t.last)}>{wordOf(say, 'event', t.last)}</Status>],
    [say('time'), format.dateTime(t.time)],
    [say('sender'), <Foreign>{t.sender || '<>'}</Foreign>],
    [say('recipients'), <Foreign>{t.recipients.join(', ')}</Foreign>],
  ]
  if (t.login) rows.push([say('login'), <Foreign>{t.login}</Foreign>])
  if (t.client) rows.push([say('client'), <Foreign>{t.client}</Foreign>])
  if (t.message_id) rows.push([say('messageId'), <Foreign>{t.message_id}</Foreign>])
  if (t.parent) rows.push([say('parent'), <Link to="/tracking/$id" params={{ id: t.parent }}>{t.parent}</Link>])
  for (const id of t.led_to ?? []) rows.push([say('ledTo'), <Link to="/tracking/$id" params={{ id }}>{id}</Link>])
  return <Facts rows={rows} />
}

export function TrackedMessage() {
  const say = useTexts()
  const { id } = trackedRoute.useParams()
  const trace = useQuery(traceQuery(id))
  const waits = trace.data?.events.some((e) => e.event === 'queued') && WAITS.includes(trace.data.last)
  return (
    <Page
      title={say('message', { id })}
      trail={<Link to="/tracking">{say('title')}</Link>}
      actions={
        waits && (
          <Button variant="default" renderRoot={(props) => <Link to="/queue/$id" params={{ id }} {...props} />}>
            {say('inQueue')}
          </Button>
        )
      }
    >
      <Answered of={trace}>
        {(t) => (
          <>
            {(t.unavailable ?? []).map((s) => (
              <Alert key={s.database} color="yellow" variant="light">
                {say('silent')} <Foreign>{`${s.database}: ${s.reason}`}</Foreign>
              </Alert>
            ))}
            <Panel title={say('overview')}>
              <Head t={t} />
            </Panel>
            <Panel title={say('events')}>
              <Timeline events={t.events} />
              <Command line={commandLine(['trace', t.id])} />
            </Panel>
          </>
        )}
      </Answered>
    </Page>
  )
}
