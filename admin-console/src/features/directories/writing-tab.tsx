import { Answered, EmptyState, Facts, Foreign, Panel, Status, useFormat, wordOf } from '@chappe/kit'
import { Alert, Button, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { writeAgain, writingQuery, type Run, type Source, type Which, type Writing } from './data'
import classes from './directories.module.css'
import { Edit, shown } from './settings-tab'
import { settingsOf } from './settings'
import { useTexts } from './texts'
import { WouldPanel } from './would-panel'

/** What the directory does not take: why, and what to do. */
function Refused({ of, which, mayWrite, onAsked }: { of: Writing; which: Which; mayWrite: boolean; onAsked: (run: Run) => void }) {
  const say = useTexts()
  const format = useFormat()
  const change = useChange()
  return (
    <Panel
      title={say('writeRefused', { count: of.refusals })}
      actions={
        mayWrite && (
          <Button size="compact-sm" variant="default" onClick={() => void change(() => writeAgain(which), [['directories']], say('begun')).then(onAsked)}>
            {say('writeAgain')}
          </Button>
        )
      }
    >
      <Text size="sm" c="dimmed">
        {say('writeRefusedLead')}
      </Text>
      <ul className={classes.entries} tabIndex={0} aria-label={say('writeRefusals')}>
        {of.refused.map((r) => (
          <li key={r.dn}>
            <Status health="warn">
              <Foreign>{r.message}</Foreign>
            </Status>
            {r.remedy && <Text size="sm">{r.remedy}</Text>}
            <small>
              <Foreign>{r.dn}</Foreign>
            </small>
            <small>
              {r.detail && <Foreign>{r.detail}</Foreign>}
              {r.since && ` · ${say('since')} ${format.dateTime(r.since)}`}
            </small>
            {r.cause && (
              <small>
                {say('serverSaid')}: <Foreign>{r.cause}</Foreign>
              </small>
            )}
          </li>
        ))}
      </ul>
      {of.refusals > of.refused.length && (
        <Text size="sm" c="dimmed">
          {say('firstOnly', { count: of.refused.length })}
        </Text>
      )}
      <Command line={commandLine(['directory', 'write-again', which.name], { org: which.organisation })} />
    </Panel>
  )
}

function How({ of, known }: { of: Writing; known: Source }) {
  const say = useTexts()
  const format = useFormat()
  return (
    <>
      {of.fault && (
        <Alert color="red" title={say('writeFault')}>
          <Foreign>{of.fault}</Foreign>
          {of.remedy && <div>{of.remedy}</div>}
        </Alert>
      )}
      <Panel title={say('writingState')}>
        <Facts
          rows={[
            [say('written'), of.written ? format.dateTime(of.written) : say('never')],
            [say('writtenEntries'), format.number(of.entries)],
            [say('writeDue'), format.number(of.due)],
            [say('writeRefusals'), format.number(of.refusals)],
            ...(known.enabled ? [] : ([[say('state'), say('is.disabled')]] as [string, string][])),
          ]}
        />
      </Panel>
    </>
  )
}

interface Props {
  which: Which
  known: Source
  mayWrite: boolean
  dialog: string | undefined
  onDialog: (dialog: string | undefined) => void
  onAsked: (run: Run) => void
}

/** What is written back into the directory: the settings, how it goes, what would be written, what is refused. */
export function WritingTab({ which, known, mayWrite, dialog, onDialog, onAsked }: Props) {
  const say = useTexts()
  const state = useQuery(writingQuery(which))
  const edit = (label: string) => (
    <Button size="compact-sm" variant={label === 'edit' ? 'default' : 'filled'} aria-label={label === 'edit' ? `${say('edit')}: ${say('group.writing')}` : undefined} onClick={() => onDialog('writing')}>
      {say(label === 'edit' ? 'edit' : 'writingUp')}
    </Button>
  )
  return (
    <>
      <Answered of={state}>
        {(s) =>
          s.write_back.length === 0 ? (
            <EmptyState title={say('writingOff')} action={mayWrite && edit('up')}>
              {say('writingOffLead')}
            </EmptyState>
          ) : (
            <div className={classes.stack}>
              <div className={classes.two}>
                <Panel title={say('group.writing')} actions={mayWrite && edit('edit')}>
                  <Facts rows={settingsOf('writing').map((f) => [wordOf(say, 'f', f.field), shown(f, known[f.field] ?? f.standard, say)])} />
                </Panel>
                <How of={s} known={known} />
              </div>
              {s.refusals > 0 && <Refused of={s} which={which} mayWrite={mayWrite} onAsked={onAsked} />}
              {mayWrite && <WouldPanel which={which} />}
            </div>
          )
        }
      </Answered>
      <Command line={commandLine(['directory', 'writing', which.name], { org: which.organisation })} />
      {dialog === 'writing' && <Edit group="writing" which={which} known={known} onClose={() => onDialog(undefined)} />}
    </>
  )
}
