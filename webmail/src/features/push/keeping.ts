// New mail on the desktop while no page is open: the browser's push subscription, the server's (RFC 8620, 7.2; RFC 9749), and what the service
// worker has to know. That lies in a cache of its own: both sides can read it, and it belongs to this browser.
import { currentLanguage } from '@chappe/kit'
import * as z from 'zod/mini'
import type { Jmap } from '../../jmap/client'
import { setAnswer } from '../../jmap/wire'
import { accepted } from '../settings/set'

const SETTINGS = 'push-settings'
const VAPID = 'urn:ietf:params:jmap:webpush-vapid'
/** Only new mail: the device sleeps through all other changes. */
const TYPES = ['EmailDelivery']

const settings = z.object({
  login: z.string(),
  account: z.string(),
  state: z.string(),
  folders: z.array(z.string()),
  quiet: z.nullable(z.tuple([z.number(), z.number()])),
  language: z.enum(['en', 'fr']),
  subscription: z.string(),
  device: z.string(),
  key: z.string(),
})
export type PushSettings = z.infer<typeof settings>
/** What one chooses of it. `quiet`: minutes of the day. */
export type PushChoice = Pick<PushSettings, 'folders' | 'quiet'>

const vapid = z.object({ applicationServerKey: z.string() })
const subscriptions = z.object({ list: z.array(z.object({ id: z.string() })) })
const stateOnly = z.object({ state: z.string() })
/** They have no state. */
const pushAnswer = z.extend(setAnswer, { newState: z.nullish(z.string()) })

/** The server's key; null: neither it nor this browser can push. */
export function pushKey(jmap: Jmap): string | null {
  const said = vapid.safeParse(jmap.session.capabilities[VAPID])
  return said.success && 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window ? said.data.applicationServerKey : null
}

export async function readPush(): Promise<PushSettings | null> {
  if (!('caches' in window)) return null
  const kept = await (await caches.open(SETTINGS)).match(`/${SETTINGS}`)
  const found = settings.safeParse(await kept?.json())
  return found.success ? found.data : null
}
async function writePush(now: PushSettings): Promise<void> {
  await (await caches.open(SETTINGS)).put(`/${SETTINGS}`, new Response(JSON.stringify(now)))
}

async function subscribed(key: string): Promise<PushSubscriptionJSON> {
  const { pushManager } = await navigator.serviceWorker.ready
  const now = await pushManager.getSubscription()
  // one that was made for another key is of no use here
  if (now && new TextDecoder().decode(now.options.applicationServerKey ?? new ArrayBuffer(0)) !== key) await now.unsubscribe()
  return (await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })).toJSON()
}

/** Throws where the browser or its push service refuses, and SetError where the server does. */
export async function turnOn(jmap: Jmap, choice: PushChoice): Promise<PushSettings> {
  const key = pushKey(jmap) ?? ''
  const before = await readPush()
  const device = before?.device ?? crypto.randomUUID()
  const { endpoint: url, keys } = await subscribed(key)
  const { state } = await jmap.call('Email/get', { accountId: jmap.ownAccount, ids: [] }, stateOnly)
  const answer = accepted(await jmap.call('PushSubscription/set', { create: { one: { deviceClientId: device, url, keys, types: TYPES } }, destroy: before ? [before.subscription] : [] }, pushAnswer))
  const subscription = answer.created?.['one']?.id ?? ''
  const now: PushSettings = { ...choice, login: jmap.session.username, account: jmap.ownAccount, state, language: currentLanguage(), subscription, device, key }
  await writePush(now)
  return now
}

export async function choosePush(choice: PushChoice): Promise<void> {
  const before = await readPush()
  if (before) await writePush({ ...before, ...choice })
}

/** `jmap` null: whose it was is not logged in; the push service then says that it is gone, and the server forgets it. */
export async function turnOff(jmap: Jmap | null): Promise<void> {
  const before = await readPush()
  if (!before) return
  await caches.delete(SETTINGS)
  const registration = await navigator.serviceWorker.getRegistration()
  await Promise.allSettled([
    registration?.pushManager.getSubscription().then((s) => s?.unsubscribe()),
    jmap?.call('PushSubscription/set', { destroy: [before.subscription] }, pushAnswer),
  ])
}

/** When a page opens: somebody else's ends, one's own lasts as long again, and one that the server has forgotten is made anew. */
export async function keepPush(jmap: Jmap): Promise<void> {
  const now = await readPush()
  if (!now) return
  if (now.login !== jmap.session.username || Notification.permission !== 'granted' || pushKey(jmap) === null) return turnOff(null)
  const { list } = await jmap.call('PushSubscription/get', { ids: [now.subscription] }, subscriptions)
  if (list.length === 0 || now.key !== pushKey(jmap)) return void (await turnOn(jmap, now))
  await jmap.call('PushSubscription/set', { update: { [now.subscription]: { expires: null } } }, pushAnswer)
  await writePush({ ...now, language: currentLanguage() })
}
