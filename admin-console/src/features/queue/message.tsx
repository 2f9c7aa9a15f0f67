import { Answered, Facts, Foreign, Page, Panel, Status, useFormat, wordOf } from '@chappe/kit'
import { IconDots } from '@chappe/kit/icons'
import { ActionIcon, Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Command, commandLine } from '../../app/command'
import { useMay } from '../../app/session'
import { ActDialog } from './act-dialog'
import { ACTS, isAct, queuedQuery, type Act, type QueueEntry } from './data'
import classes from './queue.module.css'
import { queuedRoute } from './routes'
import { useTexts } from './texts'
import { stateHealth, useWhy } from './why'

function Entry({ e, onAct }: { e: QueueEntry; onAct: ((act: Act) => void) | undefined }) {
  const say = useTexts()
  const format = useFormat()
  const why = useWhy()
  const times: [string, string | null | undefined][] = [
    [say('next'), e.state === 'waiting' ? e.next : null],
    [say('last'), e.last],
    [say('expires'), e.expires],
  ]
  return (
    <li>
      <div className={classes.entryHead}>
        <strong>
          <Foreign>{e.recipient}</Foreign>
        </strong>
        <Status health={stateHealth[e.state] ?? 'none'}>{wordOf(say, 'state', e.state)}</Status>
        {onAct && (
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon variant="default" size={32} aria-label={say('actsOf', { name: e.recipient })}>
                <IconDots size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {ACTS.map((a) => (
                <Menu.Item key={a} onClick={() => onAct(a)} {...((a === 'delete' || a === 'return') && { color: 'red' })}>
                  {say(`act.${a}`)}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        )}
      </div>
      <p className={classes.why}>
        <Foreign>{why(e)}</Foreign>
      </p>
      <div className={classes.times}>
        {e.asked && e.asked !== e.recipient && (
          <span>
            {say('asked')} <Foreign>{e.asked}</Foreign>
          </span>
        )}
        {e.lane && (
          <span>
            {say('lane')} <Foreign>{e.lane}</Foreign>
          </span>
        )}
        {e.via && (
          <span>
            {say('via')} <Foreign>{e.via}</Foreign>
          </span>
        )}
        {times.map(([label, at]) => at && <span key={label}>{`${label} ${format.dateTime(at)} (${format.ago(at)})`}</span>)}
      </div>
    </li>
  )
}

export function QueuedMessage() {
  const say = useTexts()
  const format = useFormat()
  const { id } = queuedRoute.useParams()
  const { dialog, entry } = queuedRoute.useSearch()
  const navigate = useNavigate({ from: '/queue/$id' })
  const mayWrite = useMay('queue.write')
  const message = useQuery(queuedQuery(id))
  const m = message.data
  const first = m?.entries[0]
  const ask = (act: Act, of?: number) => void navigate({ search: { dialog: act, entry: of === undefined ? undefined : String(of) } })
  return (
    <Page
      title={<Foreign>{first?.subject || id}</Foreign>}
      trail={<Link to="/queue">{say('title')}</Link>}
      actions={
        <Button variant="default" renderRoot={(props) => <Link to="/tracking/$id" params={{ id: m?.message ?? id }} {...props} />}>
          {say('trace')}
        </Button>
      }
    >
      <Answered of={message}>
        {(m) => (
          <>
            {mayWrite && (
              <div className={classes.acts}>
                {ACTS.map((a) => (
                  <Button key={a} size="xs" variant={a === 'delete' || a === 'return' ? 'outline' : 'default'} {...((a === 'delete' || a === 'return') && { color: 'red' })} onClick={() => ask(a)}>
                    {say(`act.${a}`)}
                  </Button>
                ))}
              </div>
            )}
            <Panel title={say('entries', { count: m.entries.length })}>
              <ul className={classes.entries}>
                {m.entries.map((e) => (
                  <Entry key={e.id} e={e} onAct={mayWrite ? (a) => ask(a, e.id) : undefined} />
                ))}
              </ul>
            </Panel>
            <Panel title={say('envelope')}>
              <Facts
                rows={[
                  [say('id'), <Foreign>{m.message}</Foreign>],
                  [say('sender'), <Foreign>{m.sender || '<>'}</Foreign>],
                  ...(m.login ? [[say('login'), <Foreign>{m.login}</Foreign>] as [string, React.ReactNode]] : []),
                  ...(first?.received ? [[say('received'), format.dateTime(first.received)] as [string, React.ReactNode]] : []),
                  [say('size'), format.bytes(first?.size ?? 0)],
                  ...(m.envid ? [[say('envid'), <Foreign>{m.envid}</Foreign>] as [string, React.ReactNode]] : []),
                  ...(m.requiretls ? [[say('requiretls'), say('yes')] as [string, React.ReactNode]] : []),
                ]}
              />
              <Command line={commandLine(['queue', 'show', m.message])} />
            </Panel>
            <Panel title={say('header')}>
              <pre className={classes.header} tabIndex={0} role="region" aria-label={say('header')}>
                <Foreign>{m.header}</Foreign>
              </pre>
            </Panel>
            {isAct(dialog) && <ActDialog kind={dialog} on={{ ids: [entry ?? m.message] }} count={entry ? (m.entries.find((e) => String(e.id) === entry)?.recipient ?? entry) : say('onMessage', { count: m.entries.length })} onClose={() => void navigate({ search: {} })} {...((dialog === 'delete' || dialog === 'return') && !(entry && m.entries.length > 1) && { onDone: () => void navigate({ to: '/queue', search: {} }) })} />}
          </>
        )}
      </Answered>
    </Page>
  )
}
