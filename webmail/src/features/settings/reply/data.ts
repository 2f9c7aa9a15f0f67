import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import type { Jmap } from '../../../jmap/client'
import { getOf } from '../../../jmap/wire'

const reply = z.object({
  isEnabled: z.boolean(),
  fromDate: z.nullable(z.string()),
  toDate: z.nullable(z.string()),
  subject: z.nullable(z.string()),
  textBody: z.nullable(z.string()),
  /** null: the same as inside; empty: none. */
  outsideTextBody: z.nullable(z.string()),
})
export type Reply = z.infer<typeof reply>

export const replyQuery = (jmap: Jmap) =>
  queryOptions({
    queryKey: ['automatic-reply', jmap.ownAccount],
    queryFn: async ({ signal }): Promise<Reply> => {
      const args = { accountId: jmap.ownAccount, ids: ['singleton'], properties: Object.keys(reply.shape) }
      const { list } = await jmap.call('VacationResponse/get', args, getOf(reply), signal)
      return list[0] ?? { isEnabled: false, fromDate: null, toDate: null, subject: null, textBody: null, outsideTextBody: null }
    },
  })

/** To people outside: the same text, another one, or none. */
export type Outside = 'same' | 'other' | 'none'
export const outsideOf = (text: string | null): Outside => (text === null ? 'same' : text === '' ? 'none' : 'other')

/** An instant as a field of the browser shows it, in the time of this device; "" for none. */
export function localOf(utc: string | null): string {
  if (!utc) return ''
  const at = new Date(utc)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`
}
export function utcOf(local: string): string | null {
  const at = new Date(local)
  return local === '' || Number.isNaN(at.getTime()) ? null : at.toISOString().replace(/\.\d+Z$/, 'Z')
}
