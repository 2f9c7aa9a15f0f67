import { Status, useFormat, wordOf, type Health } from '@chappe/kit'
import { Progress, Text } from '@mantine/core'
import type { Job } from './data'
import { useTexts } from './texts'

export const jobHealth: Record<string, Health> = { done: 'good', failed: 'bad', cancelled: 'none', running: 'warn', waiting: 'none' }

export function JobState({ of }: { of: Job }) {
  const say = useTexts()
  return <Status health={of.state === 'done' && of.failed > 0 ? 'warn' : (jobHealth[of.state] ?? 'none')}>{wordOf(say, 'state', of.state)}</Status>
}

/** How much of it is done; how many rows a file will have nobody knows before its end. */
export function useAmount() {
  const say = useTexts()
  const format = useFormat()
  return (of: Job) => (of.kind === 'export' ? say('rows', { count: of.done }) : say('progress', { done: format.number(of.done + of.failed), all: format.number(of.total) }))
}

/** How far it is, with what was refused in red. */
export function JobBar({ of }: { of: Job }) {
  const say = useTexts()
  const whole = Math.max(1, of.total)
  const words = useAmount()(of)
  return (
    <div role="status">
      <Progress.Root size="md">
        <Progress.Section value={(100 * of.done) / whole} color="blue" aria-label={words} />
        {of.failed > 0 && <Progress.Section value={(100 * of.failed) / whole} color="red" aria-label={say('refused', { count: of.failed })} />}
      </Progress.Root>
      <Text size="sm" mt={6}>
        {words}
        {of.failed > 0 && ` · ${say('refused', { count: of.failed })}`}
      </Text>
    </div>
  )
}
