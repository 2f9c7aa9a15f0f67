// What is being written, in this browser: it outlives the page, a crash, and times without a network.
import type { Draft } from './draft'

const NAME = 'chappe-drafts'
const STORE = 'drafts'
export interface Kept {
  id: string
  owner: string
  draft: Draft
}

let opened: Promise<IDBDatabase> | null = null

function open(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(NAME, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' })
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('no database'))
  }).catch((cause: unknown) => {
    opened = null
    throw cause
  })
  return opened
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await open()
  return new Promise((resolve, reject) => {
    const tx = db.transaction(STORE, mode, { durability: 'strict' })
    const request = act(tx.objectStore(STORE))
    tx.oncomplete = () => resolve(request.result)
    tx.onabort = tx.onerror = () => reject(tx.error ?? new Error('not kept'))
  })
}

const idOf = (owner: string, draft: Draft) => `${owner} ${draft.messageId}`

export const keep = (owner: string, draft: Draft): Promise<unknown> => run('readwrite', (s) => s.put({ id: idOf(owner, draft), owner, draft } satisfies Kept))
export const forget = (owner: string, draft: Draft): Promise<unknown> => run('readwrite', (s) => s.delete(idOf(owner, draft)))
export async function keptOf(owner: string): Promise<Draft[]> {
  const all = (await run<Kept[]>('readonly', (s) => s.getAll() as IDBRequest<Kept[]>)) ?? []
  return all.filter((k) => k.owner === owner).map((k) => k.draft).sort((a, b) => a.at - b.at)
}
