// Pictures of a message as data: URLs, which is all that its frame may load. Those of its own parts come from their blobs, those
// elsewhere through the server, so that nobody outside learns who looks.
import type { Jmap } from '../../../jmap/client'
import type { Part } from '../../../jmap/wire'

const OWN_MAX = 10 << 20
const AT_ONCE = 6
const REMOTE_MOST = 300
const TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp']

export const isPicture = (type: string): boolean => TYPES.includes(type.toLowerCase())

function dataUrl(blob: Blob, type: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(reader.error ?? new Error('unreadable'))
    reader.readAsDataURL(blob.slice(0, blob.size, type))
  })
}

async function fetched(path: string, signal: AbortSignal): Promise<Blob | null> {
  const answer = await fetch(path, { signal, credentials: 'same-origin', referrerPolicy: 'no-referrer' })
  return answer.ok ? answer.blob() : null
}

/** `work` on all, some at a time, until the signal. */
async function each<T>(all: readonly T[], signal: AbortSignal, work: (one: T) => Promise<void>): Promise<void> {
  const rest = [...all]
  const run = async () => {
    for (let one = rest.shift(); one !== undefined && !signal.aborted; one = rest.shift()) await work(one).catch(() => {})
  }
  await Promise.all(Array.from({ length: AT_ONCE }, run))
}

/** Content-ID -> data: URL of those parts that are pictures and that the message shows. */
export async function ownPictures(jmap: Jmap, accountId: string, parts: readonly Part[], cids: readonly string[], signal: AbortSignal): Promise<Map<string, string>> {
  const out = new Map<string, string>()
  const wanted = parts.filter((p) => p.blobId && p.cid && cids.includes(p.cid) && isPicture(p.type) && p.size <= OWN_MAX)
  await each(wanted, signal, async (p) => {
    const blob = await fetched(jmap.downloadUrl(accountId, p.blobId ?? '', 'picture', p.type), signal)
    if (blob) out.set(p.cid ?? '', await dataUrl(blob, p.type))
  })
  return out
}

const kept = new Map<string, string>()
const KEPT_MOST = 200

/** URL -> data: URL, through the server (docs/jmap.md, "Pictures in letters"). `onSome` hears as they come. */
export async function remotePictures(urls: readonly string[], signal: AbortSignal, onSome: (found: ReadonlyMap<string, string>) => void): Promise<void> {
  const out = new Map<string, string>()
  let told = 0
  const tell = () => {
    told = performance.now()
    onSome(new Map(out))
  }
  await each(urls.slice(0, REMOTE_MOST), signal, async (url) => {
    let found = kept.get(url)
    if (!found) {
      const blob = await fetched(`/jmap/picture?url=${encodeURIComponent(url)}`, signal)
      if (blob && isPicture(blob.type)) found = await dataUrl(blob, blob.type)
    }
    if (!found) return
    kept.delete(url)
    kept.set(url, found)
    for (const old of kept.keys()) {
      if (kept.size <= KEPT_MOST) break
      kept.delete(old)
    }
    out.set(url, found)
    if (performance.now() - told > 400) tell()
  })
  if (!signal.aborted) tell()
}

