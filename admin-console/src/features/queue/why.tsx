import { useFormat, wordOf, type Health } from '@chappe/kit'
import type { QueueEntry } from './data'
import { useTexts } from './texts'

export const stateHealth: Record<string, Health> = { waiting: 'warn', 'in-work': 'good', held: 'bad' }

/** Why an entry is still here, in one sentence; the other side's own words are its last part. */
export function useWhy(): (e: QueueEntry) => string {
  const say = useTexts()
  const format = useFormat()
  return (e) => {
    if (e.state === 'held') return say('why.held')
    if (e.state === 'in-work') return say('why.in-work')
    const next = e.next ? format.ago(e.next) : ''
    if (e.attempts === 0) return e.next && new Date(e.next).getTime() > Date.now() ? say('why.later', { next }) : say('why.new')
    const reply = e.reply ? `${e.host ? `${e.host}: ` : ''}${e.reply}` : wordOf(say, 'why', 'silent')
    return `${say('why.tried', { count: e.attempts, next })} · ${reply}`
  }
}
