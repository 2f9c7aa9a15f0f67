// How this person likes the pages on this device.
import { useSyncExternalStore } from 'react'
import * as z from 'zod/mini'

const KEPT = 'chappe.webmail'
const schema = z.object({
  conversations: z.catch(z.boolean(), true),
  pane: z.catch(z.enum(['right', 'below', 'off']), 'right'),
  sections: z.catch(z.boolean(), true),
  density: z.catch(z.enum(['comfortable', 'compact']), 'comfortable'),
  notices: z.catch(z.boolean(), false),
  /** Shortcuts of one letter. */
  keys: z.catch(z.boolean(), true),
  /** Of new messages; empty: the first one. */
  identity: z.catch(z.string(), ''),
  /** Signature below answers, too. */
  signsReplies: z.catch(z.boolean(), true),
  /** Seconds in which what was sent can be taken back, as the server keeps them; null: never chosen. */
  undoSend: z.catch(z.nullable(z.number()), null),
  closed: z.catch(z.array(z.string()), []),
})
export type Choices = z.infer<typeof schema>

function read(): Choices {
  try {
    return schema.parse(JSON.parse(localStorage.getItem(KEPT) ?? '{}'))
  } catch {
    return schema.parse({})
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
  const found = schema.safeParse({ ...now, ...(typeof kept === 'object' ? kept : {}) })
  if (found.success) choose(sharedChoices(found.data))
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
