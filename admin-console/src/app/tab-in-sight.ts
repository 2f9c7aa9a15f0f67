import { useEffect, useRef } from 'react'

/** On a narrow screen the tabs scroll: the open one is in sight. */
export function useTabInSight(tab: string, isThere: boolean) {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const open = list.current?.querySelector<HTMLElement>('[data-active]')
    if (list.current && open) list.current.scrollLeft = open.offsetLeft + (open.clientWidth - list.current.clientWidth) / 2
  }, [tab, isThere])
  return list
}
