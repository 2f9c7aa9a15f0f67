import { Answered, Confirm, Facts, Foreign, Page, Panel, useFormat, wordOf } from '@chappe/kit'
import { IconChevronDown } from '@chappe/kit/icons'
import { Alert, Button, Group, Menu, Tabs, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { useMay } from '../../app/session'
import { useTabInSight } from '../../app/tab-in-sight'
import { ConflictsTab } from './conflicts'
import { askRun, directoryQuery, removeDirectory, runsQuery, setDirectory, statusQuery, type Run, type Server, type Source, type Which } from './data'
import classes from './directories.module.css'
import { ServerState, SourceState } from './parts'
import { PeopleTab } from './people-tab'
import { directoryRoute } from './routes'
import { RunBar, RunDrawer, RunsTab } from './runs'
import { SettingsTab } from './settings-tab'
import { EntriesTab, MappingTab } from './trial-tab'
import { useTexts } from './texts'
import { WritingTab } from './writing-tab'

const TABS = ['overview', 'entries', 'people', 'settings', 'mapping', 'writing', 'runs', 'conflicts'] as const

function Servers({ of }: { of: Server[] }) {
  const say = useTexts()
  if (of.length === 0) return <Text size="sm">{say('noServer')}</Text>
  return (
    <ul className={classes.entries}>
      {of.map((s) => (
        <li key={s.url}>
          <strong>
            <Foreign>{s.url}</Foreign>
          </strong>{' '}
          <ServerState of={s} />
          <small>
            {say('cost')} {s.cost} · {say('connections')} {s.connections} · {say('failed', { failed: s.failed, late: s.timed_out })}
          </small>
          {s.fault && (
            <small>
              {say('fault')}: <Foreign>{s.fault}</Foreign>
            </small>
          )}
        </li>
      ))}
    </ul>
  )
}

/** "This run would remove X of Y: go on?" */
function Question({ of, mayWrite, onConfirm, onPreview }: { of: Run; mayWrite: boolean; onConfirm: () => void; onPreview: () => void }) {
  const say = useTexts()
  return (
    <Alert color="yellow" title={say('asksTitle')}>
      <Foreign>{of.message}</Foreign>
      {mayWrite && (
        <Group gap="xs" mt="sm">
          <Button size="compact-sm" variant="default" onClick={onPreview}>
            {say('looksFirst')}
          </Button>
          <Button size="compact-sm" color="red" onClick={onConfirm}>
            {say('goOn')}
          </Button>
        </Group>
      )}
    </Alert>
  )
}

function Overview({ which, running, onOpen }: { which: Which; running: Run | undefined; onOpen: (id: number) => void }) {
  const say = useTexts()
  const format = useFormat()
  const status = useQuery(statusQuery(which))
  return (
    <Answered of={status}>
      {(s) => (
        <div className={classes.stack}>
          {running && (
            <Panel
              title={wordOf(say, 'run', running.kind)}
              actions={
                <Button size="compact-sm" variant="default" onClick={() => onOpen(running.id)}>
                  {say('run')} {running.id}
                </Button>
              }
            >
              <RunBar of={running} which={which} />
            </Panel>
          )}
          {s.fault && (
            <Alert color="red" title={say('faultTitle')}>
              <Foreign>{s.fault}</Foreign>
            </Alert>
          )}
          <div className={classes.two}>
            <Panel title={say('tab.overview')}>
              <Facts
                rows={[
                  [say('way'), s.way ? wordOf(say, 'way', s.way) : '–'],
                  [say('seen'), s.seen ? format.ago(s.seen) : say('never')],
                  [say('full'), s.full ? format.dateTime(s.full) : say('never')],
                  [say('next'), s.live ? say('is.live') : s.next ? format.dateTime(s.next) : say('now')],
                  [say('entries'), format.number(s.entries)],
                  [say('recipients'), format.number(s.recipients)],
                  [say('missing'), format.number(s.missing)],
                  [say('conflicts'), format.number(s.conflicts)],
                ]}
              />
            </Panel>
            <Panel title={say('servers')}>
              <Servers of={s.servers} />
            </Panel>
          </div>
          <Command line={commandLine(['directory', 'status', which.name], { org: which.organisation })} />
        </div>
      )}
    </Answered>
  )
}

function Dialogs({ which, dialog, onClose, onAsked }: { which: Which; dialog: string; onClose: () => void; onAsked: (run: Run) => void }) {
  const say = useTexts()
  const change = useChange()
  const navigate = useNavigate()
  const org = { org: which.organisation }
  const name = <Foreign>{which.name}</Foreign>
  if (dialog === 'confirm')
    return (
      <Confirm
        title={say('goOn')}
        action={say('goOn')}
        onDone={onClose}
        onAct={async () => {
          onAsked(await change(() => askRun(which, 'incremental', true), [['directories']], say('begun')))
          return 'left'
        }}
      >
        <p>{name}</p>
        <p>{say('goOnLead')}</p>
        <Command line={commandLine(['directory', 'sync', which.name], { ...org, confirm: true })} />
      </Confirm>
    )
  if (dialog === 'disable')
    return (
      <Confirm title={say('disable')} action={say('disable')} onDone={onClose} onAct={() => change(() => setDirectory(which, { enabled: false }), [['directories']], say('disabled', { name: which.name }))}>
        <p>{name}</p>
        <p>{say('disableLead')}</p>
        <Command line={commandLine(['directory', 'set', which.name], { ...org, enabled: 'no' })} />
      </Confirm>
    )
  if (dialog === 'remove')
    return (
      <Confirm
        title={say('remove')}
        action={say('remove')}
        word={which.name}
        onDone={onClose}
        onAct={async () => {
          await change(() => removeDirectory(which), [['directories', 'list'], ['users']], say('removed', { name: which.name }))
          await navigate({ to: '/directories' })
          return 'left'
        }}
      >
        <p>{name}</p>
        <p>{say('removeLead')}</p>
        <Command line={commandLine(['directory', 'remove', which.name], org)} />
      </Confirm>
    )
  return null
}

/** What can be done with a source: its runs first. */
function Acts({ which, known, busy, onAsk, onDialog }: { which: Which; known: Source; busy: boolean; onAsk: (kind: 'preview' | 'full' | 'incremental') => void; onDialog: (dialog: string) => void }) {
  const say = useTexts()
  const change = useChange()
  const enable = () => change(() => setDirectory(which, { enabled: true }), [['directories']], say('enabled', { name: which.name }))
  return (
    <>
      <Button disabled={busy || !known.enabled} onClick={() => onAsk('incremental')}>
        {say('sync')}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={16} />}>
            {say('more')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {(['preview', 'full'] as const).map((kind) => (
            <Menu.Item key={kind} disabled={busy || !known.enabled} onClick={() => onAsk(kind)}>
              {say(`ask.${kind}`)}
            </Menu.Item>
          ))}
          <Menu.Divider />
          {known.enabled ? <Menu.Item onClick={() => onDialog('disable')}>{say('disable')}</Menu.Item> : <Menu.Item onClick={() => void enable()}>{say('enable')}</Menu.Item>}
          <Menu.Item color="red" onClick={() => onDialog('remove')}>
            {say('remove')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  )
}

/** One company directory: how it is, what it says, what it changed here. */
export function DirectoryPage() {
  const say = useTexts()
  const change = useChange()
  const search = directoryRoute.useSearch()
  const which = { organisation: search.organisation ?? '', name: search.source ?? '' }
  const navigate = useNavigate({ from: '/directories/source' })
  const mayWrite = useMay('organisation.write')
  const known = useQuery(directoryQuery(which))
  const status = useQuery(statusQuery(which)).data
  const runs = useQuery(runsQuery(which)).data ?? []
  const running = runs.find((r) => r.state === 'running' || r.state === 'waiting')
  /* a preview answers nothing */
  const last = runs.find((r) => r.kind !== 'preview')
  const tab = TABS.find((t) => t === search.tab) ?? 'overview'
  const tabs = useTabInSight(tab, known.isSuccess)
  const go = (to: { tab?: string | undefined; run?: string }) => void navigate({ search: { organisation: which.organisation, source: which.name, ...to } })
  const dialog = (name: string | undefined) => void navigate({ search: { ...search, dialog: name }, replace: name === undefined })
  const open = (id: number) => go({ tab: search.tab, run: String(id) })
  const ask = async (kind: 'preview' | 'full' | 'incremental') => open((await change(() => askRun(which, kind), [['directories', 'one']], say('begun'))).id)
  return (
    <Page
      title={<Foreign>{which.name}</Foreign>}
      trail={<Link to="/directories">{say('title')}</Link>}
      lead={
        known.data && (
          <>
            <Foreign>{known.data.domain ? `${which.organisation} › ${known.data.domain}` : which.organisation}</Foreign> · {wordOf(say, 'flavour', known.data.flavour)}{' '}
            {status && <SourceState of={{ enabled: known.data.enabled, state: status.fault || (status.live ? 'live' : 'waiting'), seen: status.seen }} />}
          </>
        )
      }
      actions={mayWrite && known.data && <Acts which={which} known={known.data} busy={running !== undefined && running.kind !== 'live'} onAsk={(kind) => void ask(kind)} onDialog={dialog} />}
    >
      <Answered of={known}>
        {(source) => (
          <div className={classes.stack}>
            {last?.state === 'asks' && <Question of={last} mayWrite={mayWrite} onConfirm={() => dialog('confirm')} onPreview={() => void ask('preview')} />}
            <Tabs value={tab} onChange={(id) => go({ tab: id ?? undefined })} keepMounted={false}>
              <Tabs.List ref={tabs}>
                {TABS.map((t) => (
                  <Tabs.Tab key={t} value={t}>
                    {t === 'conflicts' && status?.conflicts ? `${say('tab.conflicts')} (${status.conflicts})` : say(`tab.${t}`)}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
              <Tabs.Panel value={tab} pt="md">
                {tab === 'overview' && <Overview which={which} running={running} onOpen={open} />}
                {tab === 'entries' && <EntriesTab which={which} mayWrite={mayWrite} />}
                {tab === 'people' && <PeopleTab which={which} known={source} mayWrite={mayWrite} />}
                {tab === 'settings' && (
                  <SettingsTab which={which} known={source} mayWrite={mayWrite} dialog={search.dialog} onDialog={dialog} onRenamed={(name) => void navigate({ to: '/directories/source', search: { organisation: which.organisation, source: name, tab: 'settings' } })} />
                )}
                {tab === 'mapping' && <MappingTab which={which} known={source} mayWrite={mayWrite} />}
                {tab === 'writing' && <WritingTab which={which} known={source} mayWrite={mayWrite} dialog={search.dialog} onDialog={dialog} onAsked={(run) => open(run.id)} />}
                {tab === 'runs' && <RunsTab which={which} onOpen={open} />}
                {tab === 'conflicts' && <ConflictsTab which={which} mayWrite={mayWrite} />}
              </Tabs.Panel>
            </Tabs>
            {search.run && <RunDrawer which={which} id={search.run} onClose={() => go({ tab: search.tab })} />}
            {search.dialog && <Dialogs which={which} dialog={search.dialog} onClose={() => dialog(undefined)} onAsked={(run) => open(run.id)} />}
          </div>
        )}
      </Answered>
    </Page>
  )
}
