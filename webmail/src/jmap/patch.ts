// What is done to messages, as data: applied here at once, sent, sent again after a lost connection, and turned round for undo.
import type { Email } from './wire'

/** Absolute, so that applying it twice is applying it once. true: add, false: take away. */
export interface EmailPatch {
  keywords?: Record<string, boolean>
  mailboxes?: Record<string, boolean>
}

function changed(now: Record<string, boolean>, by: Record<string, boolean> | undefined): Record<string, boolean> {
  if (!by) return now
  const next = { ...now }
  for (const [name, on] of Object.entries(by)) {
    if (on) next[name] = true
    else delete next[name]
  }
  return next
}

export function patched<E extends Email>(email: E, patch: EmailPatch): E {
  return { ...email, keywords: changed(email.keywords, patch.keywords), mailboxIds: changed(email.mailboxIds, patch.mailboxes) }
}

function inverse(now: Record<string, boolean> | undefined, by: Record<string, boolean> | undefined): Record<string, boolean> | undefined {
  if (!by) return undefined
  return Object.fromEntries(Object.keys(by).map((name) => [name, now ? now[name] === true : !by[name]]))
}

/** What takes `patch` back again on a message that looks like `email` before it; undefined: all of it was a change. */
export function undoOf(email: Email | undefined, patch: EmailPatch): EmailPatch {
  const keywords = inverse(email?.keywords, patch.keywords)
  const mailboxes = inverse(email?.mailboxIds, patch.mailboxes)
  return { ...(keywords && { keywords }), ...(mailboxes && { mailboxes }) }
}

/** As Email/set takes it. */
export function wirePatch(patch: EmailPatch): Record<string, true | null> {
  const escape = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1')
  const out: Record<string, true | null> = {}
  for (const [name, on] of Object.entries(patch.keywords ?? {})) out[`keywords/${escape(name)}`] = on || null
  for (const [id, on] of Object.entries(patch.mailboxes ?? {})) out[`mailboxIds/${escape(id)}`] = on || null
  return out
}
