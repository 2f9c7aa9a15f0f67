import { useMemo } from 'react'
import type { List } from '../../jmap/list'
import type { Email } from '../../jmap/wire'
import { useChoices } from './choices'
import { useDates, type Dates } from './dates'
import type { Place } from './place'

/** The rows at which a section begins, as far as rows are known, with its heading. */
export function sectionsOf(ids: readonly (string | undefined)[], emails: ReadonlyMap<string, Email>, dates: Dates): ReadonlyMap<number, string> {
  const found = new Map<number, string>()
  let before: { index: number; section: string } | null = null
  ids.forEach((id, index) => {
    const email = id && emails.get(id)
    if (!email) return
    const section = dates.section(email.receivedAt)
    if (index === 0 || (before?.index === index - 1 && before.section !== section)) found.set(index, section)
    before = { index, section }
  })
  return found
}
const NONE: ReadonlyMap<number, string> = new Map()

/** The same, only where the list is by date. */
export function useSections(place: Place, list: List): ReadonlyMap<number, string> {
  const dates = useDates()
  const { sections } = useChoices()
  const { store, sort } = place
  const isOn = sections && sort.by === 'receivedAt'
  const version = store.version
  return useMemo(() => (isOn ? sectionsOf(list.ids, store.emails, dates) : NONE), [isOn, list, store, dates, version]) // eslint-disable-line
}
