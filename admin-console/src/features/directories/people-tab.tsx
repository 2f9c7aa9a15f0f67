// The people of a directory, and who of them gets a mailbox where that is chosen by hand.
import { Answered, DataTable, EmptyState, Foreign, Panel, Status, type Column } from '@chappe/kit'
import { Checkbox, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { chooseEntry, entriesQuery, type Entry, type Source, type Which } from './data'
import classes from './directories.module.css'
import { useTexts } from './texts'

const TABLE_PX = 560
const keyOf = (e: Entry) => e.dn

export function PeopleTab({ which, known, mayWrite }: { which: Which; known: Source; mayWrite: boolean }) {
  const say = useTexts()
  const change = useChange()
  const [text, setText] = useState('')
  const [asked] = useDebouncedValue(text.trim(), 200)
  const [last, setLast] = useState<Entry | null>(null)
  const found = useQuery(entriesQuery(which, asked))
  const byHand = known.mailboxes === 'hand'
  const columns = useMemo<Column<Entry>[]>(
    () => [
      ...(byHand
        ? [
            {
              id: 'chosen',
              title: say('chosen'),
              fixed: true,
              width: 110,
              cell: (e: Entry) => (
                <Checkbox
                  aria-label={say('choose', { name: e.name || e.dn })}
                  checked={e.chosen}
                  disabled={!mayWrite}
                  onChange={(event) => {
                    const mailbox = event.currentTarget.checked
                    setLast({ ...e, chosen: mailbox })
                    void change(() => chooseEntry(which, e.dn, mailbox), [['directories', 'one']], say(mailbox ? 'isChosen' : 'isNotChosen', { name: e.name || e.dn }))
                  }}
                />
              ),
            },
          ]
        : []),
      { id: 'name', title: say('personName'), width: 1.4, cell: (e) => <Foreign title={e.dn}>{e.name || e.dn}</Foreign> },
      { id: 'account', title: say('login'), yields: 'm', cell: (e) => <Foreign>{e.account}</Foreign> },
      { id: 'mail', title: say('address'), width: 1.4, yields: 's', cell: (e) => <Foreign title={e.mail}>{e.mail}</Foreign> },
      {
        id: 'here',
        title: say('here'),
        width: 1.4,
        cell: (e) =>
          e.fault ? (
            <Status health="warn">
              <Foreign title={e.fault}>{e.fault}</Foreign>
            </Status>
          ) : e.address ? (
            <Link to="/recipients/$address" params={{ address: e.address }}>
              <Foreign>{e.address}</Foreign>
            </Link>
          ) : (
            say(e.enabled ? 'nobodyHere' : 'off')
          ),
      },
    ],
    [say, change, which, byHand, mayWrite],
  )
  return (
    <Panel title={say('tab.people')}>
      <div className={classes.stack}>
        <Text size="sm" c="dimmed">
          {say(byHand ? 'peopleLead.hand' : 'peopleLead')}
        </Text>
        <TextInput aria-label={say('findPeople')} placeholder={say('findPeople')} value={text} onChange={(e) => setText(e.currentTarget.value)} spellCheck={false} />
        <Answered of={found}>{(entries) => <DataTable label={say('tab.people')} columns={columns} rows={entries} rowKey={keyOf} rowName={(e) => e.name || e.dn} maxHeight={TABLE_PX} empty={<EmptyState title={say('noPeople')} />} />}</Answered>
        <Command
          line={
            last
              ? commandLine(['directory', 'choose', which.name, last.dn], { mailbox: last.chosen ? 'yes' : 'no', org: which.organisation })
              : commandLine(['directory', 'entries', which.name], { text: asked || undefined, org: which.organisation })
          }
        />
      </div>
    </Panel>
  )
}
