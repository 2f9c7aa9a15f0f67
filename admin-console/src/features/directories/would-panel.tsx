import { ErrorPanel, Foreign, Panel, Status } from '@chappe/kit'
import { Alert, Button, Text } from '@mantine/core'
import { useState } from 'react'
import { Command, commandLine } from '../../app/command'
import { previewWriting, type Which, type WouldWrite } from './data'
import classes from './directories.module.css'
import type { Draft } from './settings'
import { useTexts } from './texts'

function Would({ of }: { of: WouldWrite }) {
  const say = useTexts()
  if (!of.good)
    return (
      <Alert color="red" title={<Foreign>{of.message}</Foreign>} mt="sm">
        {of.remedy}
      </Alert>
    )
  return (
    <>
      <Text size="sm" role="status" mt="sm">
        {say(of.all ? 'wouldAll' : 'wouldSome', { count: of.looked })} {of.changes.length === 0 && say('wouldNothing')}
      </Text>
      {of.changes.length > 0 && (
        <ul className={classes.entries} tabIndex={0} aria-label={say('would')}>
          {of.changes.map((c) => (
            <li key={c.name}>
              <Status health={c.what === 'write' ? 'good' : 'warn'}>
                <Foreign>{c.detail}</Foreign>
              </Status>
              <small>
                <Foreign>{c.name}</Foreign>
              </small>
              {c.remedy && <Text size="sm">{c.remedy}</Text>}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

/** Compares now, and writes nothing; with `instead`, as if the source had these settings: in a form that shows its own command. */
export function WouldPanel({ which, instead, disabled = false }: { which: Which; instead?: Draft; disabled?: boolean }) {
  const say = useTexts()
  const [report, setReport] = useState<WouldWrite | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const look = async () => {
    setBusy(true)
    setError(null)
    try {
      setReport(await previewWriting(which, instead))
    } catch (cause) {
      setReport(null)
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Panel
      title={say('would')}
      actions={
        <Button size="compact-sm" variant="default" loading={busy} disabled={disabled} onClick={() => void look()}>
          {say(report ? 'wouldAgain' : 'wouldLook')}
        </Button>
      }
    >
      <Text size="sm" c="dimmed">
        {say('wouldLead')}
      </Text>
      {busy && (
        <Text size="sm" role="status">
          {say('wouldLooking')}
        </Text>
      )}
      {error !== null && <ErrorPanel error={error} />}
      {!busy && report && <Would of={report} />}
      {!instead && <Command line={commandLine(['directory', 'write-preview', which.name], { org: which.organisation })} />}
    </Panel>
  )
}
