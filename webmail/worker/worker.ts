// The pages without a network: the files of this version are kept in the browser, and a page that cannot be had from the server is
// opened from there. Mail is not kept here: that is the page's affair, and the page that is kept is the one of whom nobody is logged in. FILES and VERSION come from the build (build/worker.ts).
// And new mail on the desktop while no page is open.
/// <reference lib="webworker" />
declare const self: ServiceWorkerGlobalScope
declare const FILES: readonly string[]
declare const VERSION: string

const PREFIX = 'chappe-'
const CACHE = PREFIX + VERSION
const SHELL = '/'
const PATIENCE_MS = 5000

/** Where a browser knows how (Service Worker: static routing), this worker is not waked for what goes past it, nor for files that are kept. */
interface Routing {
  addRoutes?(routes: { condition: { urlPattern: { pathname: string } }; source: 'network' | { cacheName: string } }[]): Promise<void>
}
const ROUTES = [
  { condition: { urlPattern: { pathname: '/jmap/*' } }, source: 'network' as const },
  { condition: { urlPattern: { pathname: '/assets/*' } }, source: { cacheName: CACHE } },
]

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([new Request(SHELL, { credentials: 'omit' }), ...FILES])))
  event.waitUntil((event as Routing).addRoutes?.(ROUTES) ?? Promise.resolve())
})

self.addEventListener('activate', (event) => {
  const tidy = async () => {
    await self.registration.navigationPreload?.enable()
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

/** A page of the webmail; others of this origin, as the console's, are not ours. */
const isOurs = (pathname: string): boolean => /^\/(?:(?:mail|settings|help)(?:\/|$)|$)/.test(pathname)

/** The server's page, where it answers in time. The browser has asked for it while this worker was waked (navigation preload). */
async function page({ request, preloadResponse }: FetchEvent): Promise<Response> {
  const late = new Promise<undefined>((go) => setTimeout(go, PATIENCE_MS))
  const asked = Promise.resolve(preloadResponse as Promise<Response | undefined>).then((answer) => answer ?? fetch(request))
  const answer = await Promise.race([asked.catch(() => undefined), late])
  return answer ?? (await kept(SHELL)) ?? asked
}

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== self.location.origin) return
  if (FILES.includes(pathname)) event.respondWith(kept(pathname).then((found) => found ?? fetch(request)))
  else if (request.mode === 'navigate' && isOurs(pathname)) event.respondWith(page(event))
})

// ---- new mail while no page is open: a push (RFC 8620, 7.2) says that there is some, JMAP what it is

/** As the page wrote it (features/push/keeping.ts). */
interface Settings {
  account: string
  /** Of Email, up to which everything was told. */
  state: string
  folders: string[]
  /** Minutes of the day between which nothing is shown. */
  quiet: [number, number] | null
  language: 'en' | 'fr'
  subscription: string
  device: string
  key: string
}
interface Email {
  id: string
  mailboxIds: Record<string, boolean>
  keywords: Record<string, boolean>
  from: { name: string | null; email: string }[] | null
  subject: string | null
  preview: string
}
type Answer = [string, Record<string, unknown>, string]

const SETTINGS = 'push-settings'
const PUSHED_MAX = 500
const WORDS = {
  en: { one: 'New mail', many: (n: number) => `${n} new messages`, none: '(no subject)' },
  fr: { one: 'Nouveau message', many: (n: number) => `${n} nouveaux messages`, none: '(sans objet)' },
}

const settingsCache = () => caches.open(SETTINGS)
const readSettings = async (): Promise<Settings | null> => (await (await settingsCache()).match('/' + SETTINGS))?.json() ?? null
const writeSettings = async (settings: Settings): Promise<void> => (await settingsCache()).put('/' + SETTINGS, new Response(JSON.stringify(settings)))

/** null: nobody is logged in, or there is no server. */
async function jmap(methodCalls: [string, Record<string, unknown>, string][]): Promise<Answer[] | null> {
  const body = JSON.stringify({ using: ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail'], methodCalls })
  const answer = await fetch('/jmap/api', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }).catch(() => null)
  return answer?.ok ? ((await answer.json()) as { methodResponses: Answer[] }).methodResponses : null
}

async function verify(id: string, verificationCode: string): Promise<void> {
  await jmap([['PushSubscription/set', { update: { [id]: { verificationCode } } }, '0']])
}

function isQuiet({ quiet }: Settings): boolean {
  if (!quiet) return false
  const now = new Date()
  const minute = now.getHours() * 60 + now.getMinutes()
  const [from, to] = quiet
  return from <= to ? from <= minute && minute < to : from <= minute || minute < to
}

/** A page that somebody looks at shows it itself. */
async function isSeen(): Promise<boolean> {
  const pages = await self.clients.matchAll({ type: 'window' })
  return pages.some((page) => page.visibilityState === 'visible' && page.focused)
}

const show = (title: string, body: string, tag: string, path: string) => self.registration.showNotification(title, { body, tag, icon: '/icon-192.png', badge: '/icon-192.png', data: path })

async function showNew(settings: Settings, fresh: readonly Email[]): Promise<void> {
  const words = WORDS[settings.language]
  const [first] = fresh
  if (!first || isQuiet(settings) || (await isSeen())) return
  const sender = first.from?.[0]
  const folder = settings.folders.find((id) => first.mailboxIds[id]) ?? 'inbox'
  if (fresh.length === 1) await show(sender?.name || sender?.email || words.one, `${first.subject || words.none}\n${first.preview}`, first.id, `/mail/me/${folder}/${first.id}`)
  else await show(words.many(fresh.length), fresh.slice(0, 3).map((e) => `${e.from?.[0]?.name || e.from?.[0]?.email || ''}: ${e.subject || words.none}`).join('\n'), 'many', `/mail/me/${folder}`)
}

/** What came since; the subscription lasts as long again. */
async function tell(settings: Settings): Promise<void> {
  const accountId = settings.account
  const answers = await jmap([
    ['Email/changes', { accountId, sinceState: settings.state, maxChanges: PUSHED_MAX }, 'c'],
    ['Email/get', { accountId, '#ids': { resultOf: 'c', name: 'Email/changes', path: '/created' }, properties: ['mailboxIds', 'keywords', 'from', 'subject', 'preview'] }, 'n'],
    ['Email/get', { accountId, ids: [] }, 's'],
    ['PushSubscription/set', { update: { [settings.subscription]: { expires: null } } }, 'p'],
  ])
  const of = (id: string) => answers?.find((a) => a[2] === id && a[0] !== 'error')?.[1]
  const state = of('c')?.['newState'] ?? of('s')?.['state']
  if (typeof state !== 'string') {
    await show(WORDS[settings.language].one, '', 'many', '/mail/me/inbox') // whose session ended learns no more than that
    return
  }
  const found = (of('n')?.['list'] ?? []) as Email[]
  const fresh = found.filter((e) => !e.keywords['$seen'] && !e.keywords['$draft'] && settings.folders.some((id) => e.mailboxIds[id]))
  await writeSettings({ ...settings, state })
  await showNew(settings, fresh)
}

interface Push {
  '@type'?: string
  pushSubscriptionId?: string
  verificationCode?: string
  changed?: Record<string, unknown>
}
async function pushed(push: Push): Promise<void> {
  if (push['@type'] === 'PushVerification' && push.pushSubscriptionId && push.verificationCode) return verify(push.pushSubscriptionId, push.verificationCode)
  const settings = await readSettings()
  if (settings && push.changed && settings.account in push.changed) await tell(settings)
}

// One after the other: two that came together would tell the same twice.
let last: Promise<void> = Promise.resolve()
self.addEventListener('push', (event) => {
  const push = (event.data?.json() ?? {}) as Push
  last = last.then(() => pushed(push)).catch(() => undefined)
  event.waitUntil(last)
})

/** In a page of ours that is open, else in a new one. */
async function open(path: string): Promise<void> {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const page = pages.find((p) => isOurs(new URL(p.url).pathname))
  if (!page) return void (await self.clients.openWindow(path))
  page.postMessage({ open: path })
  await page.focus().catch(() => undefined)
}
self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(String(event.notification.data)))
})

/** The push service has given the browser another address: the server is told. */
async function moveOver(): Promise<void> {
  const settings = await readSettings()
  if (!settings) return
  const made = await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: settings.key })
  const { endpoint: url, keys } = made.toJSON()
  const answers = await jmap([['PushSubscription/set', { create: { one: { deviceClientId: settings.device, url, keys, types: ['EmailDelivery'] } }, destroy: [settings.subscription] }, '0']])
  const created = answers?.[0]?.[1]?.['created'] as Record<string, { id: string }> | null | undefined
  if (created?.['one']) await writeSettings({ ...settings, subscription: created['one'].id })
}
self.addEventListener('pushsubscriptionchange', (event) => (event as ExtendableEvent).waitUntil(moveOver()))
