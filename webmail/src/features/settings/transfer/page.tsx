import { errorWords, Foreign, Panel, tellDone, tellTrouble, useFormat, useKitTexts } from '@chappe/kit'
import { IconUpload, IconX } from '@chappe/kit/icons'
import { ActionIcon, Button, FileButton, Group, Progress as Bar, Stack, Text } from '@mantine/core'
import { useBlocker } from '@tanstack/react-router'
import { useRef, useState, type DragEvent } from 'react'
import { useMail, useStore } from '../../../jmap/mail'
import type { AccountStore } from '../../../jmap/store'
import type { Mailbox } from '../../../jmap/wire'
import { useFolderName } from '../../folders/names'
import { FolderSelect } from '../../folders/select'
import formClasses from '../form.module.css'
import { exportFolder, saveFile } from './export'
import { importFile, resumesAt, type Progress } from './import'
import classes from './page.module.css'
import { useTransferTexts } from './texts'
import { ZipFault } from './zip'

type State = 'waits' | 'runs' | 'stopped' | 'done' | 'broken'
interface Job {
  file: File
  state: State
  progress: Progress | null
}

/** Work goes on while one looks at other pages of settings only if the page stays: the browser asks before it is closed. */
function useStaysOpen(isBusy: boolean): void {
  useBlocker({ shouldBlockFn: () => false, enableBeforeUnload: () => isBusy })
}

function JobRow({ job, resumes, onRemove }: { job: Job; resumes: number; onRemove: (() => void) | null }) {
  const say = useTransferTexts()
  const format = useFormat()
  const { file, state, progress } = job
  return (
    <li>
      <div className={formClasses.line}>
        <div className={formClasses.grow}>
          <Foreign>{file.name}</Foreign>
          <div className={formClasses.note}>
            {format.bytes(file.size)}
            {state === 'broken' && ` · ${say('broken')}`}
            {(state === 'waits' || state === 'stopped' || state === 'done') && ` · ${say(state)}`}
            {progress && ` · ${say('imported', { count: progress.done })}`}
            {progress && progress.failed > 0 && ` · ${say('failed', { count: progress.failed })}`}
            {!progress && resumes > 0 && ` · ${say('resumes', { count: resumes })}`}
            {progress?.why && (
              <>
                {' · '}
                <Foreign>{progress.why}</Foreign>
              </>
            )}
          </div>
        </div>
        {onRemove && (
          <ActionIcon variant="subtle" color="gray" onClick={onRemove} aria-label={say('removeOne', { name: file.name })}>
            <IconX size={16} />
          </ActionIcon>
        )}
      </div>
      {state === 'runs' && <Bar value={progress ? (progress.bytes / Math.max(1, progress.total)) * 100 : 0} animated mt={6} aria-label={file.name} />}
    </li>
  )
}

function Import({ store }: { store: AccountStore }) {
  const say = useTransferTexts()
  const kit = useKitTexts()
  const [folder, setFolder] = useState<Mailbox | null>(null)
  const [jobs, setJobs] = useState<Job[]>([])
  const [over, setOver] = useState(false)
  const [running, setRunning] = useState<AbortController | null>(null)
  const chosen = folder ?? store.byRole('inbox') ?? null
  const clear = useRef<() => void>(null)
  useStaysOpen(running !== null)

  const add = (files: Iterable<File>) => {
    setJobs((now) => [...now.filter((j) => j.state !== 'done'), ...[...files].map((file): Job => ({ file, state: 'waits', progress: null }))])
    clear.current?.()
  }
  const put = (file: File, part: Partial<Job>) => setJobs((now) => now.map((j) => (j.file === file ? { ...j, ...part } : j)))
  const run = async () => {
    if (!chosen) return
    const control = new AbortController()
    setRunning(control)
    for (const { file, state } of jobs) {
      if (state === 'done' || control.signal.aborted) continue
      put(file, { state: 'runs' })
      try {
        const progress = await importFile(store, chosen.id, file, control.signal, (p) => put(file, { progress: p }))
        put(file, { state: 'done', progress })
      } catch (cause) {
        put(file, { state: control.signal.aborted ? 'stopped' : cause instanceof ZipFault ? 'broken' : 'stopped' })
        if (!control.signal.aborted && !(cause instanceof ZipFault)) tellTrouble(file.name, errorWords(cause, kit))
      }
    }
    setRunning(null)
    void store.sync()
  }
  const hover = (on: boolean) => (e: DragEvent) => {
    e.preventDefault()
    setOver(on)
  }
  return (
    <Panel title={say('import')}>
      <Stack>
        <Text size="sm" c="dimmed">
          {say('importLead')}
        </Text>
        <div
          className={classes.drop}
          data-over={over || undefined}
          onDragOver={hover(true)}
          onDragLeave={hover(false)}
          onDrop={(e) => {
            hover(false)(e)
            add(e.dataTransfer.files)
          }}
        >
          <FileButton multiple accept=".eml,.mbox,.mbx,.zip,message/rfc822,application/mbox,application/zip" onChange={add} resetRef={clear}>
            {(props) => (
              <Button {...props} variant="default" leftSection={<IconUpload size={16} />} disabled={running !== null}>
                {say('files')}
              </Button>
            )}
          </FileButton>
          {say('drop')}
        </div>
        {jobs.length > 0 && (
          <ul className={classes.files} role="status">
            {jobs.map((job, i) => (
              <JobRow key={i} job={job} resumes={chosen ? resumesAt(job.file, chosen.id) : 0} onRemove={running ? null : () => setJobs(jobs.filter((j) => j !== job))} />
            ))}
          </ul>
        )}
        <FolderSelect store={store} label={say('into')} value={chosen?.id ?? null} onChange={setFolder} may={(m) => m.myRights.mayAddItems} />
        <Group>
          {running ? (
            <Button variant="default" onClick={() => running.abort()}>
              {say('stop')}
            </Button>
          ) : (
            <Button disabled={!jobs.some((j) => j.state !== 'done')} onClick={() => void run()}>
              {say(jobs.some((j) => j.state === 'stopped') ? 'goOn' : 'start')}
            </Button>
          )}
        </Group>
      </Stack>
    </Panel>
  )
}

function Export({ store }: { store: AccountStore }) {
  const say = useTransferTexts()
  const kit = useKitTexts()
  const format = useFormat()
  const nameOf = useFolderName()
  const [folder, setFolder] = useState<Mailbox | null>(null)
  const [running, setRunning] = useState<AbortController | null>(null)
  const [now, setNow] = useState({ count: 0, bytes: 0 })
  const chosen = folder ?? store.byRole('inbox') ?? null
  useStaysOpen(running !== null)
  const run = async () => {
    if (!chosen) return
    const control = new AbortController()
    setRunning(control)
    setNow({ count: 0, bytes: 0 })
    try {
      const { file, count } = await exportFolder(store, chosen.id, control.signal, (n, bytes) => setNow({ count: n, bytes }))
      saveFile(file, `${nameOf(chosen).replace(/[\\/:*?"<>|\p{Cc}]/gu, '_')}.mbox`)
      tellDone(say('exported', { count }))
    } catch (cause) {
      if (!control.signal.aborted) tellTrouble(nameOf(chosen), errorWords(cause, kit))
    } finally {
      setRunning(null)
    }
  }
  return (
    <Panel title={say('export')}>
      <Stack>
        <Text size="sm" c="dimmed">
          {say('exportLead')}
        </Text>
        <FolderSelect store={store} label={say('from')} value={chosen?.id ?? null} onChange={setFolder} may={(m) => m.myRights.mayReadItems} />
        {running && chosen && (
          <div>
            <Bar value={(now.count / Math.max(1, chosen.totalEmails)) * 100} animated aria-label={say('export')} />
            <Text size="sm" mt={6} role="status">
              {say('exporting', { count: format.number(now.count), total: format.number(chosen.totalEmails), size: format.bytes(now.bytes) })}
            </Text>
          </div>
        )}
        <Group>
          {running ? (
            <Button variant="default" onClick={() => running.abort()}>
              {say('stop')}
            </Button>
          ) : (
            <Button disabled={!chosen || chosen.totalEmails === 0} onClick={() => void run()}>
              {say('startExport')}
            </Button>
          )}
        </Group>
      </Stack>
    </Panel>
  )
}

export default function TransferPage() {
  const store = useStore(useMail().own)
  return (
    <>
      <Import store={store} />
      <Export store={store} />
    </>
  )
}
