import { ErrorPanel, Panel } from '@chappe/kit'
import { Button, Group, Text } from '@mantine/core'
import { useState } from 'react'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { setDirectory, tryOut, type Report, type Source, type Which } from './data'
import classes from './directories.module.css'
import { MappingEditor } from './mapping'
import { Samples, Steps } from './parts'
import { mappingList, mappingOf, optionsOf, type Draft } from './settings'
import { useTexts } from './texts'

/** Asks the source's servers; with `instead`, as if it had other settings. */
function useTrial(which: Which) {
  const [report, setReport] = useState<Report | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const go = async (instead: Draft = {}) => {
    setBusy(true)
    setError(null)
    try {
      setReport(await tryOut(which, instead))
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  return { report, busy, error, go }
}

/** Step by step to its servers, and what is there. */
export function EntriesTab({ which, mayWrite }: { which: Which; mayWrite: boolean }) {
  const say = useTexts()
  const { report, busy, error, go } = useTrial(which)
  return (
    <div className={classes.stack}>
      <Panel
        title={say('tab.entries')}
        actions={
          mayWrite && (
            <Button size="compact-sm" loading={busy} onClick={() => void go()}>
              {say(report ? 'testAgain' : 'test')}
            </Button>
          )
        }
      >
        {busy && (
          <Text size="sm" role="status">
            {say('testing')}
          </Text>
        )}
        {error !== null && <ErrorPanel error={error} />}
        {!busy && report && <Steps of={report} />}
        <Command line={commandLine(['directory', 'test', which.name], { org: which.organisation })} />
      </Panel>
      {!busy && report && <Samples of={report} />}
    </div>
  )
}

/** Which attributes become which field; tried on real entries before it is saved. */
export function MappingTab({ which, known, mayWrite }: { which: Which; known: Source; mayWrite: boolean }) {
  const say = useTexts()
  const change = useChange()
  const { report, busy, error, go } = useTrial(which)
  const [own, setOwn] = useState(mappingOf(known.mapping))
  const [refused, setRefused] = useState<unknown>(null)
  const mapping = mappingList(own)
  const isOther = JSON.stringify(own) !== JSON.stringify(mappingOf(known.mapping))
  const save = async () => {
    setRefused(null)
    await change(() => setDirectory(which, { mapping }), [['directories']], say('mappingSaved')).catch(setRefused)
  }
  return (
    <div className={classes.stack}>
      <Panel title={say('tab.mapping')}>
        <MappingEditor standard={known.usual.mapping} own={own} onChange={setOwn} report={report} />
        {(error ?? refused) !== null && <ErrorPanel error={error ?? refused} />}
        {mayWrite && (
          <Group mt="md">
            <Button variant="default" loading={busy} onClick={() => void go({ mapping })}>
              {say('try')}
            </Button>
            <Button disabled={!isOther} onClick={() => void save()}>
              {say('save')}
            </Button>
          </Group>
        )}
        <Command line={commandLine(['directory', 'set', which.name], { org: which.organisation, ...optionsOf({ mapping }) })} />
      </Panel>
      {report && !report.good && (
        <Panel>
          <Steps of={report} />
        </Panel>
      )}
      {report && <Samples of={report} />}
    </div>
  )
}
