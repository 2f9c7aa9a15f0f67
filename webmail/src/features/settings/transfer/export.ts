// A folder as a file that any mail program reads, made in this browser message by message.
import { Problem } from '@chappe/kit'
import * as z from 'zod/mini'
import type { AccountStore } from '../../../jmap/store'
import { address, getOf, query } from '../../../jmap/wire'
import { asMbox } from './mbox'

const PAGE = 200
const DOWNLOADS = 4
const PIECE = 8 * 1024 * 1024

const item = z.object({ id: z.string(), blobId: z.string(), receivedAt: z.string(), keywords: z.record(z.string(), z.boolean()), from: z.nullish(z.array(address)) })
type Item = z.infer<typeof item>

async function download(store: AccountStore, blobId: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await fetch(store.jmap.downloadUrl(store.accountId, blobId, 'message.eml', 'message/rfc822'), { signal })
  if (!answer.ok) throw new Problem(answer.status, 'download', '')
  return new Uint8Array(await answer.arrayBuffer())
}

/** Messages that come or go meanwhile are not missed or taken twice: pages follow the last message, not its number. */
async function* items(store: AccountStore, folder: string, signal: AbortSignal): AsyncGenerator<Item[]> {
  const { jmap, accountId } = store
  let last: string | null = null
  for (;;) {
    const batch = jmap.batch()
    const place: Record<string, unknown> = last === null ? { position: 0 } : { anchor: last, anchorOffset: 1 }
    const found = batch.add('Email/query', { accountId, filter: { inMailbox: folder }, sort: [{ property: 'receivedAt', isAscending: true }], limit: PAGE, ...place }, query)
    const got = batch.add('Email/get', { accountId, '#ids': found.at('/ids'), properties: Object.keys(item.shape) }, getOf(item))
    await batch.send(signal)
    if (found.result.ids.length === 0) return
    const byId = new Map(got.result.list.map((i) => [i.id, i]))
    yield found.result.ids.flatMap((id) => byId.get(id) ?? [])
    last = found.result.ids.at(-1) ?? null
  }
}

export interface Exported {
  file: Blob
  count: number
}

export async function exportFolder(store: AccountStore, folder: string, signal: AbortSignal, tell: (count: number, bytes: number) => void): Promise<Exported> {
  const pieces: Blob[] = []
  let open: Uint8Array<ArrayBuffer>[] = []
  let openBytes = 0
  let count = 0
  let bytes = 0
  for await (const page of items(store, folder, signal)) {
    for (let i = 0; i < page.length; i += DOWNLOADS) {
      const some = page.slice(i, i + DOWNLOADS)
      const contents = await Promise.all(some.map((m) => download(store, m.blobId, signal)))
      some.forEach((m, k) => {
        const content = contents[k]
        if (content) open.push(...asMbox(content, m.from?.[0]?.email ?? '', m.receivedAt, m.keywords))
        openBytes += content?.length ?? 0
        bytes += content?.length ?? 0
        count++
      })
      // A blob may lie on the disk, an array does not.
      if (openBytes > PIECE) {
        pieces.push(new Blob(open))
        open = []
        openBytes = 0
      }
      tell(count, bytes)
    }
  }
  return { file: new Blob([...pieces, ...open], { type: 'application/mbox' }), count }
}

export function saveFile(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
