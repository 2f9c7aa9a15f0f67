import * as z from 'zod/mini'
import { Problem } from '../http/problem'
import type { Say } from '../language/language'

type KitSay = Say<Record<`error.${'unreachable' | 'waiting' | 'conflict' | 'notFound' | 'denied' | 'busy' | 'tooMany' | 'format' | 'other'}`, string>>

/** What happened and what to do, never a stack. The server's own sentence where it has one. */
export function errorWords(error: unknown, say: KitSay): string {
  if (error instanceof z.core.$ZodError) return say('error.format')
  if (!(error instanceof Problem)) return say('error.other')
  if (error.status === 0) return say('error.unreachable')
  if (error.isWaiting) return say('error.waiting', { number: error.kind })
  if (error.isConflict) return say('error.conflict')
  if (error.kind === 'format') return say('error.format')
  if (error.message) return error.message
  if (error.status === 403) return say('error.denied')
  if (error.status === 404) return say('error.notFound')
  if (error.status === 429) return say('error.tooMany')
  if (error.status === 503) return say('error.busy')
  return say('error.other')
}
