import { useMemo } from 'react'
import type { List } from '../../jmap/list'
import { useChoices } from './choices'
import { useDates } from './dates'
import type { Place } from './place'

/** The rows at which a section begins, as far as rows are known, with its heading. Only where the list is by date. */
export function useSections(place: Place, list: List): ReadonlyMap<number, string> {
  const dates = useDates()
  const { sections } = useChoices()
  const { store, sort } = place
  const isOn = sections && sort.by === 'receivedAt'
  const version = store.version
  return useMemo(() => {
    const found = new Map<number, string>()
    if (!isOn) return found
    let before: { index: number; section: string } | null = null
    list.ids.forEach((id, index) => {
      const email = id && store.emails.get(id)
      if (!email) return
      const section = dates.section(email.receivedAt)
      if (index === 0 || (before?.index === index - 1 && before.section !== section)) found.set(index, section)
      before = { index, section }
    })
    return found
  }, [isOn, list, store, dates, version]) // eslint-disable-line
}
