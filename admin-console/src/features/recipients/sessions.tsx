import { Answered, Foreign, Panel, useFormat, wordOf } from '@chappe/kit'
import { Button, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { sessionsQuery } from './data'
import classes from './mailbox.module.css'
import { useOneTexts } from './texts-one'

/** Sessions and tokens of somebody, or one `kind` of them. */
export function Sessions({ address, kind, title, lead, none, actions }: { address: string; kind?: 'session' | 'token'; title?: string; lead?: string; none?: string; actions?: ReactNode }) {
  const say = useOneTexts()
  const format = useFormat()
  const change = useChange()
  const list = useQuery(sessionsQuery(address))
  return (
    <Panel title={title ?? say('sessions')} actions={actions}>
      {lead && (
        <Text size="sm" c="dimmed">
          {lead}
        </Text>
      )}
      <Answered of={list}>
        {(found) => {
          const all = found.filter((s) => !kind || s.kind === kind)
          return all.length === 0 ? (
            <p className={classes.none}>{none ?? say('noSessions')}</p>
          ) : (
            <ul className={classes.list}>
              {all.map((s) => (
                <li key={s.id}>
                  <span>
                    {wordOf(say, 'session', s.kind)}: <Foreign>{s.name.slice(0, 90)}</Foreign>
                    <br />
                    <small>
                      {say('from')} <Foreign>{s.peer}</Foreign> · {s.kind === 'connection' ? say('connected') : `${say('seen')} ${s.seen ? format.ago(s.seen) : say('never')}`}
                      {s.expires && ` · ${say('expires')} ${format.dateTime(s.expires)}`}
                    </small>
                  </span>
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    color="red"
                    onClick={() => void change(() => api.delete(path`/users/${address}/sessions/${s.id}`), [['sessions', address]], say('sessionEnded'))}
                  >
                    {say('endSession')}
                  </Button>
                </li>
              ))}
            </ul>
          )
        }}
      </Answered>
      <Command line={commandLine(['session', 'list', address])} />
    </Panel>
  )
}
