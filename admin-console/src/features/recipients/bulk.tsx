import { ErrorPanel, Foreign, parseBytes, useKitTexts } from '@chappe/kit'
import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { Command, commandLine } from '../../app/command'
import { useMayEverywhere } from '../../app/session'
import { allItems, cancelJob, giveBulk, isOver, useJob, type JobItem } from '../jobs/data'
import { JobBar } from '../jobs/progress'
import { storesQuery } from '../home/data'
import { groupsQuery } from './data'
import { QuotaField } from './fields'
import classes from './bulk.module.css'
import { useBulkTexts } from './texts-bulk'

const acts = ['enable', 'disable', 'quota', 'group', 'move', 'remove'] as const
export type Act = (typeof acts)[number]
interface Given {
  quota: string
  group: string
  /** Storage group and store, with a line between. */
  store: string
}

/** What is asked of the server for all of them, and what would be typed for one. */
const doing: Record<Act, { body: (given: Given) => Record<string, unknown>; line: (address: string, given: Given) => string }> = {
  enable: { body: () => ({ act: 'enable' }), line: (a) => commandLine(['user', 'set', a], { state: 'active' }) },
  disable: { body: () => ({ act: 'disable' }), line: (a) => commandLine(['user', 'set', a], { state: 'disabled' }) },
  quota: { body: (g) => ({ act: 'change', change: { quota: parseBytes(g.quota) ?? 0 } }), line: (a, g) => commandLine(['user', 'set', a], { quota: g.quota.trim() || '0' }) },
  group: { body: (g) => ({ act: 'add-to-group', group: g.group }), line: (a, g) => commandLine(['group-member', 'add', g.group, a]) },
  move: {
    body: (g) => ({ act: 'move', storage_group: g.store.split('\n')[0], store: g.store.split('\n')[1] }),
    line: (a, g) => commandLine(['mailbox', 'move', a], { 'storage-group': g.store.split('\n')[0], store: g.store.split('\n')[1] }),
  },
  remove: { body: () => ({ act: 'delete' }), line: (a) => commandLine(['user', 'remove', a]) },
}
const SHOWN = 3
const FAULTS = 200

/** A job as it goes, with the reason beside each that was refused. */
function Running({ id, onDone }: { id: number; onDone: () => void }) {
  const say = useBulkTexts()
  const job = useJob(id)
  const [faults, setFaults] = useState<JobItem[]>([])
  const over = job.data ? isOver(job.data) : false
  const failed = job.data?.failed ?? 0
  useEffect(() => {
    if (over && failed > 0) void allItems(id, true).then(setFaults, () => undefined)
  }, [id, over, failed])
  return (
    <>
      {job.data && <JobBar of={job.data} />}
      {job.error && <ErrorPanel error={job.error} retry={() => void job.refetch()} />}
      <Text size="sm" c="dimmed">
        {say(over ? (job.data?.state === 'cancelled' ? 'stopped' : 'over') : 'goesOn')} <Link to="/jobs/$id" params={{ id: String(id) }}>{say('job', { id })}</Link>
      </Text>
      {faults.length > 0 && (
        <div role="alert">
          <Text size="sm" fw={600}>
            {say('failed', { count: faults.length })}
          </Text>
          <ul className={classes.faults}>
            {faults.slice(0, FAULTS).map((f) => (
              <li key={f.index}>
                <Foreign>{f.object}</Foreign>: {f.message}
              </li>
            ))}
          </ul>
        </div>
      )}
      <Group justify="flex-end">
        {!over && (
          <Button variant="default" onClick={() => void cancelJob(id)}>
            {say('stop')}
          </Button>
        )}
        <Button onClick={onDone}>{say('close')}</Button>
      </Group>
    </>
  )
}

/** Asks, then lets the server do it. */
function Run({ act, addresses, onClose, onDone }: { act: Act; addresses: string[]; onClose: () => void; onDone: () => void }) {
  const say = useBulkTexts()
  const kit = useKitTexts()
  const groups = useQuery({ ...groupsQuery({}), enabled: act === 'group' }).data ?? []
  const stores = useQuery({ ...storesQuery, enabled: act === 'move' }).data ?? []
  const [given, setGiven] = useState<Given>({ quota: '', group: '', store: '' })
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [job, setJob] = useState<number | null>(null)

  const go = async () => {
    setBusy(true)
    setError(null)
    try {
      setJob((await giveBulk(addresses, doing[act].body(given))).id)
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  const lines = addresses.slice(0, SHOWN).map((a) => doing[act].line(a, given))
  if (addresses.length > SHOWN) lines.push('# …')
  const isReady = act === 'quota' ? parseBytes(given.quota) !== null : act === 'group' ? given.group !== '' : act !== 'move' || given.store !== ''
  const lead = act === 'enable' || act === 'disable' || act === 'remove' || act === 'move' ? say(`${act}.lead`) : ''
  const shut = job !== null ? onDone : onClose
  return (
    <Modal opened onClose={shut} title={say(`${act}.title`, { count: addresses.length })} closeOnClickOutside={job === null} closeButtonProps={{ 'aria-label': kit('close') }}>
      <Stack>
        {job !== null ? (
          <Running id={job} onDone={onDone} />
        ) : (
          <>
            {lead && <Text size="sm">{lead}</Text>}
            {act === 'quota' && <QuotaField value={given.quota} onChange={(quota) => setGiven({ ...given, quota })} />}
            {act === 'group' && (
              <Select label={say('group.which')} searchable limit={50} data={groups.map((g) => ({ value: g.address, label: `${g.name} (${g.address})` }))} value={given.group || null} onChange={(group) => setGiven({ ...given, group: group ?? '' })} />
            )}
            {act === 'move' && (
              <Select label={say('move.where')} searchable limit={50} data={stores.map((s) => ({ value: `${s.storage_group}\n${s.name}`, label: `${s.name} (${s.storage_group})` }))} value={given.store || null} onChange={(store) => setGiven({ ...given, store: store ?? '' })} />
            )}
            <Command line={lines} />
            {error !== null && <ErrorPanel error={error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                {kit('cancel')}
              </Button>
              <Button loading={busy} color={act === 'remove' || act === 'disable' ? 'red' : 'blue'} disabled={!isReady} onClick={() => void go()}>
                {say('go')}
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Modal>
  )
}

/** What can be done with the rows chosen; stands above the list while there are some. */
export function BulkBar({ addresses, onClear }: { addresses: string[]; onClear: () => void }) {
  const say = useBulkTexts()
  const [act, setAct] = useState<Act | null>(null)
  const mayMove = useMayEverywhere('storage.write')
  return (
    <div className={classes.bar} role="toolbar" aria-label={say('selected', { count: addresses.length })}>
      <strong>{say('selected', { count: addresses.length })}</strong>
      {acts.filter((a) => a !== 'move' || mayMove).map((a) => (
        <Button key={a} size="xs" variant={a === 'remove' ? 'outline' : 'default'} {...(a === 'remove' && { color: 'red' })} onClick={() => setAct(a)}>
          {say(a)}
        </Button>
      ))}
      <Button size="xs" variant="subtle" color="gray" onClick={onClear}>
        {say('none')}
      </Button>
      {act && (
        <Run
          act={act}
          addresses={addresses}
          onClose={() => setAct(null)}
          onDone={() => {
            setAct(null)
            onClear()
          }}
        />
      )}
    </div>
  )
}
