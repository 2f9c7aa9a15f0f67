// The scripts of the mailbox: ours, which is shown as rules, and those of other programs.
import { Problem } from '@chappe/kit'
import { queryOptions, useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import * as z from 'zod/mini'
import type { Batch, Jmap } from '../../../jmap/client'
import { useMail } from '../../../jmap/mail'
import { getOf, setAnswer } from '../../../jmap/wire'
import { accepted } from '../set'
import { NO_RULES, type Rules } from './model'
import { readRules } from './read'
import { writeRules } from './write'

/** The script that these pages write. */
export const OWN = 'Webmail'

const script = z.object({ id: z.string(), name: z.string(), blobId: z.string(), isActive: z.boolean() })
const blob = z.object({ id: z.string(), 'data:asText': z.nullish(z.string()) })
export interface Script {
  id: string
  name: string
  isActive: boolean
  text: string
}
export interface Scripts {
  own: Script | null
  /** null: ours was changed by others and is text now. */
  rules: Rules | null
  others: Script[]
}

export async function loadScripts(jmap: Jmap, signal?: AbortSignal): Promise<Scripts> {
  const accountId = jmap.ownAccount
  const batch = jmap.batch()
  const scripts = batch.add('SieveScript/get', { accountId, ids: null }, getOf(script))
  const blobs = batch.add('Blob/get', { accountId, '#ids': scripts.at('/list/*/blobId'), properties: ['data:asText'] }, z.object({ list: z.array(blob) }))
  await batch.send(signal)
  const texts = new Map(blobs.result.list.map((b) => [b.id, b['data:asText'] ?? '']))
  const all = scripts.result.list.map(({ id, name, isActive, blobId }) => ({ id, name, isActive, text: texts.get(blobId) ?? '' }))
  const own = all.find((s) => s.name === OWN) ?? null
  return { own, rules: own ? readRules(own.text) : NO_RULES, others: all.filter((s) => s !== own) }
}

export const scriptsQuery = (jmap: Jmap) => queryOptions({ queryKey: ['scripts', jmap.ownAccount], queryFn: ({ signal }) => loadScripts(jmap, signal) })

function addText(batch: Batch, jmap: Jmap, text: string) {
  const answer = z.object({ created: z.nullish(z.record(z.string(), z.object({ id: z.string() }))) })
  return batch.add('Blob/upload', { accountId: jmap.ownAccount, create: { text: { type: 'application/sieve', data: [{ 'data:asText': text }] } } }, answer)
}

interface Put {
  id: string | null
  name: string
  text: string
  activates: boolean
}
async function put(jmap: Jmap, { id, name, text, activates }: Put): Promise<void> {
  const batch = jmap.batch()
  addText(batch, jmap, text)
  const what = id ? { update: { [id]: { blobId: '#text' } } } : { create: { own: { name, blobId: '#text' } } }
  const set = batch.add('SieveScript/set', { accountId: jmap.ownAccount, ...what, ...(activates && { onSuccessActivateScript: id ?? '#own' }) }, setAnswer)
  await batch.send()
  accepted(set.result)
}

/** Writes our script where it still is what `known` says. It runs from then on unless another one does. */
export async function writeOwn(jmap: Jmap, known: Scripts, rules: Rules): Promise<void> {
  const now = await loadScripts(jmap)
  if (now.own?.text !== known.own?.text) throw new Problem(412, 'conflict', '')
  await put(jmap, { id: now.own?.id ?? null, name: OWN, text: writeRules(rules), activates: !now.others.some((s) => s.isActive) })
}

/** Puts another script in place of what it was. */
export async function writeOther(jmap: Jmap, { id, name, text }: Script): Promise<void> {
  await put(jmap, { id, name, text, activates: false })
}

async function set(jmap: Jmap, args: Record<string, unknown>): Promise<void> {
  accepted(await jmap.call('SieveScript/set', { accountId: jmap.ownAccount, ...args }, setAnswer))
}
/** Runs this script instead of the one that runs now; null: none. */
export const activate = (jmap: Jmap, id: string | null) => set(jmap, id ? { onSuccessActivateScript: id } : { onSuccessDeactivateScript: true })
export async function removeScript(jmap: Jmap, { id, isActive }: Script): Promise<void> {
  if (isActive) await activate(jmap, null)
  await set(jmap, { destroy: [id] })
}

/** What is wrong with a script, in the server's words; null: nothing. */
export async function check(jmap: Jmap, text: string): Promise<string | null> {
  const batch = jmap.batch()
  addText(batch, jmap, text)
  const answer = batch.add('SieveScript/validate', { accountId: jmap.ownAccount, blobId: '#text' }, z.object({ error: z.nullable(z.object({ description: z.nullish(z.string()) })) }))
  await batch.send()
  return answer.result.error && (answer.result.error.description ?? '')
}

/** Does something to scripts and has them asked for anew. */
export function useScriptChange(): (act: (jmap: Jmap) => Promise<void>) => Promise<void> {
  const { jmap } = useMail()
  const queries = useQueryClient()
  return useCallback(
    async (act) => {
      try {
        await act(jmap)
      } finally {
        await queries.invalidateQueries({ queryKey: scriptsQuery(jmap).queryKey })
      }
    },
    [jmap, queries],
  )
}
