import { Answered, Foreign, Panel, useFormat, wordOf } from '@chappe/kit'
import { Badge, Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Command, commandLine } from '../../app/command'
import { activityQuery, auditOfQuery, type Activity } from '../audit/data'
import { traceOfQuery } from './data'
import classes from './mailbox.module.css'
import { useOneTexts } from './texts-one'

export function TraceTab({ address }: { address: string }) {
  const say = useOneTexts()
  const format = useFormat()
  const traces = useQuery(traceOfQuery(address))
  return (
    <Panel title={say('tab.trace')}>
      <Answered of={traces}>
        {(all) =>
          all.length === 0 ? (
            <p className={classes.none}>{say('noTrace')}</p>
          ) : (
            <div className={classes.scroll} tabIndex={0} role="region" aria-label={say('tab.trace')}>
              <Table miw={640}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{say('time')}</Table.Th>
                    <Table.Th>{say('sender')}</Table.Th>
                    <Table.Th>{say('recipients')}</Table.Th>
                    <Table.Th>{say('last')}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {all.map((t) => (
                    <Table.Tr key={t.id}>
                      <Table.Td>{format.dateTime(t.time)}</Table.Td>
                      <Table.Td>
                        <Foreign>{t.sender || '<>'}</Foreign>
                      </Table.Td>
                      <Table.Td>
                        <Foreign>{(t.recipients ?? []).slice(0, 3).join(', ')}</Foreign>
                        {(t.recipients?.length ?? 0) > 3 && ' …'}
                      </Table.Td>
                      <Table.Td>{t.last && <Badge>{t.last}</Badge>}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          )
        }
      </Answered>
      <Command line={[commandLine(['trace'], { recipient: address }), commandLine(['trace'], { sender: address })]} />
    </Panel>
  )
}

/** Logins and visits; what was changed stands in the audit below. */
const isOpening = (a: Activity) => /^(login|open|session\.begin)/.test(a.action)

function Openings({ address }: { address: string }) {
  const say = useOneTexts()
  const format = useFormat()
  const found = useQuery(activityQuery(address))
  return (
    <Panel title={say('openings')}>
      <Answered of={found}>
        {(all) =>
          all.some(isOpening) ? (
            <div className={classes.scroll} tabIndex={0} role="region" aria-label={say('openings')}>
              <Table miw={640}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{say('actor')}</Table.Th>
                    <Table.Th>{say('action')}</Table.Th>
                    <Table.Th>{say('from')}</Table.Th>
                    <Table.Th ta="right">{say('times')}</Table.Th>
                    <Table.Th>{say('firstLast')}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {all.filter(isOpening).map((a) => (
                    <Table.Tr key={`${a.day} ${a.action} ${a.actor} ${a.peer ?? ''}`}>
                      <Table.Td>
                        <Foreign>{a.actor}</Foreign> {a.action.startsWith('open.') && <Badge>{say('somebodyElse')}</Badge>}
                      </Table.Td>
                      <Table.Td>{wordOf(say, 'way', a.action)}</Table.Td>
                      <Table.Td>
                        <Foreign>{a.peer ?? ''}</Foreign>
                      </Table.Td>
                      <Table.Td ta="right">{format.number(a.count)}</Table.Td>
                      <Table.Td>
                        {a.count > 1 && `${format.time(a.first)} – `}
                        {format.dateTime(a.last)}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          ) : (
            <p className={classes.none}>{say('noOpenings')}</p>
          )
        }
      </Answered>
      <Command line={commandLine(['user', 'activity', address])} />
    </Panel>
  )
}

export function AuditTab({ object, organisation }: { object: string; organisation: string | null | undefined }) {
  const say = useOneTexts()
  const format = useFormat()
  const entries = useQuery(auditOfQuery(organisation ?? '', object))
  return (
    <>
    <Openings address={object} />
    <Panel title={say('tab.audit')}>
      <Answered of={entries}>
        {(all) =>
          all.length === 0 ? (
            <p className={classes.none}>{say('noAudit')}</p>
          ) : (
            <ul className={classes.list}>
              {all.map((e) => (
                <li key={e.id}>
                  <span>
                    <strong>{e.action}</strong> <Foreign>{e.after ?? ''}</Foreign>
                  </span>
                  <small>
                    {format.dateTime(e.at ?? '')} · {say('actor')} <Foreign>{e.actor}</Foreign>
                  </small>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </Panel>
    </>
  )
}
