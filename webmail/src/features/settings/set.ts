// Changes that are made once and answered at once, as settings are.
import type * as z from 'zod/mini'
import type { Jmap } from '../../jmap/client'
import { SetError } from '../../jmap/errors'
import { setAnswer } from '../../jmap/wire'

type SetAnswer = z.infer<typeof setAnswer>
type Refusals = Pick<SetAnswer, 'notCreated' | 'notUpdated' | 'notDestroyed'>

/** Throws SetError for the first of what was refused. */
export function accepted<T extends Refusals>(answer: T): T {
  const refused = Object.entries({ ...answer.notCreated, ...answer.notUpdated, ...answer.notDestroyed })[0]
  if (refused) throw SetError.of(...refused)
  return answer
}

/** `TYPE/set` of the own account. */
export async function setOwn(jmap: Jmap, type: string, args: Record<string, unknown>): Promise<SetAnswer> {
  return accepted(await jmap.call(`${type}/set`, { accountId: jmap.ownAccount, ...args }, setAnswer))
}
