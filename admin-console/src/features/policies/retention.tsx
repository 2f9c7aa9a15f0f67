import { Answered, Confirm, Foreign, Status, useFormat, wordOf } from '@chappe/kit'
import { Button, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { retain, retentionQuery } from './data'
import classes from './policies.module.css'
import { useTexts } from './texts'

/** Whose mail a policy keeps no longer, before anything is done. */
export function Retention({ name, organisation, mayWrite }: { name: string; organisation: string; mayWrite: boolean }) {
  const say = useTexts()
  const format = useFormat()
  const change = useChange()
  const found = useQuery(retentionQuery(name, organisation))
  const [asks, setAsks] = useState(false)
  const command = commandLine(['recipient-policy', 'retain', name], { org: organisation })
  return (
    <Answered of={found}>
      {(effect) => (
        <div>
          <Text fw={600} size="sm">
            {say('retention')}
          </Text>
          {effect.messages === 0 && <Status health="good">{say('nothingOld')}</Status>}
          {effect.messages > 0 && (
            <>
              <Text size="sm">{say(effect.after ? 'wouldRetainMore' : 'wouldRetain', { count: effect.messages, size: format.bytes(effect.bytes) })}</Text>
              <ul className={classes.members} tabIndex={0} aria-label={say('retention')}>
                {effect.retained.map((r) => (
                  <li key={`${r.user} ${r.folder}`}>
                    <Foreign>{r.user}</Foreign>{' '}
                    <small>
                      <Foreign>{r.folder}</Foreign> · {say('messages', { count: r.messages })} · {wordOf(say, 'act', r.act)}
                    </small>
                  </li>
                ))}
              </ul>
              {mayWrite && (
                <Group mt="xs">
                  <Button size="xs" color="red" variant="outline" onClick={() => setAsks(true)}>
                    {say('retainNow')}
                  </Button>
                </Group>
              )}
            </>
          )}
          <Command line={commandLine(['recipient-policy', 'retention', name], { org: organisation })} />
          {asks && (
            <Confirm
              title={`${say('retainNow')}: ${name}`}
              action={say('retainNow')}
              onDone={() => setAsks(false)}
              onAct={() => change(() => retain(name, organisation), [['recipient-policies']], say('retainDone'))}
            >
              <p>{say('retainLead')}</p>
              <Command line={command} />
            </Confirm>
          )}
        </div>
      )}
    </Answered>
  )
}
