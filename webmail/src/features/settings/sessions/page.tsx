import { Answered, ErrorPanel, Foreign, Panel, tellDone, useFormat, wordOf } from '@chappe/kit'
import { IconDeviceDesktop, IconKey } from '@chappe/kit/icons'
import { Button, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMail } from '../../../jmap/mail'
import { activityQuery, remove, sessionsQuery, type Activity, type Session } from '../security/data'
import { NotShown, useGuard } from '../security/guard'
import classes from '../security/security.module.css'
import { useSessionsTexts } from './texts'

/** "Firefox on Linux" of what a browser says of itself; the whole where that cannot be told. */
export function browserOf(agent: string): string {
  const [, name] = /(Edg|OPR|Firefox|Chrome|Safari)\//.exec(agent.replace(/Chrome\/.*(?=Edg\/|OPR\/)/, '')) ?? []
  const [system] = /Windows|Android|iPhone|iPad|Mac OS X|Linux|CrOS/.exec(agent) ?? []
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera' }
  return name ? `${names[name] ?? name}${system ? ` · ${system.replace('Mac OS X', 'macOS').replace('CrOS', 'ChromeOS')}` : ''}` : agent.slice(0, 120)
}

function Sessions() {
  const say = useSessionsTexts()
  const format = useFormat()
  const { jmap } = useMail()
  const queries = useQueryClient()
  const { guarded, asking } = useGuard()
  const found = useQuery(sessionsQuery(jmap))
  const [error, setError] = useState<unknown>(null)
  const end = async (ids: string[]) => {
    setError(null)
    try {
      await guarded(() => remove(jmap, 'LoginSession', ids))
      tellDone(say('ended'))
    } catch (cause) {
      if (!(cause instanceof NotShown)) setError(cause)
    }
    await queries.invalidateQueries({ queryKey: sessionsQuery(jmap).queryKey })
  }
  const row = (s: Session) => {
    const Icon = s.kind === 'token' ? IconKey : IconDeviceDesktop
    const facts = [wordOf(say, 'kind', s.kind), ...(s.peer ? [say('from', { peer: s.peer })] : []), ...(s.seen ? [say('seen', { when: format.ago(s.seen) })] : [])]
    return (
      <li key={s.id}>
        <Icon size={20} className={classes.icon} aria-hidden />
        <div className={classes.what}>
          <Foreign>{browserOf(s.name ?? '')}</Foreign>
          <small>{facts.join(' · ')}</small>
        </div>
        {s.current ? (
          <span className={classes.now}>{say('this')}</span>
        ) : (
          <Button variant="subtle" color="red" size="compact-sm" onClick={() => void end([s.id])}>
            {say('end')}
          </Button>
        )}
      </li>
    )
  }
  const others = (found.data ?? []).filter((s) => !s.current && s.kind === 'session').map((s) => s.id)
  return (
    <Panel
      title={say('sessions')}
      actions={
        others.length > 1 && (
          <Button variant="default" size="compact-sm" onClick={() => void end(others)}>
            {say('endAll')}
          </Button>
        )
      }
    >
      {error !== null && <ErrorPanel error={error} />}
      <Answered of={found}>{(all) => (all.length === 0 ? <Text size="sm">{say('none')}</Text> : <ul className={classes.rows}>{all.map(row)}</ul>)}</Answered>
      {asking}
    </Panel>
  )
}

function ActivityRow({ of }: { of: Activity }) {
  const say = useSessionsTexts()
  const format = useFormat()
  return (
    <li>
      <div className={classes.what}>
        {wordOf(say, 'action', of.action)}
        {of.count > 1 && ` · ${say('times', { count: of.count })}`}
        <small>
          <Foreign>{of.actor}</Foreign>
          {of.peer && (
            <>
              {' · '}
              <Foreign>{of.peer}</Foreign>
            </>
          )}
        </small>
      </div>
      <small>
        {of.count > 1 && `${format.time(of.first)} – `}
        {format.dateTime(of.last)}
      </small>
    </li>
  )
}

const SHOWN = 100

function ActivityList({ of }: { of: Activity[] }) {
  return (
    <ul className={classes.rows}>
      {of.slice(0, SHOWN).map((a) => (
        <ActivityRow key={a.id} of={a} />
      ))}
    </ul>
  )
}

/** The owner and his programs: "ada@example.org", "ada@example.org (phone)". */
const isBy = (me: string, actor: string | null | undefined) => actor === me || actor?.startsWith(`${me} (`) === true

function Activities({ all }: { all: Activity[] }) {
  const say = useSessionsTexts()
  const { jmap } = useMail()
  const me = jmap.session.username
  const others = all.filter((a) => !isBy(me, a.actor))
  const mine = all.filter((a) => isBy(me, a.actor))
  return (
    <>
      <Text component="h3" size="sm" fw={600} mt={14}>
        {say('byOthers')}
      </Text>
      {others.length === 0 ? (
        <Text size="sm" mt={6}>
          {say('noOthers')}
        </Text>
      ) : (
        <ActivityList of={others} />
      )}
      {mine.length > 0 && (
        <>
          <Text component="h3" size="sm" fw={600} mt={14}>
            {say('byMe')}
          </Text>
          <ActivityList of={mine} />
        </>
      )}
    </>
  )
}

export default function SessionsPage() {
  const say = useSessionsTexts()
  const { jmap } = useMail()
  const found = useQuery(activityQuery(jmap))
  return (
    <>
      <Sessions />
      <Panel title={say('activity')}>
        <Text size="sm" c="dimmed">
          {say('activityLead')}
        </Text>
        <Answered of={found}>
          {(all) =>
            all.length === 0 ? (
              <Text size="sm" mt={10}>
                {say('noActivity')}
              </Text>
            ) : (
              <Activities all={all} />
            )
          }
        </Answered>
      </Panel>
    </>
  )
}
