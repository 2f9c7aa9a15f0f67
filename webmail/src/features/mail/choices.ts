// How this person likes the pages on this device.
import { useSyncExternalStore } from 'react'

const KEPT = 'chappe.webmail'

export interface Choices {
  conversations: boolean
  pane: 'right' | 'below' | 'off'
  sections: boolean
  density: 'comfortable' | 'compact'
  notices: boolean
  /** Shortcuts of one letter. */
  keys: boolean
  /** Of new messages; empty: the first one. */
  identity: string
  /** Signature below answers, too. */
  signsReplies: boolean
  /** Seconds in which what was sent can be taken back, as the server keeps them; null: never chosen. */
  undoSend: number | null
  closed: string[]
}
const UNCHOSEN: Choices = { conversations: true, pane: 'right', sections: true, density: 'comfortable', notices: false, keys: true, identity: '', signsReplies: true, undoSend: null, closed: [] }

type Fits = (value: unknown) => boolean
const oneOf = (...words: string[]): Fits => (value) => words.includes(value as string)
const isOf = (type: string): Fits => (value) => typeof value === type
const flag = isOf('boolean')
// Without zod: the first picture needs it, and zod is as large as all of that.
const FITS: Record<keyof Choices, Fits> = {
  conversations: flag,
  pane: oneOf('right', 'below', 'off'),
  sections: flag,
  density: oneOf('comfortable', 'compact'),
  notices: flag,
  keys: flag,
  identity: isOf('string'),
  signsReplies: flag,
  undoSend: (value) => value === null || Number.isFinite(value),
  closed: (value) => Array.isArray(value) && value.every(isOf('string')),
}
/** What of `kept` is a choice, and the rest as it is. */
function fitting(kept: unknown, rest: Choices): Choices {
  const given = Object(kept) as Record<string, unknown>
  return { ...rest, ...Object.fromEntries(Object.entries(FITS).flatMap(([name, fits]) => (fits(given[name]) ? [[name, given[name]]] : []))) }
}

function read(): Choices {
  try {
    return fitting(JSON.parse(localStorage.getItem(KEPT) ?? '{}'), UNCHOSEN)
  } catch {
    return UNCHOSEN
  }
}
let now = read()
const told = new Set<() => void>()

/** What the webmail waits for whoever never chose. */
export const UNDO_SECONDS = 5

/** What is the person's rather than the device's, as the server keeps it. */
const SHARED = ['conversations', 'sections', 'density', 'keys', 'identity', 'signsReplies'] as const
export const sharedChoices = (of: Choices): Partial<Choices> => Object.fromEntries(SHARED.map((name) => [name, of[name]]))
/** Takes what another device has chosen; what is not understood stays as it is here. */
export function takeShared(kept: unknown): void {
  choose(sharedChoices(fitting(kept, now)))
}

export function choose(part: Partial<Choices>): void {
  now = { ...now, ...part }
  localStorage.setItem(KEPT, JSON.stringify(now))
  told.forEach((tell) => tell())
}
export const choices = (): Choices => now
export function useChoices(): Choices {
  return useSyncExternalStore(
    (tell) => {
      told.add(tell)
      return () => told.delete(tell)
    },
    () => now,
  )
}
