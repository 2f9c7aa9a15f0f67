import { ErrorPanel, Facts, Foreign, Status, useKitTexts } from '@chappe/kit'
import { IconDownload } from '@chappe/kit/icons'
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { cancelJob, fileOf, giveExport, isOver, useJob, type Job } from './data'
import type { ExportProps } from './export'
import { JobBar } from './progress'
import { useExportTexts } from './texts-export'

/** The file of an export that has ended. */
export function Download({ of }: { of: Job }) {
  const say = useExportTexts()
  return (
    <Button component="a" href={fileOf(of.id)} download leftSection={<IconDownload size={17} />}>
      {say('download')}
    </Button>
  )
}

function Running({ id, onAgain }: { id: number; onAgain: () => void }) {
  const say = useExportTexts()
  const job = useJob(id)
  const [error, setError] = useState<unknown>(null)
  const now = job.data
  if (job.error) return <ErrorPanel error={job.error} retry={() => void job.refetch()} />
  if (!now) return null
  return (
    <Stack gap="sm">
      {now.state !== 'done' && <JobBar of={now} />}
      {now.state === 'done' && <Status health="good">{say('done', { count: now.done })}</Status>}
      {now.state === 'cancelled' && <Status health="none">{say('cancelled')}</Status>}
      {now.state === 'failed' && (
        <Status health="bad">
          {say('failed')} <Foreign>{now.fault}</Foreign>
        </Status>
      )}
      {error !== null && <ErrorPanel error={error} />}
      <Group>
        {!isOver(now) && (
          <Button variant="outline" color="red" onClick={() => void cancelJob(id).catch(setError)}>
            {say('cancel')}
          </Button>
        )}
        {now.state === 'done' && <Download of={now} />}
        {isOver(now) && now.state !== 'done' && <Button onClick={onAgain}>{say('again')}</Button>}
      </Group>
      <Command line={now.state === 'done' ? commandLine(['job', 'file', String(id)]) : commandLine(['job', 'show', String(id)])} />
    </Stack>
  )
}

/** A list as a file: what it would hold, how far it is, and the file. */
export function ExportDialog({ list, query, onClose }: ExportProps & { onClose: () => void }) {
  const say = useExportTexts()
  const kit = useKitTexts()
  const change = useChange()
  const [id, setId] = useState<number | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] => (value === undefined || value === '' ? [] : [[name, String(value)]]))
  const go = async () => {
    setBusy(true)
    setError(null)
    await change(() => giveExport(list, Object.fromEntries(given)), [['jobs', 'list']]).then((job) => setId(job.id), setError)
    setBusy(false)
  }
  return (
    <Modal opened onClose={onClose} title={say('export')} size="lg" closeButtonProps={{ 'aria-label': kit('close') }}>
      <Stack gap="md">
        <Text size="sm">{say('lead')}</Text>
        {given.length === 0 ? <Text size="sm">{say('all')}</Text> : <Facts rows={given.map(([name, value]) => [name, <Foreign key={name}>{value}</Foreign>])} />}
        {error !== null && <ErrorPanel error={error} />}
        {id === null ? (
          <>
            <Command line={commandLine(['job', 'export', list], Object.fromEntries(given.map(([name, value]) => [name === 'organisation' ? 'org' : name.replaceAll('_', '-'), value])))} />
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                {kit('cancel')}
              </Button>
              <Button loading={busy} onClick={() => void go()}>
                {say('write')}
              </Button>
            </Group>
          </>
        ) : (
          <Running key={id} id={id} onAgain={() => void go()} />
        )}
      </Stack>
    </Modal>
  )
}
