// Which rows are marked. Belongs to one list; another list begins with none.
import { useCallback, useMemo, useState } from 'react'
import type { List } from '../../jmap/list'

export interface Selection {
  ids: ReadonlySet<string>
  has(id: string): boolean
  /** Adds or takes away one. */
  toggle(id: string): void
  /** From the one that was touched last to this one. */
  extend(id: string): void
  set(ids: Iterable<string>): void
  clear(): void
}

const NONE: ReadonlySet<string> = new Set()

export function useSelection(list: List | null): Selection {
  const [state, setState] = useState<{ list: List | null; ids: ReadonlySet<string>; anchor: string | null }>({ list, ids: NONE, anchor: null })
  const now = state.list === list ? state : { list, ids: NONE, anchor: null }
  const set = useCallback((ids: Iterable<string>, anchor: string | null) => setState({ list, ids: new Set(ids), anchor }), [list])
  return useMemo(
    () => ({
      ids: now.ids,
      has: (id) => now.ids.has(id),
      toggle: (id) => set(now.ids.has(id) ? [...now.ids].filter((i) => i !== id) : [...now.ids, id], id),
      extend: (id) => {
        const from = now.anchor ? (list?.ids.indexOf(now.anchor) ?? -1) : -1
        const to = list?.ids.indexOf(id) ?? -1
        if (from < 0 || to < 0) return set([...now.ids, id], id)
        const range = (list?.ids.slice(Math.min(from, to), Math.max(from, to) + 1) ?? []).filter((i) => i !== undefined)
        set([...now.ids, ...range], now.anchor)
      },
      set: (ids) => set(ids, null),
      clear: () => set([], null),
    }),
    [now.ids, now.anchor, list, set], // eslint-disable-line
  )
}
