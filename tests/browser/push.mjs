// New mail on the desktop while no page is open. Push services are out of reach here: the browser is told what one would have given it, and its
// pushes come by DevTools, with what the server would have sent (tests/stories/jmap_push.py has that side). In the last test the browser subscribes by
// itself, at a push service of our own (push_service.mjs), and opens what comes from there.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { awake, check, innocent, logIn, openWholeBrowser, origin } from './kit.mjs'
import { ask, EMMA, Imap, reader, settledMail, until } from './mail-kit.mjs'
import { encrypted, pushService } from './push_service.mjs'

/** What a push service would do to the browser. */
function pretend() {
  const url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  let made = null
  const point = async () => {
    const { publicKey } = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
    return new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))
  }
  PushManager.prototype.getSubscription = async () => made
  PushManager.prototype.subscribe = async (options) => {
    if (!options.userVisibleOnly || !options.applicationServerKey) throw new DOMException('no', 'NotAllowedError')
    const keys = { p256dh: url(await point()), auth: url(crypto.getRandomValues(new Uint8Array(16))) }
    made = {
      options: { applicationServerKey: new TextEncoder().encode(options.applicationServerKey).buffer },
      toJSON: () => ({ endpoint: 'https://push.example/' + crypto.randomUUID(), keys }),
      unsubscribe: async () => {
        made = null
        return true
      },
    }
    return made
  }
}

async function subscriber() {
  const own = await openWholeBrowser()
  const who = await reader(own, { worker: true }, EMMA)
  await who.context.addInitScript(pretend)
  await who.context.grantPermissions(['notifications'], { origin })
  await who.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  return { ...who, context: { close: () => own.close() }, tab: who.context }
}

/** What the directory has of her subscriptions. */
function kept(columns) {
  const { uid } = statSync(process.env.DATA)
  const psql = ['psql', '-XAtq', '-h', join(process.env.DATA, 'postgres/run'), '-U', 'chappe', '-d', 'chappe_directory', '-c',
    `SELECT ${columns} FROM push_subscription s JOIN address a USING (recipient_id) WHERE a.address = '${EMMA}'`]
  const words = process.getuid() === 0 ? ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--init-groups', ...psql] : psql
  const { stdout, stderr, status } = spawnSync(words[0], words.slice(1), { encoding: 'utf8' })
  check('the directory answers', status === 0, stderr)
  return stdout.trim()
}

/** Pushes go to the browser, not to a page. */
async function postman(tab) {
  const empty = await tab.newPage()
  const cdp = await tab.newCDPSession(empty)
  let registrationId = ''
  cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    for (const r of registrations) if (r.scopeURL.startsWith(origin) && !r.isDeleted) registrationId = r.registrationId
  })
  await cdp.send('ServiceWorker.enable')
  await until('the registration', () => registrationId !== '')
  return (push) => cdp.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data: JSON.stringify(push) })
}

/** What the worker shows from here on. */
async function watch(tab) {
  const worker = tab.serviceWorkers()[0] ?? (await tab.waitForEvent('serviceworker'))
  await worker.evaluate(() => {
    self.shown = []
    const real = self.registration.showNotification.bind(self.registration)
    self.registration.showNotification = (title, options) => {
      self.shown.push({ title, ...options })
      return real(title, options).catch((cause) => self.shown.push({ failed: String(cause) }))
    }
  })
  return { worker, shown: () => worker.evaluate(() => self.shown) }
}

/** Clicks on notices. Only a real one lets a worker open and focus pages: what it asks the browser for is kept instead. */
async function clicks(worker) {
  await worker.evaluate(() => {
    self.asked = []
    self.clients.openWindow = async (path) => void self.asked.push(`open ${path}`)
    WindowClient.prototype.focus = async function () {
      self.asked.push('focus')
      return this
    }
  })
  const what = () => worker.evaluate(() => self.asked)
  const on = async (data) => {
    const before = (await what()).length
    const closed = await worker.evaluate((path) => {
      let isClosed = false
      const event = new ExtendableEvent('notificationclick')
      event.notification = { close: () => (isClosed = true), data: path }
      self.dispatchEvent(event)
      return isClosed
    }, data)
    check('the notice goes away', closed)
    await until('the worker did something', async () => (await what()).length > before)
  }
  return { on, what }
}

async function bring(subject, folder = 'INBOX') {
  const imap = await Imap.open(EMMA)
  await imap.append(folder, subject, 'Marc Dupont <marc@partner.example>')
  imap.close()
}

/** Turned on in the settings; told with all pages shut; a click leads to the message; over with the session. */
async function tellsOfNewMail({ page, tab, ...who }) {
  const post = await postman(tab)
  const { worker, shown } = await watch(tab)
  const account = (await ask(EMMA, 'Email/get', { ids: [] })).accountId
  const change = () => post({ '@type': 'StateChange', changed: { [account]: { EmailDelivery: String(Date.now()) } } })
  await page.goto(origin + '/settings/general')
  await page.getByRole('switch', { name: 'Tell me also while no page is open' }).click()
  await page.getByText('Not in certain hours').waitFor()
  await page.screenshot({ path: `${process.env.SHOTS}/settings-push.png` })
  const [id, code, types, isVerified] = kept('public_id, code, types, is_verified').split('|')
  check('only of new mail, and not verified yet', types === 'EmailDelivery' && isVerified === 'f', [id, types, isVerified].join())
  await post({ '@type': 'PushVerification', pushSubscriptionId: id, verificationCode: code })
  await until('verified by the worker', () => kept('is_verified') === 't')
  await page.close()

  await bring('Told while away')
  await change()
  await until('told', async () => (await shown()).length === 1)
  const [notice] = await shown()
  check('who, what and where', notice.title === 'Marc Dupont' && notice.body.startsWith('Told while away\nWords of') && notice.data.startsWith('/mail/me/'), JSON.stringify(notice))
  await change()
  await bring('Filed by a rule', 'Archive')
  await change()
  await bring('First of two')
  await bring('Second of two')
  await change()
  await until('two at once', async () => (await shown()).length === 2)
  check('once each, of the Inbox alone', (await shown())[1].title === '2 new messages', JSON.stringify(await shown()))

  const clicked = await clicks(worker)
  await clicked.on(notice.data)
  check('no page: a new one', (await clicked.what()).join() === `open ${notice.data}`, (await clicked.what()).join())
  const desk = await tab.newPage()
  await desk.goto(origin + '/admin/')
  await desk.locator('body *').first().waitFor()
  await clicked.on(notice.data)
  check('the console is no page of it', (await clicked.what()).length === 2 && (await clicked.what())[1] === `open ${notice.data}`, (await clicked.what()).join())
  await desk.close()

  const again = await tab.newPage()
  await again.goto(origin + '/mail/me/inbox')
  await settledMail(again)
  await clicked.on(notice.data)
  await again.locator('article').getByText('Words of Told while away').waitFor()
  check('the address of the message', new URL(again.url()).pathname === notice.data, again.url())
  check('the page that is open comes to the front', (await clicked.what()).slice(2).join() === 'focus', (await clicked.what()).join())

  await again.goto(origin + '/settings/general')
  await again.getByRole('switch', { name: 'Not in certain hours' }).click()
  await again.getByLabel('Silent from').fill('00:00')
  await again.getByLabel('Until').fill('23:59')
  await bring('At night')
  await change()
  await again.waitForTimeout(1500)
  check('silent', (await shown()).length === 2, JSON.stringify(await shown()))

  await again.getByRole('button', { name: 'Account' }).click()
  await again.getByRole('menuitem', { name: 'Log out' }).click()
  await again.locator('input[type=email]').waitFor()
  check('it ends with the session', kept('count(*)') === '0')
  check('and the browser knows nothing more', !(await again.evaluate(() => caches.has('push-settings'))))
  await innocent({ page: again, ...who })
}

async function subscriberOfItsOwn() {
  const service = await pushService()
  const folder = mkdtempSync(join(tmpdir(), 'chappe-push-'))
  const who = await awake(folder, service.switches)
  const close = async () => {
    await who.context.close()
    service.close()
    rmSync(folder, { recursive: true, force: true })
  }
  await who.context.grantPermissions(['notifications'], { origin })
  await who.page.goto(origin)
  await logIn(who.page, EMMA)
  await settledMail(who.page)
  await who.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  return { ...who, context: { close }, tab: who.context, service }
}

/** Nothing is pretended: the browser registers, its keys open what was encrypted for them, and the worker is woken. */
async function subscribesByItself({ page, tab, service, ...who }) {
  const { shown } = await watch(tab)
  await page.goto(origin + '/settings/general')
  await page.getByRole('switch', { name: 'Tell me also while no page is open' }).click()
  await page.getByText('Not in certain hours').waitFor()
  const [id, code, url] = kept('public_id, code, url').split('|')
  const made = await page.evaluate(async () => (await (await navigator.serviceWorker.ready).pushManager.getSubscription()).toJSON())
  check('the server has the address that the browser was given', url === made.endpoint, `${url} ${made.endpoint}`)
  const token = url.slice(url.lastIndexOf('/') + 1)
  const post = (push) => service.deliver(token, encrypted(made.keys, JSON.stringify(push)), 'aes128gcm')
  post({ '@type': 'PushVerification', pushSubscriptionId: id, verificationCode: code })
  await until('the code was read and given back', () => kept('is_verified') === 't')
  await page.goto('about:blank')
  await bring('Told by itself')
  const account = (await ask(EMMA, 'Email/get', { ids: [] })).accountId
  post({ '@type': 'StateChange', changed: { [account]: { EmailDelivery: '1' } } })
  await until('told', async () => (await shown()).some((n) => n.title === 'Marc Dupont' && n.body.startsWith('Told by itself')))
  await page.goto(origin + '/settings/general')
  await page.getByRole('switch', { name: 'Tell me also while no page is open' }).click()
  await until('no more', () => kept('count(*)') === '0')
  check('the browser has none either', await page.evaluate(async () => (await (await navigator.serviceWorker.ready).pushManager.getSubscription()) === null))
  await innocent({ page, ...who })
}

export const pushTests = [
  { name: 'mail/push', open: subscriber, tests: [['mail/push/tells-of-new-mail', tellsOfNewMail]] },
  { name: 'mail/push/itself', open: subscriberOfItsOwn, tests: [['mail/push/subscribes-by-itself', subscribesByItself]] },
]
