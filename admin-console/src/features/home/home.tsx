import { Answered, Foreign, Page, Panel, Status, useFormat, wordOf, useLanguage, onDemand } from '@chappe/kit'
import { IconArrowRight } from '@chappe/kit/icons'
import { Button, Progress, Skeleton, Text } from '@mantine/core'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, type LinkProps } from '@tanstack/react-router'
import { type ReactNode } from 'react'
import { Command } from '../../app/command'
import { useMay, useMayEverywhere, useSession } from '../../app/session'
import { auditQuery } from '../audit/data'
import { useRoleTexts } from '../delegation/roles'
import { directoriesQuery } from '../directories/data'
import { organisationsQuery } from '../organisations/data'
import list from '../recipients/mailbox.module.css'
import { checkQuery, heldCountQuery, lanesQuery, moderationCountQuery, quarantineCountQuery, storageGroupsQuery, storesQuery } from './data'
import classes from './home.module.css'
import { useTexts } from './texts'

const Charts = onDemand(() => import('./charts'))

function Tile({ label, value, link }: { label: string; value: number | undefined; link?: LinkProps }) {
  const format = useFormat()
  const inner = (
    <>
      <strong>{value === undefined ? <Skeleton h={28} w={60} /> : format.number(value)}</strong>
      <span>{label}</span>
    </>
  )
  return link ? (
    <Link {...link} className={classes.tile}>
      {inner}
    </Link>
  ) : (
    <div className={classes.tile}>{inner}</div>
  )
}

function Tiles() {
  const say = useTexts()
  const seesOrganisations = useMay('organisation.read')
  const seesQueue = useMayEverywhere('queue.read')
  const seesQuarantine = useMay('quarantine.write')
  const asked = useQuery({ ...organisationsQuery, enabled: seesOrganisations })
  const organisations = asked.data
  const lanes = useQuery({ ...lanesQuery, enabled: seesQueue }).data
  const quarantine = useQuery({ ...quarantineCountQuery, enabled: seesQuarantine }).data
  const moderation = useQuery({ ...moderationCountQuery, enabled: seesQuarantine }).data
  return (
    <div className={classes.tiles}>
      {seesOrganisations && !asked.isError && (
        <>
          <Tile label={say('tileMailboxes')} value={organisations?.reduce((n, o) => n + o.users, 0)} link={{ to: '/recipients' }} />
          <Tile label={say('tileOrganisations')} value={organisations?.length} link={{ to: '/organisations' }} />
          <Tile label={say('tileDomains')} value={organisations?.reduce((n, o) => n + o.domains, 0)} link={{ to: '/domains' }} />
        </>
      )}
      {seesQueue && <Tile label={say('tileQueue')} value={lanes?.lanes.reduce((n, l) => n + l.waiting, 0)} link={{ to: '/queue' }} />}
      {seesQuarantine && (
        <>
          <Tile label={say('tileQuarantine')} value={quarantine} link={{ to: '/quarantine' }} />
          <Tile label={say('tileModeration')} value={moderation} link={{ to: '/moderation' }} />
        </>
      )}
    </div>
  )
}

/** Everything that somebody should do something about, with the remedy. */
function Attention() {
  const say = useTexts()
  const seesStorage = useMayEverywhere('storage.read')
  const check = useQuery({ ...checkQuery(useLanguage()), enabled: seesStorage })
  const groups = useQuery({ ...storageGroupsQuery, enabled: seesStorage }).data ?? []
  const stores = useQuery({ ...storesQuery, enabled: seesStorage }).data ?? []
  const held = useQuery({ ...heldCountQuery, enabled: useMay('queue.read') }).data ?? 0
  const moderation = useQuery({ ...moderationCountQuery, enabled: useMay('quarantine.write') }).data ?? 0
  const directories = useQuery({ ...directoriesQuery(undefined), enabled: useMayEverywhere('organisation.read') }).data?.filter((d) => d.enabled && d.type !== 'internal') ?? []
  const toDirectory = (d: { organisation: string; name: string }, words: string) => (
    <Link to="/directories/source" search={{ organisation: d.organisation, source: d.name }}>
      <Foreign>{words}</Foreign>
    </Link>
  )
  const lines: { key: string; text: ReactNode; remedy?: string | null | undefined }[] = [
    ...groups.filter((g) => g.state !== 'up').map((g) => ({ key: `g${g.name}`, text: say('attentionDown', { name: g.name, state: wordOf(say, 'state', g.state) }) })),
    ...stores.filter((s) => !s.mounted).map((s) => ({ key: `s${s.name}`, text: say('attentionDismounted', { name: s.name }) })),
    ...directories.filter((d) => d.state !== 'live' && d.state !== 'waiting').map((d) => ({ key: `d${d.organisation} ${d.name}`, text: toDirectory(d, say('attentionDirectory', { name: d.name })) })),
    ...directories.filter((d) => (d.conflicts ?? 0) > 0).map((d) => ({ key: `c${d.organisation} ${d.name}`, text: toDirectory(d, say('attentionConflicts', { name: d.name, count: d.conflicts ?? 0 })) })),
    ...(held > 0 ? [{ key: 'held', text: say('attentionHeld', { count: held }) }] : []),
    ...(moderation > 0 ? [{ key: 'moderation', text: say('attentionModeration', { count: moderation }) }] : []),
    ...(check.data ?? [])
      .filter((l) => !l.is_good)
      .map((l) => ({
        key: l.what,
        text: (
          <>
            <strong>
              <Foreign>{l.what}</Foreign>
            </strong>
            : <Foreign>{l.text}</Foreign>
          </>
        ),
        remedy: l.remedy,
      })),
  ]
  if (!seesStorage && lines.length === 0) return null
  return (
    <Panel title={say('attention')}>
      <Answered of={seesStorage ? check : { data: [], error: null, isPending: false, refetch: () => undefined }}>
        {() =>
          lines.length === 0 ? (
            <Status health="good">{say('allWell')}</Status>
          ) : (
            <ul className={classes.attention}>
              {lines.slice(0, 12).map((l) => (
                <li key={l.key}>
                  <Status health="warn">
                    <span>
                      {l.text}
                      {l.remedy && (
                        <small>
                          {say('remedy')}
                          <Foreign>{l.remedy}</Foreign>
                        </small>
                      )}
                    </span>
                  </Status>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </Panel>
  )
}

function HealthPanel() {
  const say = useTexts()
  const queries = useQueryClient()
  const check = useQuery(checkQuery(useLanguage()))
  return (
    <Panel
      title={say('health')}
      actions={
        <Button size="xs" variant="default" loading={check.isFetching} onClick={() => void queries.invalidateQueries({ queryKey: ['check'] })}>
          {say('checkAgain')}
        </Button>
      }
    >
      <Answered of={check}>
        {(lines) => (
          <ul className={list.list}>
            {lines
              .filter((l) => l.is_good)
              .slice(0, 12)
              .map((l) => (
                <li key={l.what}>
                  <Status health="good">
                    <Foreign>{l.what}</Foreign>
                  </Status>
                  <small>
                    <Foreign>{l.text}</Foreign>
                  </small>
                </li>
              ))}
          </ul>
        )}
      </Answered>
      <Command line="chappe check" />
    </Panel>
  )
}

function Storage() {
  const say = useTexts()
  const groups = useQuery(storageGroupsQuery)
  const stores = useQuery(storesQuery).data ?? []
  return (
    <Panel title={say('storage')}>
      <Answered of={groups}>
        {(all) => (
          <ul className={list.list}>
            {all.map((g) => (
              <li key={g.name}>
                <Status health={g.state === 'up' ? 'good' : 'bad'}>
                  <Foreign>{g.name}</Foreign>
                </Status>
                <small>
                  {wordOf(say, 'state', g.state)} · {say('mailboxes', { count: g.mailboxes })}
                  {stores
                    .filter((s) => s.storage_group === g.name)
                    .map((s) => ` · ${s.name}: ${say(s.mounted ? 'mounted' : 'dismounted')}`)
                    .join('')}
                </small>
              </li>
            ))}
          </ul>
        )}
      </Answered>
    </Panel>
  )
}

function Queue() {
  const say = useTexts()
  const lanes = useQuery(lanesQuery)
  return (
    <Panel title={say('queue')}>
      <Answered of={lanes}>
        {({ lanes: all }) => {
          const most = Math.max(1, ...all.map((l) => l.waiting))
          if (all.length === 0) return <Status health="good">{say('queueEmpty')}</Status>
          return (
            <ul className={list.list}>
              {all.slice(0, 8).map((l) => (
                <li key={l.lane}>
                  <div>
                    <Foreign>{l.lane}</Foreign>
                    <Progress value={(100 * l.waiting) / most} size="sm" aria-label={say('waiting', { count: l.waiting })} />
                  </div>
                  <small>{say('waiting', { count: l.waiting })}</small>
                </li>
              ))}
            </ul>
          )
        }}
      </Answered>
      <Command line="chappe queue lanes" />
    </Panel>
  )
}

function Recent() {
  const say = useTexts()
  const format = useFormat()
  const everywhere = useMayEverywhere('audit.read')
  const session = useSession()
  const pages = useInfiniteQuery(auditQuery(everywhere ? undefined : session.organisation))
  return (
    <Panel title={say('recent')} actions={<Link to="/audit">{say('all')}</Link>}>
      <Answered of={{ ...pages, data: pages.data?.pages[0] }}>
        {(entries) =>
          entries.length === 0 ? (
            <Text size="sm" c="dimmed">
              {say('recentNone')}
            </Text>
          ) : (
            <ul className={list.list}>
              {entries.slice(0, 8).map((e) => (
                <li key={e.id}>
                  <span>
                    <strong>{e.action}</strong> <Foreign>{e.object}</Foreign>
                  </span>
                  <small>
                    <Foreign>{e.actor}</Foreign> · {e.at && format.ago(e.at)}
                  </small>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </Panel>
  )
}

function Roles() {
  const say = useTexts()
  const words = useRoleTexts()
  const format = useFormat()
  const session = useSession()
  return (
    <Panel title={say('roles')}>
      <ul className={list.list}>
        {session.grants.map((g, i) => (
          <li key={i}>
            <span>
              <strong>{wordOf(words, 'role', g.role)}</strong> · {wordOf(words, 'scope', g.scope)} <Foreign>{g.object}</Foreign>
            </span>
            <small>{g.until && say('until', { date: format.date(g.until) })}</small>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

/** Set up, or not yet: offered while there is hardly anything. */
function FirstStepsOffer() {
  const say = useTexts()
  const everywhere = useMayEverywhere('organisation.write')
  const organisations = useQuery({ ...organisationsQuery, enabled: everywhere }).data
  const users = organisations?.reduce((n, o) => n + o.users, 0) ?? 99
  if (!everywhere || users > 3) return null
  return (
    <div className={classes.offer}>
      <div>
        <strong>{say('firstTitle')}</strong>
        <p>{say('firstLead')}</p>
      </div>
      <Button rightSection={<IconArrowRight size={17} />} renderRoot={(props) => <Link to="/first-steps" {...props} />}>
        {say('firstGo')}
      </Button>
    </div>
  )
}

export function Home() {
  const say = useTexts()
  const session = useSession()
  const seesStorage = useMayEverywhere('storage.read')
  const seesQueue = useMayEverywhere('queue.read')
  const seesAudit = useMay('audit.read')
  return (
    <Page title={say('hello', { name: session.name })}>
      <FirstStepsOffer />
      <Tiles />
      <Attention />
      {seesQueue && <Charts />}
      <div className={list.two}>
        {seesStorage && <HealthPanel />}
        {seesStorage && <Storage />}
        {seesQueue && <Queue />}
        {seesAudit && <Recent />}
        <Roles />
      </div>
    </Page>
  )
}
