import { useSyncExternalStore } from 'react'

export interface Notice {
  message: string
  title?: string
  isTrouble: boolean
  /** What can be done about it, once: "Undo". */
  action?: { label: string; run: () => void }
}

// What is to be said before the part that shows it is loaded, which happens with the first notice.
const waiting: Notice[] = []
const told = new Set<() => void>()
let count = 0

function add(notice: Notice): void {
  waiting.push(notice)
  count++
  told.forEach((tell) => tell())
}

/** A short word that something is done; goes by itself. */
export function tellDone(message: string, action?: Notice['action']): void {
  add({ message, isTrouble: false, ...(action && { action }) })
}

/** Stays until it is closed. */
export function tellTrouble(title: string, message: string): void {
  add({ title, message, isTrouble: true })
}

/** How many there were; takes part in drawing when one comes. */
export function useNoticeCount(): number {
  return useSyncExternalStore(
    (tell) => {
      told.add(tell)
      return () => told.delete(tell)
    },
    () => count,
  )
}

export function takeNotices(): Notice[] {
  return waiting.splice(0)
}
