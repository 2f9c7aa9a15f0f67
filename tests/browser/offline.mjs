// The webmail as an application of its own: pages without a network, and the change to a newer version.
import { chownSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { check, innocent, openBrowser, killWebRole, origin, webRole } from './kit.mjs'
import { button, EMMA, reader, row, settledMail, until } from './mail-kit.mjs'

/** A browser that keeps pages. */
async function keeper() {
  const own = await openBrowser()
  const who = await reader(own, { worker: true }, EMMA)
  await who.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  return { ...who, context: { close: () => own.close() }, tab: who.context }
}

const active = (page) => page.evaluate(async () => (await navigator.serviceWorker.ready).active?.state)

/** Opened without a network it says so, by itself; with one it goes on. */
async function opensWithoutNetwork({ page, tab, faults }) {
  await page.goto(origin + '/mail/me/inbox')
  await settledMail(page)
  await until('the files are kept', async () => (await active(page)) === 'activated')
  await tab.setOffline(true)
  await page.reload()
  await page.getByText('No connection to the server').waitFor()
  check('the page is ours', (await page.title()) === 'Chappe')
  await tab.setOffline(false)
  await row(page, 'Trip to Lyon').waitFor()
  faults.length = 0 // the browser itself tells the console of each connection that was refused
}

/** Puts a newer version of the front ends before the server, which looks at its start. */
async function install(change) {
  const place = join(process.env.DATA, 'front-ends')
  if (change === null) rmSync(place, { recursive: true })
  else {
    cpSync(join(dirname(process.env.BINARY), 'front-ends'), place, { recursive: true })
    const file = join(place, 'webmail/worker.js')
    writeFileSync(file, readFileSync(file, 'utf8') + change)
    for (const packed of ['.gz', '.br']) if (existsSync(file + packed)) rmSync(file + packed)
    const { uid, gid } = statSync(process.env.DATA)
    for (const entry of ['', ...readdirSync(place, { recursive: true })]) chownSync(join(place, entry), uid, gid)
  }
  const before = killWebRole()
  await until('the web role again', async () => ![0, before].includes(webRole()), 30_000)
}

/** A newer version waits until somebody agrees; what he wrote is there afterwards. */
async function changesVersion({ page, faults }) {
  await page.goto(origin + '/mail/me/inbox')
  await settledMail(page)
  await install('\n//newer\n')
  try {
    await button(page, 'New message').click()
    await page.getByLabel('Subject').fill('Written before the change')
    await page.getByText('Saved', { exact: true }).waitFor()
    await until('the newer version is found', () =>
      page.evaluate(async () => {
        const registration = await navigator.serviceWorker.ready
        await registration.update().catch(() => {})
        return registration.waiting !== null
      }), 30_000)
    const notice = page.getByText('A newer version of this page is there.')
    await notice.waitFor()
    await page.screenshot({ path: `${process.env.SHOTS}/mail-newer-version.png` })
    const loaded = page.waitForEvent('load')
    await button(page, 'Load it').click()
    await loaded
    await page.getByLabel('Subject').waitFor()
    check('what was written', (await page.getByLabel('Subject').inputValue()) === 'Written before the change')
    check('nothing newer waits', await page.evaluate(async () => (await navigator.serviceWorker.ready).waiting === null))
    await button(page, 'Discard the draft').click()
  } finally {
    await install(null)
  }
  faults.length = 0
}

async function installable({ page, ...who }) {
  await page.goto(origin + '/mail/me/inbox')
  await settledMail(page)
  const { errors, manifest } = await page.evaluate(async () => {
    const link = document.querySelector('link[rel=manifest]').href
    const found = await (await fetch(link)).json()
    const sizes = await Promise.all(found.icons.map(async (i) => (await fetch(i.src)).status))
    return { manifest: found, errors: sizes.filter((s) => s !== 200) }
  })
  check('all icons', errors.length === 0 && manifest.icons.some((i) => i.sizes === '512x512'), JSON.stringify(manifest))
  check('a window of its own', manifest.display === 'standalone' && manifest.start_url === '/')
  await innocent({ page, ...who })
}

export const offlineTests = [
  {
    name: 'mail/offline',
    open: keeper,
    tests: [
      ['mail/offline/installable', installable],
      ['mail/offline/opens-without-network', opensWithoutNetwork],
      ['mail/offline/changes-version', changesVersion],
    ],
  },
]
