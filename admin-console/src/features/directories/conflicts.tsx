import { Answered, EmptyState, Foreign, Panel, Status, useFormat, wordOf } from '@chappe/kit'
import { Button, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { conflictsQuery, linkEntry, type Conflict, type Which } from './data'
import classes from './directories.module.css'
import { useTexts } from './texts'

/** The first address in a sentence about it: most often the one that is meant. */
const addressIn = (text: string) => /[^\s<>"]+@[^\s<>",;]*[^\s<>",;.]/.exec(text)?.[0] ?? ''

function LinkDialog({ which, of, onClose }: { which: Which; of: Conflict; onClose: () => void }) {
  const say = useTexts()
  const change = useChange()
  const [address, setAddress] = useState(addressIn(of.message))
  return (
    <FormDialog
      title={say('link')}
      action={say('link')}
      command={commandLine(['directory', 'link', which.name, of.dn, address], { org: which.organisation })}
      disabled={address.trim() === ''}
      onClose={onClose}
      onSubmit={() => change(() => linkEntry(which, of.dn, address.trim()), [['directories'], ['users']], say('linked'))}
    >
      <Text size="sm">{say('linkLead')}</Text>
      <Text size="sm">
        {say('entry')}: <Foreign>{of.dn}</Foreign>
      </Text>
      <TextInput label={say('linkAddress')} required data-autofocus spellCheck={false} value={address} onChange={(e) => setAddress(e.currentTarget.value)} />
    </FormDialog>
  )
}

/** What cannot be taken over as it stands, why, and what to do about it. */
export function ConflictsTab({ which, mayWrite }: { which: Which; mayWrite: boolean }) {
  const say = useTexts()
  const format = useFormat()
  const all = useQuery(conflictsQuery(which))
  const [linked, setLinked] = useState<Conflict | null>(null)
  return (
    <>
      <Answered of={all}>
        {(conflicts) =>
          conflicts.length === 0 ? (
            <EmptyState title={say('noConflicts')}>{say('noConflictsLead')}</EmptyState>
          ) : (
            <Panel title={say('conflictCount', { count: conflicts.length })}>
              <Text size="sm" c="dimmed">
                {say('conflictsLead')}
              </Text>
              <ul className={classes.entries}>
                {conflicts.map((c) => (
                  <li key={`${c.dn} ${c.what}`}>
                    <Status health="warn">{wordOf(say, 'in', c.what)}</Status>
                    <div>
                      <Foreign>{c.message}</Foreign>
                    </div>
                    <small>
                      <Foreign>{c.dn}</Foreign>
                      {c.since && ` · ${say('since')} ${format.dateTime(c.since)}`}
                    </small>
                    {mayWrite && c.what === 'address-taken' && (
                      <Button size="compact-sm" variant="default" mt={6} onClick={() => setLinked(c)}>
                        {say('link')}
                      </Button>
                    )}
                  </li>
                ))}
              </ul>
            </Panel>
          )
        }
      </Answered>
      <Command line={commandLine(['directory', 'conflicts', which.name], { org: which.organisation })} />
      {linked && <LinkDialog which={which} of={linked} onClose={() => setLinked(null)} />}
    </>
  )
}
