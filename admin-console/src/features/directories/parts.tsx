import { EmptyState, Foreign, Panel, Status, wordOf, type Health } from '@chappe/kit'
import { Text } from '@mantine/core'
import type { Report, Row, Server } from './data'
import classes from './directories.module.css'
import { useTexts } from './texts'

const serverHealth: Record<string, Health> = { up: 'good', down: 'bad', failing: 'warn', unused: 'none' }

export function ServerState({ of }: { of: Server }) {
  const say = useTexts()
  return <Status health={serverHealth[of.state] ?? 'none'}>{wordOf(say, 'server', of.state)}</Status>
}

/** In one word how a source is; what is wrong stands on its own page. */
export function SourceState({ of }: { of: Pick<Row, 'enabled' | 'state' | 'seen'> }) {
  const say = useTexts()
  if (!of.enabled) return <Status health="none">{say('is.disabled')}</Status>
  if (of.state !== 'live' && of.state !== 'waiting') return <Status health="bad">{say('is.fault')}</Status>
  if (of.state === 'live') return <Status health="good">{say('is.live')}</Status>
  return <Status health={of.seen ? 'good' : 'none'}>{say(of.seen ? 'is.waiting' : 'is.never')}</Status>
}

/** How many of its servers may be asked. */
export function ServersWell({ of }: { of: Server[] }) {
  const say = useTexts()
  const well = of.filter((s) => s.state !== 'down' && s.state !== 'failing').length
  if (of.length === 0) return <Status health="none">–</Status>
  return <Status health={well === of.length ? 'good' : well === 0 ? 'bad' : 'warn'}>{say('serversWell', { well, all: of.length })}</Status>
}

/** One green or red step a line, and below a red one what to do. */
export function Steps({ of }: { of: Report }) {
  const say = useTexts()
  return (
    <div role="status">
      <Status health={of.good ? 'good' : 'bad'}>
        <strong>{say(of.good ? 'allGood' : 'notGood')}</strong>
      </Status>
      <ul className={classes.steps}>
        {of.steps.map((s, i) => (
          <li key={i}>
            <Status health={s.good ? 'good' : 'bad'}>{wordOf(say, 'step', s.step)}</Status>
            <small>
              <Foreign>{s.server}</Foreign>
              {s.detail && (
                <>
                  {' · '}
                  <Foreign>{s.detail}</Foreign>
                </>
              )}
            </small>
            {s.remedy && (
              <span className={classes.remedy}>
                <Foreign>{s.remedy}</Foreign>
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  )
}

function Sample({ of }: { of: Report['samples'][number] }) {
  const say = useTexts()
  const logins = [of.account, of.principal].filter(Boolean)
  return (
    <li>
      <strong>
        <Foreign>{of.name || of.dn}</Foreign>
      </strong>{' '}
      · {wordOf(say, 'entry', of.kind)}
      {of.kind === 'group' && ` · ${say('members', { count: of.members })}`}
      {!of.enabled && ` · ${say('off')}`}
      <div>{of.addresses.length > 0 ? of.addresses.map((a) => <div key={a}><Foreign>{a}</Foreign></div>) : <Text size="sm" c="dimmed">{say('noAddress')}</Text>}</div>
      {logins.length > 0 && (
        <small>
          {say('login')}: <Foreign>{logins.join(', ')}</Foreign>
        </small>
      )}
      <small>
        <Foreign>{of.dn}</Foreign>
      </small>
      {of.fault && (
        <Status health="warn">
          <Foreign>{of.fault}</Foreign>
        </Status>
      )}
    </li>
  )
}

/** Entries as the source would take them over. */
export function Samples({ of }: { of: Report }) {
  const say = useTexts()
  return (
    <Panel title={say('samples')}>
      {of.samples.length === 0 ? (
        <EmptyState title={say('noSamples')} />
      ) : (
        <ul className={classes.entries}>
          {of.samples.map((s) => (
            <Sample key={s.dn} of={s} />
          ))}
        </ul>
      )}
    </Panel>
  )
}
