import { errorWords, tellTrouble, useKitTexts, useLanguage } from '@chappe/kit'
import { Alert, Group, MultiSelect, Stack, Switch, TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useMail, useStore } from '../../jmap/mail'
import type { Mailbox } from '../../jmap/wire'
import { useFolderName } from '../folders/names'
import { branches, pathOf, type Branch } from '../folders/order'
import { choosePush, pushKey, readPush, turnOff, turnOn, type PushChoice, type PushSettings } from './keeping'
import { usePushTexts } from './texts'

const flat = (all: readonly Branch[]): Mailbox[] => all.flatMap((b) => [b.mailbox, ...flat(b.children)])
const WITHOUT = ['drafts', 'sent', 'junk', 'trash']
const two = (n: number) => String(n).padStart(2, '0')
const clockOf = (minutes: number) => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
const minutesOf = (clock: string): number | null => {
  const [hours, minutes] = clock.split(':').map(Number)
  return Number.isInteger(hours) && Number.isInteger(minutes) ? (hours ?? 0) * 60 + (minutes ?? 0) : null
}
const NIGHT: [number, number] = [22 * 60, 7 * 60]

/** For which folders, and when not. */
function Choice({ now, onChange }: { now: PushChoice; onChange: (next: PushChoice) => void }) {
  const say = usePushTexts()
  const language = useLanguage()
  const nameOf = useFolderName()
  const store = useStore(useMail().own)
  const data = flat(branches(store, language)).filter((m) => !WITHOUT.includes(m.role ?? '')).map((m) => ({ value: m.id, label: pathOf(store, m, nameOf) }))
  const hour = (place: 0 | 1) => (e: { currentTarget: { value: string } }) => {
    const minutes = minutesOf(e.currentTarget.value)
    if (minutes !== null && now.quiet) onChange({ ...now, quiet: place === 0 ? [minutes, now.quiet[1]] : [now.quiet[0], minutes] })
  }
  return (
    <Stack gap="sm" ml={52}>
      <MultiSelect label={say('folders')} data={data} value={now.folders} onChange={(folders) => folders.length > 0 && onChange({ ...now, folders })} searchable maw={480} />
      <Switch label={say('quiet')} checked={now.quiet !== null} onChange={(e) => onChange({ ...now, quiet: e.currentTarget.checked ? NIGHT : null })} />
      {now.quiet && (
        <Group gap="sm">
          <TextInput type="time" label={say('quietFrom')} value={clockOf(now.quiet[0])} onChange={hour(0)} />
          <TextInput type="time" label={say('quietTo')} value={clockOf(now.quiet[1])} onChange={hour(1)} />
        </Group>
      )}
    </Stack>
  )
}

/** New mail on the desktop while no page is open. */
export function PushSwitch() {
  const say = usePushTexts()
  const kit = useKitTexts()
  const { jmap, own } = useMail()
  const [now, setNow] = useState<PushSettings | null>(null)
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState(false)
  useEffect(() => void readPush().then(setNow), [])
  if (pushKey(jmap) === null) return null
  const inbox = own.byRole('inbox')?.id
  const toggle = async (on: boolean) => {
    setBusy(true)
    try {
      const may = !on || (await Notification.requestPermission()) === 'granted'
      setRefused(!may)
      if (on && may && inbox) setNow(await turnOn(jmap, { folders: [inbox], quiet: null }))
      if (!on) {
        await turnOff(jmap)
        setNow(null)
      }
    } catch (cause) {
      tellTrouble(say('push'), cause instanceof DOMException ? say('noService') : errorWords(cause, kit))
    } finally {
      setBusy(false)
    }
  }
  const choose = (next: PushChoice) => {
    if (now) setNow({ ...now, ...next })
    void choosePush({ folders: next.folders, quiet: next.quiet })
  }
  return (
    <>
      <Switch label={say('push')} description={say('pushLead')} checked={now !== null} disabled={busy} onChange={(e) => void toggle(e.currentTarget.checked)} />
      {refused && (
        <Alert color="yellow" role="alert">
          {say('refused')}
        </Alert>
      )}
      {now && <Choice now={now} onChange={choose} />}
    </>
  )
}
