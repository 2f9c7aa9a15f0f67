import { Confirm, Foreign, Status, useFormat, type Health } from '@chappe/kit'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { useTexts } from './texts'

export const health: Record<string, Health> = { up: 'good', mounted: 'good', dismounted: 'warn', down: 'bad' }

/** Asks before a storage group, or a `store` of it, is opened or closed. */
export function Mounting({ group, store, act, onDone }: { group: string; store?: string; act: 'mount' | 'dismount'; onDone: () => void }) {
  const say = useTexts()
  const change = useChange()
  const name = store ?? group
  const run = () => (store === undefined ? api.post(path`/storage-groups/${group}` + `/${act}`) : api.post(path`/stores/${store}` + `/${act}`, undefined, { storage_group: group }))
  return (
    <Confirm title={say(act)} action={say(act)} onDone={onDone} onAct={() => change(run, [['storage']], say(act === 'mount' ? 'mounted' : 'dismounted', { name }))}>
      <p>
        <Foreign>{name}</Foreign>
      </p>
      <p>{say(act === 'mount' ? 'mountLead' : 'dismountLead')}</p>
      <Command line={store === undefined ? commandLine(['storage-group', act, group]) : commandLine(['store', act, store], { group })} />
    </Confirm>
  )
}

const DAY_MS = 86_400_000
const SOON_DAYS = 7

/** The day, marked where it is near: what is gone then cannot be had again. */
export function KeptUntil({ until }: { until: string | null | undefined }) {
  const say = useTexts()
  const format = useFormat()
  if (!until) return null
  const days = Math.floor((new Date(until).getTime() - Date.now()) / DAY_MS)
  if (days >= SOON_DAYS) return <>{format.date(until)}</>
  return <Status health={days < 1 ? 'bad' : 'warn'}>{`${format.date(until)} · ${days < 1 ? say('goesToday') : say('goesIn', { count: days })}`}</Status>
}
