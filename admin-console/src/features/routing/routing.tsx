import { Answered, Foreign, Page, Panel, Status, useFormat } from '@chappe/kit'
import { IconPlus } from '@chappe/kit/icons'
import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Command } from '../../app/command'
import { useMayEverywhere } from '../../app/session'
import { connectorsQuery, groupsQuery, linksQuery, routeQuery, serversQuery, type RouteQuestion } from './data'
import { Graph, type Used } from './graph'
import { routingRoute } from './routes'
import classes from './routing.module.css'
import { useTexts } from './texts'
import { Ways } from './ways'

function Ask({ asked, onAsk }: { asked: Partial<RouteQuestion>; onAsk: (question: Partial<RouteQuestion>) => void }) {
  const say = useTexts()
  const [recipient, setRecipient] = useState(asked.recipient ?? '')
  const [sender, setSender] = useState(asked.sender ?? '')
  const [size, setSize] = useState(asked.size ?? '')
  return (
    <form
      className={classes.ask}
      onSubmit={(e) => {
        e.preventDefault()
        onAsk({ recipient: recipient.trim(), sender: sender.trim() || undefined, size: size.trim() || undefined })
      }}
    >
      <TextInput label={say('recipient')} required spellCheck={false} placeholder="bob@example.net" value={recipient} onChange={(e) => setRecipient(e.currentTarget.value)} />
      <TextInput label={say('sender')} spellCheck={false} value={sender} onChange={(e) => setSender(e.currentTarget.value)} />
      <TextInput label={say('size')} inputMode="numeric" pattern="[0-9]*" placeholder="1048576" value={size} onChange={(e) => setSize(e.currentTarget.value)} />
      <div className={classes.buttons}>
        <Button type="submit">{say('ask')}</Button>
        {asked.recipient && (
          <Button variant="default" onClick={() => onAsk({})}>
            {say('clear')}
          </Button>
        )}
      </div>
    </form>
  )
}

function DeadLinks() {
  const say = useTexts()
  const format = useFormat()
  const links = useQuery(linksQuery)
  return (
    <Panel title={say('linksTitle')}>
      <Answered of={links} lines={1}>
        {(all) =>
          all.length === 0 ? (
            <Status health="good">{say('allLinks')}</Status>
          ) : (
            <ul className={classes.links}>
              {all.map((l) => (
                <li key={`${l.connector} ${l.host}`}>
                  <Status health="bad">
                    <span>
                      <Link to="/routing/connectors/$name" params={{ name: l.connector }}>
                        <Foreign>{l.connector}</Foreign>
                      </Link>{' '}
                      → <Foreign>{l.host}</Foreign>
                      <small>
                        <Foreign>{l.reason}</Foreign> · {say('linkSince', { since: l.since ? format.dateTime(l.since) : '?', until: l.until ? format.ago(l.until) : '?' })}
                      </small>
                    </span>
                  </Status>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
      <Command line="chappe link list" />
    </Panel>
  )
}

export function Routing() {
  const say = useTexts()
  const asked = routingRoute.useSearch()
  const navigate = useNavigate({ from: '/routing' })
  const mayWrite = useMayEverywhere('routing.write')
  const connectors = useQuery(connectorsQuery)
  const groups = useQuery(groupsQuery)
  const servers = useQuery(serversQuery).data ?? []
  const links = useQuery(linksQuery).data ?? []
  const question = { recipient: asked.recipient ?? '', sender: asked.sender, size: asked.size }
  const route = useQuery({ ...routeQuery(question), enabled: question.recipient !== '' }).data
  const used: Used = {
    connectors: new Set(route?.ways.flatMap((w) => w.path)),
    isByDns: route?.ways.some((w) => w.way === 'mx' && !w.connector) ?? false,
  }
  const both = { ...groups, data: groups.data && connectors.data ? { groups: groups.data, connectors: connectors.data } : undefined, error: groups.error ?? connectors.error }
  return (
    <Page
      title={say('title')}
      lead={say('lead')}
      actions={
        <>
          <Button variant="default" renderRoot={(props) => <Link to="/routing/connectors" {...props} />}>
            {say('connectors')}
          </Button>
          {mayWrite && (
            <Button leftSection={<IconPlus size={17} />} renderRoot={(props) => <Link to="/routing/connectors" search={{ dialog: 'add' }} {...props} />}>
              {say('add')}
            </Button>
          )}
        </>
      }
    >
      <Panel title={say('travel')}>
        <Ask key={`${question.recipient} ${question.sender ?? ''} ${question.size ?? ''}`} asked={question} onAsk={(q) => void navigate({ search: q })} />
        {question.recipient !== '' && <Ways {...question} />}
      </Panel>
      <Panel title={say('picture')}>
        <Answered of={both} lines={8}>
          {(all) => <Graph {...all} servers={servers} links={links} used={used} />}
        </Answered>
        <Command line={['chappe routing-group list', 'chappe routing-group-connector list', 'chappe connector list', 'chappe server list']} />
      </Panel>
      <DeadLinks />
    </Page>
  )
}
