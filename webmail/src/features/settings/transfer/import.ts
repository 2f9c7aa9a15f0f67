// Files with messages into a folder, some at a time; goes on where it stopped.
import { Problem } from '@chappe/kit'
import * as z from 'zod/mini'
import { CAPABILITIES } from '../../../jmap/client'
import type { AccountStore } from '../../../jmap/store'
import { setError } from '../../../jmap/wire'
import { isMbox, letterOf, lettersOf, type Letter } from './mbox'
import { filesOf, isZip } from './zip'

const AT_ONCE = 20
const UPLOADS = 3
const LARGE_ZIP_FILE = 1 << 30
const WAIT_MS = 2000
const KEPT = 'chappe.imports'
const KEPT_MOST = 20

export interface Progress {
  done: number
  failed: number
  /** The first of what went wrong, in the server's words. */
  why: string
  bytes: number
  total: number
}

const answered = z.object({
  created: z.nullish(z.record(z.string(), z.object({ id: z.string() }))),
  notCreated: z.nullish(z.record(z.string(), setError)),
})
const core = z.object({ maxSizeUpload: z.number() })

/** How many messages of a file are in the folder already, from a time before. */
function readKept(): Record<string, number> {
  const kept = z.record(z.string(), z.number()).safeParse(JSON.parse(localStorage.getItem(KEPT) ?? '{}'))
  return kept.success ? kept.data : {}
}
function keep(key: string, count: number | null): void {
  const rest = Object.entries(readKept()).filter(([k]) => k !== key)
  localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries([...rest, ...(count === null ? [] : [[key, count] as const])].slice(-KEPT_MOST))))
}
const keyOf = (file: File, folder: string) => `${folder} ${file.name} ${file.size} ${file.lastModified}`
export const resumesAt = (file: File, folder: string): number => readKept()[keyOf(file, folder)] ?? 0

type Found = Letter | { fault: string }

async function* messagesIn(name: string, file: Blob, most: number): AsyncGenerator<Found> {
  if (await isMbox(file)) {
    for await (const letter of lettersOf(file, most)) yield letter === 'tooLarge' ? { fault: name } : letter
  } else if (file.size > most) yield { fault: name }
  else yield letterOf(new Uint8Array(await file.arrayBuffer()))
}

async function* all(file: File, most: number): AsyncGenerator<Found> {
  if (!(await isZip(file))) {
    yield* messagesIn(file.name, file, most)
    return
  }
  for await (const { name, content } of filesOf(file, LARGE_ZIP_FILE)) {
    if (content) yield* messagesIn(name, content, most)
    else yield { fault: name }
  }
}

const sleep = (ms: number) => new Promise((go) => setTimeout(go, ms))

/** Temporary trouble is waited for: an import may take longer than a restart of the server. */
async function patiently<T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> {
  for (;;) {
    signal.throwIfAborted()
    try {
      return await act()
    } catch (cause) {
      if (!(cause instanceof Problem && (cause.isTemporary || cause.status === 401))) throw cause
      await sleep(WAIT_MS)
    }
  }
}

async function send(store: AccountStore, folder: string, letters: readonly Letter[], signal: AbortSignal): Promise<string[]> {
  const { jmap, accountId } = store
  const emails: Record<string, unknown> = {}
  const queue = letters.map((letter, i) => ({ letter, i }))
  const failed: string[] = []
  const work = async () => {
    for (let one = queue.shift(); one; one = queue.shift()) {
      const { letter, i } = one
      try {
        const { blobId } = await patiently(signal, () => jmap.upload(accountId, new Blob([letter.bytes], { type: 'message/rfc822' }), { signal }))
        emails[`m${i}`] = { blobId, mailboxIds: { [folder]: true }, keywords: letter.keywords, ...(letter.receivedAt && { receivedAt: letter.receivedAt }) }
      } catch (cause) {
        if (signal.aborted || !(cause instanceof Problem)) throw cause
        failed.push(cause.message)
      }
    }
  }
  await Promise.all(Array.from({ length: UPLOADS }, work))
  if (Object.keys(emails).length === 0) return failed
  const answer = await patiently(signal, () => jmap.call('Email/import', { accountId, emails }, answered))
  for (const why of Object.values(answer.notCreated ?? {})) if (why.type !== 'alreadyExists') failed.push(why.description ?? why.type)
  return failed
}

/** Rejects with AbortError where it was stopped; what was done stays, and the next time goes on behind it. */
export async function importFile(store: AccountStore, folder: string, file: File, signal: AbortSignal, tell: (progress: Progress) => void): Promise<Progress> {
  const key = keyOf(file, folder)
  const most = z.parse(core, store.jmap.session.capabilities[CAPABILITIES.core]).maxSizeUpload
  const skipped = resumesAt(file, folder)
  const now: Progress = { done: 0, failed: 0, why: '', bytes: 0, total: file.size }
  let seen = 0
  let waiting: Letter[] = []
  const flush = async () => {
    const failed = await send(store, folder, waiting, signal)
    now.done += waiting.length - failed.length
    now.failed += failed.length
    now.why ||= failed[0] ?? ''
    waiting = []
    keep(key, seen)
    tell({ ...now })
  }
  for await (const found of all(file, most)) {
    signal.throwIfAborted()
    seen++
    if ('fault' in found) now.failed++
    else {
      now.bytes = Math.min(now.total, now.bytes + found.bytes.length)
      if (seen <= skipped) now.done++
      else waiting.push(found)
    }
    if (waiting.length >= AT_ONCE) await flush()
  }
  await flush()
  keep(key, null)
  return { ...now, bytes: now.total }
}
