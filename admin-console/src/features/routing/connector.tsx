import { Answered, Confirm, Facts, Foreign, Page, Panel, Status, useFormat, wordOf } from '@chappe/kit'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { useMayEverywhere } from '../../app/session'
import { connectorQuery, isSmtp, linksQuery, serversQuery, type Connector } from './data'
import { useTexts as useTrialTexts } from '../trial/texts'
import { TrialDialog } from '../trial/trial'
import { connectorRoute } from './routes'
import { stateHealth, stateOf } from './state'
import { useTexts } from './texts'
import { ConnectorWizard } from './wizard'

const commandWord = (c: Connector) => (isSmtp(c) ? 'connector' : 'routing-group-connector')

function Overview({ c }: { c: Connector }) {
  const say = useTexts()
  const servers = useQuery(serversQuery).data ?? []
  const links = useQuery(linksQuery).data ?? []
  const state = stateOf(c, links, servers)
  const rows: [string, ReactNode][] = [
    [say('kind'), wordOf(say, 'kind', c.kind)],
    [say('stateLabel'), <Status health={stateHealth[state]}>{say(`state.${state}`)}</Status>],
    [say('costLabel'), c.cost],
    [say('group'), <Foreign>{c.routing_group}</Foreign>],
    ...(isSmtp(c)
      ? ([
          [say('spaces'), <Foreign>{(c.spaces ?? []).join(', ')}</Foreign>],
          [say('smarthost'), <Foreign>{c.smarthost || say('noSmarthost')}</Foreign>],
          [say('organisation'), <Foreign>{c.organisation || say('anyOrganisation')}</Foreign>],
        ] as [string, ReactNode][])
      : ([[say('target'), <Foreign>{c.target_group}</Foreign>]] as [string, ReactNode][])),
  ]
  if (c.login) rows.push([say('login'), <Foreign>{c.login}</Foreign>])
  for (const l of links.filter((l) => l.connector === c.name)) rows.push([l.host, <Foreign>{l.reason}</Foreign>])
  return (
    <Panel title={say('overview')}>
      <Facts rows={rows} />
      <Command line={commandLine([commandWord(c), 'show', c.name])} />
    </Panel>
  )
}

function Limits({ c }: { c: Connector }) {
  const say = useTexts()
  const format = useFormat()
  const names = (list: string[] | null | undefined, none: string) => <Foreign>{(list ?? []).join(', ') || none}</Foreign>
  const number = (n: number | null | undefined) => (n ? format.number(n) : say('usual'))
  return (
    <Panel title={say('limits')}>
      <Facts
        rows={[
          [say('schedule'), <Foreign>{c.schedule}</Foreign>],
          [say('tls'), wordOf(say, 'tls', c.tls)],
          [say('maxMessage'), c.max_message ? format.bytes(c.max_message) : say('noLimit')],
          [say('priorities'), names(c.priorities, say('usual'))],
          [say('fromServers'), names(c.from_servers, say('allServers'))],
          ...(isSmtp(c) ? [] : ([[say('toServers'), names(c.to_servers, say('allServers'))]] as [string, ReactNode][])),
          [say('allow'), names(c.allow, say('anybody'))],
          [say('deny'), names(c.deny, say('nobody'))],
          [say('source'), <Foreign>{c.source || say('usual')}</Foreign>],
          [say('connections'), number(c.connections)],
          [say('rate'), number(c.rate)],
          [say('recipientsMost'), number(c.recipients)],
          [say('alarm'), number(c.alarm)],
        ]}
      />
    </Panel>
  )
}

export function ConnectorPage() {
  const say = useTexts()
  const tries = useTrialTexts()
  const change = useChange()
  const { name } = connectorRoute.useParams()
  const { dialog } = connectorRoute.useSearch()
  const navigate = useNavigate({ from: '/routing/connectors/$name' })
  const mayWrite = useMayEverywhere('routing.write')
  const connector = useQuery(connectorQuery(name))
  const ask = (dialog: string | undefined) => void navigate({ search: { dialog } })
  return (
    <Page
      title={<Foreign>{name}</Foreign>}
      trail={
        <>
          <Link to="/routing">{say('title')}</Link>
          <span aria-hidden>›</span>
          <Link to="/routing/connectors">{say('connectors')}</Link>
        </>
      }
      actions={
        mayWrite && (
          <>
            <Button variant="outline" color="red" onClick={() => ask('remove')}>
              {say('remove')}
            </Button>
            <Button variant="default" onClick={() => ask('test')}>
              {tries('connector')}
            </Button>
            <Button onClick={() => ask('edit')}>{say('edit')}</Button>
          </>
        )
      }
    >
      <Answered of={connector}>
        {(c) => (
          <>
            <Overview c={c} />
            <Limits c={c} />
            {dialog === 'edit' && <ConnectorWizard kind="smtp" known={c} onClose={() => ask(undefined)} onDone={() => ask(undefined)} />}
            {dialog === 'test' && <TrialDialog title={`${tries('connector')}: ${name}`} path={path`/connectors/${name}/test`} asks="recipient" command={(recipient) => commandLine(['connector', 'test', name], { recipient: recipient || undefined })} onClose={() => ask(undefined)} />}
            {dialog === 'remove' && (
              <Confirm
                title={`${say('remove')}: ${name}`}
                action={say('remove')}
                onDone={() => ask(undefined)}
                onAct={async () => {
                  await change(() => api.delete(path`/connectors/${name}`), [['routing']], say('removed', { name }))
                  await navigate({ to: '/routing/connectors', search: {} })
                  return 'left'
                }}
              >
                <p>{say('removeLead')}</p>
                <Command line={commandLine([commandWord(c), 'remove', name])} />
              </Confirm>
            )}
          </>
        )}
      </Answered>
    </Page>
  )
}
