// The pages without a network: the files of this version are kept in the browser, and a page that cannot be had from the server is
// opened from there. Mail is not kept here: that is the page's affair. FILES and VERSION come from the build (build/worker.ts).
/// <reference lib="webworker" />
declare const self: ServiceWorkerGlobalScope
declare const FILES: readonly string[]
declare const VERSION: string

const PREFIX = 'chappe-'
const CACHE = PREFIX + VERSION
const SHELL = '/'
const PATIENCE_MS = 5000

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([SHELL, ...FILES])))
})

self.addEventListener('activate', (event) => {
  const tidy = async () => {
    for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name)
    await self.clients.claim()
  }
  event.waitUntil(tidy())
})

// The page asks when its reader agreed: a version never changes under somebody's hands.
self.addEventListener('message', (event) => {
  if (event.data === 'take-over') void self.skipWaiting()
})

const kept = async (path: string): Promise<Response | undefined> => (await caches.open(CACHE)).match(path)

/** The server's page, where it answers in time. */
async function page(request: Request): Promise<Response> {
  const late = new Promise<undefined>((go) => setTimeout(go, PATIENCE_MS))
  const asked = fetch(request)
  const answer = await Promise.race([asked.catch(() => undefined), late])
  return answer ?? (await kept(SHELL)) ?? asked
}

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== self.location.origin) return
  if (FILES.includes(pathname)) event.respondWith(kept(pathname).then((found) => found ?? fetch(request)))
  else if (request.mode === 'navigate' && /^\/(?:(?:mail|settings|help)(?:\/|$)|$)/.test(pathname)) event.respondWith(page(request))
})
