import { Answered, EmptyState, Page, Panel, Status } from '@chappe/kit'
import { Button, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Command, commandLine } from '../../app/command'
import { useMayEverywhere } from '../../app/session'
import { Ways } from '../routing/ways'
import { rehearsalQuery } from './data'
import { rehearsalRoute } from './routes'
import { useTexts } from './texts'
import { Timeline } from './timeline'
import classes from './tracking.module.css'

function Form({ from, to, client, onAsk }: { from: string; to: string; client: string; onAsk: (from: string, to: string, client: string, message: string) => void }) {
  const say = useTexts()
  const [a, setA] = useState(from)
  const [b, setB] = useState(to)
  const [c, setC] = useState(client)
  const [message, setMessage] = useState('')
  return (
    <form
      className={classes.form}
      onSubmit={(e) => {
        e.preventDefault()
        onAsk(a.trim(), b.trim(), c.trim(), message)
      }}
    >
      <TextInput label={say('from')} required spellCheck={false} value={a} onChange={(e) => setA(e.currentTarget.value)} />
      <TextInput label={say('to')} required spellCheck={false} value={b} onChange={(e) => setB(e.currentTarget.value)} />
      <TextInput label={say('fromClient')} description={say('fromClientHelp')} inputWrapperOrder={['label', 'input', 'description']} placeholder="192.0.2.7" spellCheck={false} value={c} onChange={(e) => setC(e.currentTarget.value)} />
      <Textarea className={classes.wide ?? ''} label={say('ownMessage')} description={say('ownMessageHelp')} inputWrapperOrder={['label', 'input', 'description']} rows={3} spellCheck={false} value={message} onChange={(e) => setMessage(e.currentTarget.value)} />
      <div className={classes.wide}>
        <Button type="submit">{say('ask')}</Button>
      </div>
    </form>
  )
}

function Decisions({ from, to, client, message }: { from: string; to: string; client: string | undefined; message: string }) {
  const say = useTexts()
  const told = useQuery(rehearsalQuery({ from, to, client }, message))
  return (
    <Panel title={say('decisions')}>
      <Answered of={told}>
        {(answer) => (
          <>
            <p>
              <Status health={answer.accepted ? 'good' : 'bad'}>
                <strong>{say(answer.accepted ? 'wouldAccept' : 'wouldRefuse')}</strong>
              </Status>
            </p>
            <Timeline events={answer.events} timeless />
          </>
        )}
      </Answered>
      <Command line={commandLine(['trace', from, to, ...(message === '' ? [] : ['message.eml'])], { 'dry-run': true, client })} />
    </Panel>
  )
}

/** What would happen to mail from A to B, and which way it would go. */
export function Rehearsal() {
  const say = useTexts()
  const { from = '', to = '', client } = rehearsalRoute.useSearch()
  const navigate = useNavigate({ from: '/tracking/rehearsal' })
  const mayRoute = useMayEverywhere('routing.read')
  const [message, setMessage] = useState('')
  return (
    <Page title={say('rehearsalTitle')} lead={say('rehearsalLead')} trail={<Link to="/tracking">{say('title')}</Link>}>
      <Panel>
        <Form
          key={`${from} ${to} ${client ?? ''}`}
          from={from}
          to={to}
          client={client ?? ''}
          onAsk={(a, b, c, m) => {
            setMessage(m)
            void navigate({ search: { from: a, to: b, client: c || undefined } })
          }}
        />
      </Panel>
      {from === '' || to === '' ? (
        <EmptyState title={say('askFirst')} />
      ) : (
        <div className={classes.two}>
          <Decisions from={from} to={to} client={client} message={message} />
          {mayRoute && (
            <Panel
              title={say('ways')}
              actions={
                <Button size="xs" variant="default" renderRoot={(props) => <Link to="/routing" search={{ recipient: to, sender: from }} {...props} />}>
                  {say('drawn')}
                </Button>
              }
            >
              <Ways recipient={to} sender={from} size={undefined} />
            </Panel>
          )}
        </div>
      )}
    </Page>
  )
}
