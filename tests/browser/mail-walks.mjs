// What people do with their mail, by clicking what is visible.
import { execFileSync } from 'node:child_process'
import https from 'node:https'
import { check, innocent, origin } from './kit.mjs'
import { button, countOf, EMMA, Imap, jmap, reader, row, rows, settledMail, until } from './mail-kit.mjs'

const SOON_MS = 1000
const inbox = async (page) => {
  await page.goto(origin + '/mail/me/inbox')
  await settledMail(page)
}
const folder = (page, name) => page.getByRole('navigation').getByRole('link', { name: new RegExp(`^${name}`) }).first()
/** A button that appears on a row under the pointer, which may have moved away meanwhile. */
async function quick(page, words, name) {
  const found = row(page, words).getByRole('button', { name, exact: true })
  await until(`${name} on the row`, async () => {
    await row(page, words).hover()
    return found.isVisible()
  })
  await found.click()
}
const undo = async (page) => page.getByRole('alert').getByRole('button', { name: 'Undo' }).last().click()

async function reads(who) {
  const { page } = who
  await inbox(page)
  const before = Number(/\((\d+)\)/.exec(await page.title())?.[1])
  await row(page, 'Your loan is due in 3 days').click()
  await page.locator('article').first().waitFor()
  await until('read on the screen', async () => (await row(page, 'Your loan is due in 3 days').getAttribute('data-unread')) === null)
  await until('one unread less in the title', async () => Number(/\((\d+)\)/.exec(await page.title())?.[1]) === before - 1)
  const address = page.url()
  check('a message is an address', /\/mail\/me\/inbox\/\w+/.test(address), address)
  await page.reload()
  await page.getByRole('heading', { level: 2, name: /Your loan/ }).waitFor()
  await page.goBack()
  await page.waitForURL(/inbox$/)
  await row(page, 'Your loan is due in 3 days').click()
  await page.locator('article').first().waitFor()
  await page.keyboard.press('u')
  await until('unread again', async () => (await row(page, 'Your loan is due in 3 days').getAttribute('data-unread')) !== null)
  await page.keyboard.press('i')
  await innocent(who)
}

async function undoes(who) {
  const { page } = who
  await inbox(page)
  await row(page, 'Photos of the weekend').click()
  await page.locator('article').first().waitFor()
  await button(page, 'Archive').last().click()
  await until('archived', async () => (await countOf(page, 'Photos of the weekend', 'archive')) > 0)
  check('the next one is read', (await page.locator('[data-open]').count()) === 1)
  await undo(page)
  await until('back', async () => (await countOf(page, 'Photos of the weekend', 'archive')) === 0)
  await row(page, 'Photos of the weekend').waitFor()
  await quick(page, 'Photos of the weekend', 'Delete')
  await until('deleted', async () => (await countOf(page, 'Photos of the weekend', 'trash')) === 1)
  await page.keyboard.press('z')
  await until('back from there', async () => (await countOf(page, 'Photos of the weekend', 'trash')) === 0)
  await innocent(who)
}

async function marksSeveral(who) {
  const { page } = who
  await inbox(page)
  await rows(page).nth(8).click({ modifiers: ['Control'] })
  await rows(page).nth(11).click({ modifiers: ['Shift'] })
  await page.getByText('4 selected').waitFor()
  await page.keyboard.press('v')
  await page.getByRole('dialog').getByLabel('Find a folder').fill('receipts')
  await page.keyboard.press('Enter')
  await until('moved', async () => (await jmap(page, 'Mailbox/get')).list.find((m) => m.name === 'Receipts').totalEmails === 4)
  await page.getByText(/4 messages moved to Receipts/).waitFor()
  await undo(page)
  await until('all back', async () => (await jmap(page, 'Mailbox/get')).list.find((m) => m.name === 'Receipts').totalEmails === 0)
  await innocent(who)
}

async function drags(who) {
  const { page } = who
  await inbox(page)
  await row(page, 'Welcome to the team').dragTo(folder(page, 'Receipts'))
  await until('dropped', async () => (await countOf(page, 'Welcome to the team', 'Receipts')) > 0)
  // between mailboxes
  await row(page, 'Flat in Grenoble').dragTo(page.getByRole('navigation').getByRole('link', { name: 'Orders' }))
  await page.getByRole('navigation').getByRole('link', { name: 'Orders' }).click()
  await row(page, 'Flat in Grenoble').waitFor()
  await innocent(who)
}

async function searches(who) {
  const { page } = who
  await inbox(page)
  await page.keyboard.press('/')
  await page.keyboard.type('optical telegraph')
  await page.locator('mark', { hasText: 'telegraph' }).first().waitFor()
  check('an address', /\/all\?q=optical/.test(page.url()), page.url())
  await page.getByLabel('Search mail').fill('from:sofia has:attachment -contract')
  await row(page, 'Re: Trip to Lyon').waitFor()
  await page.getByLabel('Search mail').fill('subject:bridge in:bridge')
  await row(page, 'Drawings of the bridge').click()
  await page.getByRole('heading', { level: 2, name: 'Drawings of the bridge' }).waitFor()
  // what only an attached PDF says, which is read in the background
  await until('what a document says is found', async () => {
    await page.goto(origin + '/mail/me/all?q=pier')
    await settledMail(page)
    return row(page, 'Drawings of the bridge').isVisible()
  }, 150_000)
  await row(page, 'Drawings of the bridge').locator('mark', { hasText: /^pier$/i }).first().waitFor()
  await inbox(page)
  await page.getByLabel('Search mail').fill('bridge')
  await page.getByLabel('Search mail').press('Escape')
  await page.waitForURL(/inbox$/)
  await innocent(who)
}

async function keepsFolders(who) {
  const { page } = who
  await inbox(page)
  await button(page, 'New folder').click()
  await page.getByRole('dialog').getByLabel('Name').fill('Ärger & Freude')
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
  await page.getByRole('heading', { level: 1, name: 'Ärger & Freude' }).waitFor()
  const open = async (item) => {
    await page.getByRole('navigation').getByRole('link', { name: /^(Ärger|Sorrow)/ }).hover()
    await page.getByRole('button', { name: /^What can be done with (Ärger|Sorrow)/ }).click()
    await page.getByRole('menuitem', { name: item }).click()
  }
  const menu = page.getByRole('button', { name: /^What can be done with Ärger/ })
  await menu.focus()
  for (const time of ['first', 'second']) {
    await page.keyboard.press('Enter')
    await until('the menu has the focus', () => page.getByRole('menu').evaluate((one) => one.contains(document.activeElement)))
    await page.keyboard.press('Escape')
    await until(`the menu gave the focus back the ${time} time`, () => menu.evaluate((one) => one === document.activeElement))
  }
  await open('Rename')
  await page.getByRole('dialog').getByLabel('Name').fill('Receipts')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog').getByRole('alert').waitFor()
  await page.getByRole('dialog').getByLabel('Name').fill('Sorrow')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { level: 1, name: 'Sorrow' }).waitFor()
  await open('Move …')
  await page.getByRole('dialog').getByRole('option', { name: 'Projects', exact: true }).click()
  await until('moved', async () => {
    const { list } = await jmap(page, 'Mailbox/get')
    return list.find((m) => m.name === 'Sorrow').parentId === list.find((m) => m.name === 'Projects').id
  })
  await open('Delete the folder')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the folder' }).click()
  await page.waitForURL(/inbox$/)
  check('gone', !(await jmap(page, 'Mailbox/get')).list.some((m) => m.name === 'Sorrow'))
  await innocent(who)
}

async function takesFiles(who) {
  const { page } = who
  await inbox(page)
  await folder(page, 'Receipts').click()
  await page.waitForURL((u) => !u.pathname.endsWith('inbox'))
  await page.getByRole('heading', { level: 1, name: 'Receipts' }).waitFor()
  const files = await page.evaluateHandle(() => {
    const data = new DataTransfer()
    data.items.add(new File(['From: Tax office <tax@office.example>\r\nSubject: Receipt 77\r\nDate: Tue, 01 Sep 2026 10:00:00 +0000\r\n\r\nPaid.\r\n'], 'receipt.eml', { type: 'message/rfc822' }))
    return data
  })
  await page.dispatchEvent('h1', 'drop', { dataTransfer: files })
  await row(page, 'Receipt 77').click()
  await page.getByRole('button', { name: 'More for this message' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'Download as .eml' }).click()
  check('it comes back as a file', (await download).suggestedFilename() === 'Receipt 77.eml', (await download).suggestedFilename())
  await innocent(who)
}

const PATIENCE_MS = 30_000
const ATTEMPTS = 8
const within = (what, promise) => Promise.race([promise, new Promise((_, fail) => setTimeout(() => fail(new Error(`${what}: not within ${PATIENCE_MS} ms`)), PATIENCE_MS))])

/** When the page itself shows the row so: `flag` true or false, or null: no row. Nobody polls. */
const shows = (page, words, flag) =>
  page.evaluate(
    ([text, wanted]) =>
      new Promise((done) => {
        const is = () => {
          const found = [...document.querySelectorAll('[data-id]')].find((r) => r.textContent.includes(text))
          if (wanted === null || !found) return wanted === null && !found
          return (found.querySelector('[aria-label=Flagged], [aria-label=Suivi]') !== null) === wanted
        }
        const look = () => {
          if (!is()) return
          seen.disconnect()
          done(Date.now())
        }
        const seen = new MutationObserver(look)
        seen.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })
        look()
      }),
    [words, flag],
  )

/** A message comes, is flagged in one browser, unflagged and moved by a mail client: how long until all others have it. */
async function oneRound(page, other, imap, idler, subject) {
  const both = (flag) => Promise.all([page, other].map((p) => within(subject, shows(p, subject, flag))))
  const took = (since, moments) => Math.max(...moments) - since
  const found = {}
  let waits = both(false)
  await imap.append('INBOX', subject)
  let since = Date.now()
  found['a new message'] = took(since, await waits)
  await idler.idle()
  const clicked = page.evaluate(() => new Promise((done) => addEventListener('click', () => done(Date.now()), { capture: true, once: true })))
  waits = Promise.all([within(subject, shows(other, subject, true)), within('IDLE', idler.hears(/\* \d+ FETCH .*\\Flagged/))])
  await quick(page, subject, 'Flag')
  found['a flag of the browser'] = took(await clicked, await waits)
  await idler.wakes()
  const uid = /\* SEARCH (\d+)/.exec(await imap.command(`UID SEARCH SUBJECT "${subject}"`))[1]
  waits = both(false)
  await imap.command(`UID STORE ${uid} -FLAGS (\\Flagged)`)
  since = Date.now()
  found['a flag of the mail client'] = took(since, await waits)
  waits = both(null)
  await imap.command(`UID MOVE ${uid} Archive`)
  since = Date.now()
  found['a move of the mail client'] = took(since, await waits)
  return found
}

/** A browser, another browser and a mail client see the same within a second: measured where it is seen, the best of some rounds, because the machine is busy. */
async function agree(who, browser) {
  const { page } = who
  await inbox(page)
  const other = await reader(browser, { width: 390, height: 844, language: 'fr', dark: true })
  const [imap, idler] = [await Imap.open(), await Imap.open()]
  for (const one of [imap, idler]) await one.command('SELECT INBOX')
  const best = {}
  for (let n = 0; n < ATTEMPTS && (n === 0 || Object.values(best).some((ms) => ms > SOON_MS)); n++)
    for (const [what, ms] of Object.entries(await oneRound(page, other.page, imap, idler, `News of round ${n}`))) best[what] = Math.min(best[what] ?? Infinity, Math.max(0, ms))
  for (const [what, ms] of Object.entries(best)) console.log(`mail: ${what} is everywhere after ${ms} ms`)
  for (const [what, ms] of Object.entries(best)) check(`${what} is everywhere within a second`, ms <= SOON_MS, `${ms} ms`)
  imap.close()
  idler.close()
  await innocent(who)
  await innocent(other)
  await other.context.close()
}

const READ_ALL = 1000
const READ_SOME = 120
const KEPT_A_MESSAGE = 20 * 1024

/** What is fetched ahead comes when the page is idle. */
const scriptsAreThere = (page) =>
  page.waitForFunction(() => {
    const [begun, done] = ['ahead-begins', 'ahead-ends'].map((name) => performance.getEntriesByName(name).length)
    return begun > 0 && begun === done
  })

/** One after the other, with the key: what the tab keeps of them stays small. */
async function keepsMemory(browser) {
  const who = await reader(browser, {}, 'target@attacks.example')
  const { page } = who
  const probe = await page.context().newCDPSession(page)
  const heap = async () => {
    await probe.send('HeapProfiler.collectGarbage')
    return (await probe.send('Runtime.getHeapUsage')).usedSize
  }
  await folder(page, 'Rows').click()
  await settledMail(page)
  await rows(page).first().click()
  const read = async (count) => {
    for (let n = 0; n < count; n++) {
      const before = page.url()
      await page.keyboard.press('j')
      await page.waitForFunction((url) => location.href !== url, before, { polling: 'raf', timeout: 3000 }).catch(() => rows(page).first().click()) // the last one: from the beginning
      await page.locator('article').first().waitFor()
    }
  }
  const count = process.env.ALL_LOOKS === '1' ? READ_ALL : READ_SOME
  await read(Math.floor(count / 2)) // what is kept of the last ones is full
  await scriptsAreThere(page)
  const early = await heap()
  await read(count - Math.floor(count / 2))
  const late = await heap()
  const each = (late - early) / (count - Math.floor(count / 2))
  console.log(`mail: ${count} messages read: ${Math.round(early / 1024)} KiB of script's memory after half, ${Math.round(late / 1024)} after all`)
  check('a message read leaves little', each < KEPT_A_MESSAGE, `${Math.round(each)} bytes each`)
  await who.context.close()
}

/** The server's part for browsers dies while one works: it is said, nothing is lost, what came meanwhile is there. */
async function restarts(who) {
  const { page } = who
  await inbox(page)
  const { roles } = JSON.parse(execFileSync(process.env.BINARY, ['--data', process.env.DATA, 'status', '--json']))
  process.kill(roles.find((r) => r.name === 'web').pid, 'SIGSTOP')
  await quick(page, 'Nightly build: 3 tests failed', 'Flag')
  process.kill(roles.find((r) => r.name === 'web').pid, 'SIGKILL')
  await page.getByText('No connection to the server').waitFor()
  check('it is shown', await row(page, 'Nightly build: 3 tests failed').getByRole('img', { name: 'Flagged' }).isVisible())
  const imap = await Imap.open()
  await imap.append('INBOX', 'Came meanwhile')
  imap.close()
  await page.getByText('No connection to the server').waitFor({ state: 'detached', timeout: 30_000 })
  await row(page, 'Came meanwhile').waitFor({ timeout: 15_000 })
  await until('it was sent', async () => {
    const { ids } = await jmap(page, 'Email/query', { filter: { hasKeyword: '$flagged', subject: '"Nightly build: 3 tests failed"' } })
    return ids.length > 0
  }, 15_000)
  who.faults.length = 0 // the browser itself tells the console of each connection that was refused
}

/** Actions of a day, one after the other, in an order that looks like chance and is always the same. */
async function aDay(who) {
  const { page } = who
  await inbox(page)
  let seed = 7
  const chance = (n) => (seed = (seed * 48271) % 2147483647) % n
  const count = process.env.ALL_LOOKS === '1' ? 300 : 40
  const keys = ['j', 'j', 'j', 'k', 's', 'u', 'x', 'Escape', 'e', 'z', 'j', '#', 'z', 'i', 'j']
  for (let done = 0; done < count; done++) {
    const what = chance(10)
    if (what < 7) await page.keyboard.press(keys[chance(keys.length)])
    else if (what === 7) await rows(page).nth(chance(6)).click()
    else if (what === 8) {
      const chip = page.locator('button[aria-pressed]').first()
      if (await chip.isVisible()) await chip.click()
    }
    else await folder(page, ['Inbox', 'Archive', 'Sent', 'Projects'][chance(4)]).click()
    await page.waitForTimeout(40)
    if ((await page.locator('[data-id]').count()) === 0) await inbox(page)
  }
  await inbox(page)
  await innocent(who)
}

const ASKED = [/^\/(mail\/[^?]*)?(\?.*)?$/, /^\/assets\/[\w.-]+$/, /^\/(icon[\w-]*\.(svg|png)|manifest\.webmanifest|worker\.js)$/, /^\/jmap\/(session|api|eventsource\?.*|upload\/\w+|download\/.*)$/, /^\/api\/v1\/session(\/[\w-]+)?(\?.*)?$/]

/** Webmail is a client like any other: JMAP, the login, its own files. */
async function asksOnlyJmap(who, browser) {
  const asked = new Set()
  const other = await reader(browser)
  await other.context.close()
  const fresh = await (async () => {
    const p = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en-GB' })
    const page = await p.newPage()
    page.on('request', (r) => asked.add(new URL(r.url()).pathname + new URL(r.url()).search))
    return { context: p, page }
  })()
  const { page } = fresh
  await page.goto(origin + '/')
  await page.locator('input[type=email]').fill(EMMA)
  await page.locator('input[autocomplete=current-password]').fill(process.env.PASSWORD)
  await page.locator('button[type=submit]').click()
  await rows(page).first().click()
  await page.locator('article').first().waitFor()
  await page.keyboard.press('s')
  await page.keyboard.press('s')
  await page.keyboard.press('/')
  await page.keyboard.type('train')
  await page.locator('mark').first().waitFor()
  await folder(page, 'Archive').click()
  await settledMail(page)
  await page.evaluate(() => window.dispatchEvent(new Event('offline')))
  await page.waitForTimeout(1300)
  await fresh.context.close()
  const others = [...asked].filter((a) => !ASKED.some((p) => p.test(a)))
  check('nothing else is asked', others.length === 0, others.join(' '))
  check('but these were', [...asked].some((a) => a === '/jmap/api') && asked.size > 5, asked.size)
}

/** The stream that opens and the page that comes back ask for the folders while they are on their way: one request serves all. */
async function loadsOnce(who) {
  const page = await who.context.newPage()
  const asked = []
  await page.route('**/jmap/api', async (route) => {
    const { methodCalls } = route.request().postDataJSON()
    for (const [name, args] of methodCalls) if (name === 'Mailbox/get' && !args['#ids']) asked.push(args.accountId)
    if (asked.length > 0) await new Promise((go) => setTimeout(go, 700)) // a slow line
    await route.continue().catch(() => undefined)
  })
  await page.goto(origin + '/mail/me/inbox?only=') // with which no mail comes
  await rows(page).first().waitFor()
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await page.close()
  check('the folders of each account were asked for once', asked.length > 0 && new Set(asked).size === asked.length, asked.join())
}

/** Where conversations have more members than come at once, their rows are there all the same. */
async function longConversations(who) {
  const page = await who.context.newPage()
  let refused = 0
  await page.route('**/jmap/api', async (route) => {
    const { methodCalls } = route.request().postDataJSON()
    const members = methodCalls.filter(([name, args]) => name === 'Email/get' && args['#ids']?.name === 'Thread/get').map(([, , id]) => id)
    if (members.length === 0) return route.continue()
    refused += members.length
    const answer = await route.fetch()
    const { methodResponses, ...rest } = await answer.json()
    const json = { ...rest, methodResponses: methodResponses.map((r) => (members.includes(r[2]) ? ['error', { type: 'requestTooLarge' }, r[2]] : r)) }
    return route.fulfill({ response: answer, json })
  })
  await page.goto(origin + '/mail/me/inbox?only=') // with which no mail comes
  await row(page, 'Trip to Lyon').waitFor()
  check('the members did not come', refused > 0)
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await page.close()
}

const BUDGET = 250 * 1024

/** Script that is fetched before the list shows, as gzip. */
async function weight(who) {
  const page = await who.context.newPage() // of its own: in a frame without scripts its first one would be told to the console
  await page.addInitScript(() => {
    new MutationObserver((_, seen) => {
      if (!document.querySelector('main [data-id]')) return // the application's own, not the picture of it that comes first
      globalThis.__listed = performance.now()
      seen.disconnect()
    }).observe(document, { childList: true, subtree: true })
  })
  await inbox(page)
  const asked = await page.evaluate(() => performance.getEntriesByType('resource').filter((r) => r.startTime <= globalThis.__listed).map((r) => r.name))
  // Came with the page, or was asked by the first script (webmail/src/jmap/early.ts), and taken over by what shows the list.
  const sessions = asked.filter((n) => new URL(n).pathname === '/jmap/session').length
  check('the session is asked for once, or came with the page', sessions <= 1, sessions)
  await page.close()
  const scripts = asked.filter((n) => n.endsWith('.js'))
  const sizes = await Promise.all(
    scripts.map(
      (url) =>
        new Promise((resolve, reject) => {
          const request = https.get(url, { headers: { 'Accept-Encoding': 'gzip' }, rejectUnauthorized: false }, (answer) => {
            let bytes = 0
            answer.on('data', (d) => (bytes += d.length))
            answer.on('end', () => resolve(bytes))
          })
          request.on('error', reject)
        }),
    ),
  )
  const bytes = sizes.reduce((a, b) => a + b, 0)
  console.log(`mail: ${scripts.length} scripts, ${Math.round(bytes / 1024)} KiB gzip before the list shows`)
  check('script before the list shows', bytes <= BUDGET, `${bytes} bytes`)
}

/** What shows before the application is there is the same, at the same place; what is clicked in it is what the application opens. */
async function pictures(who) {
  const page = await who.context.newPage()
  const look = (within) => page.locator(`${within} [data-id]`).evaluateAll((all) => all.slice(0, 6).map((r) => [r.dataset.id, r.dataset.unread ?? '', r.textContent, Math.round(r.getBoundingClientRect().top), r.offsetHeight].join('|')))
  let release
  const held = new Promise((go) => (release = go))
  await page.route('**/assets/*.js', async (route) => {
    const isFirst = await page.evaluate((url) => document.querySelector('script[src]')?.src === url, route.request().url())
    if (!isFirst) await held
    await route.continue().catch(() => undefined)
  })
  await page.goto(origin + '/mail/me/inbox')
  await rows(page).nth(5).waitFor()
  const before = await look('[data-waiting]')
  check('there is a picture', before.length === 6 && (await page.locator('main').count()) === 0, before.length)
  const third = rows(page).nth(2)
  const id = await third.getAttribute('data-id')
  await third.click()
  check('the address follows', new URL(page.url()).pathname === `/mail/me/inbox/${id}`, page.url())
  release()
  await page.locator('main article').first().waitFor()
  check('the picture is gone', (await page.locator('[data-waiting]').count()) === 0)
  check('what was clicked is open', (await page.locator('main [data-open]').getAttribute('data-id')) === id)
  const after = await look('main')
  // What was opened has been read since.
  const others = (all) => all.filter((_, i) => i !== 2).join('\n')
  check('it showed the same', others(before) === others(after), before.filter((one, i) => i !== 2 && one !== after[i]).join('\n') + after.filter((one, i) => i !== 2 && one !== before[i]).join('\n'))
  await page.close()
}

/** Everybody's folder: read, which marks nothing, and posted to. */
async function publicFolders(who) {
  const { page } = who
  await inbox(page)
  const region = page.getByRole('region', { name: 'Public folders' })
  await region.getByRole('link', { name: 'Board', exact: true }).click()
  await row(page, 'Canteen closed on Friday').click()
  await page.locator('article').first().waitFor()
  await page.getByText('the room is booked').first().waitFor()
  const tools = page.getByRole('toolbar')
  check('nothing is offered that one may not do', (await tools.getByRole('button').allInnerTexts()).join() === 'Reply,Reply to all,Forward,More')
  check('what one cannot mark does not stand out', (await row(page, 'Canteen closed on Friday').getAttribute('data-unread')) === null)
  await region.getByRole('link', { name: 'Board', exact: true }).hover()
  await region.getByRole('button', { name: 'What can be done with Board' }).click()
  check('no more than that', (await page.getByRole('menuitem').allInnerTexts()).join() === 'Post in it')
  await page.getByRole('menuitem', { name: 'Post in it' }).click()
  await page.getByRole('dialog').getByText('Board', { exact: true }).waitFor()
  await page.reload()
  await innocent(who)
}

/** The page of a list brings its mail to whom it belongs, where a browser opens it, and to nobody and nothing else. */
async function comesWithMail({ context }) {
  const opened = { 'Sec-Fetch-Dest': 'document' }
  const brought = async (path, headers, from = context) => {
    const answer = await from.request.get(origin + path, { headers })
    const found = [...(await answer.text()).matchAll(/<script type="application\/json" data-ahead="(\w+)">(.*?)<\/script>/gs)]
    return { answer, all: Object.fromEntries(found.map(([, name, text]) => [name, JSON.parse(text)])) }
  }
  const { answer, all } = await brought('/mail/me/inbox', opened)
  check('all of it', Object.keys(all).join() === 'session,folders,page' && all.session.username === EMMA && all.page.methodResponses[1][1].list.length > 5, Object.keys(all).join())
  check('it is not kept', answer.headers()['cache-control'] === 'no-store', answer.headers()['cache-control'])
  check('the policy is the same', answer.headers()['content-security-policy'] === (await brought('/settings', {})).answer.headers()['content-security-policy'])
  const nobody = await context.browser().newContext({ ignoreHTTPSErrors: true })
  const none = { 'kept by a worker': ['/mail/me/inbox', {}], 'a search': ['/mail/me/inbox?q=x', opened], 'another page': ['/settings', opened], 'nobody': ['/mail/me/inbox', opened, nobody] }
  for (const [what, asked] of Object.entries(none)) check(what, Object.keys((await brought(...asked)).all).length === 0)
  check('a folder that there is not', Object.keys((await brought('/mail/me/nowhere', opened)).all).join() === 'session,folders')
  await nobody.close()
}

/** Who is logged out elsewhere stands before the login, without having touched anything. */
async function isLoggedOutElsewhere(browser) {
  const chappe = (...words) => execFileSync(process.env.BINARY, ['--data', process.env.DATA, ...words], { encoding: 'utf8' })
  const who = await reader(browser)
  await inbox(who.page)
  const ids = JSON.parse(chappe('session', 'list', EMMA, '--json')).sessions.filter((s) => s.kind === 'session').map((s) => s.id)
  chappe('session', 'end', EMMA, String(Math.max(...ids)))
  await who.page.locator('input[autocomplete=current-password]').waitFor()
  check('the same person is asked', (await who.page.locator('input[autocomplete=username]').inputValue()) === EMMA)
  await who.context.close()
}

export const mailWalkTests = [
  {
    name: 'mail/walks',
    open: (browser) => reader(browser),
    tests: [
      ['mail/walks/weight', weight],
      ['mail/walks/reads', reads],
      ['mail/walks/undoes', undoes],
      ['mail/walks/marks-several', marksSeveral],
      ['mail/walks/drags', drags],
      ['mail/walks/searches', searches],
      ['mail/walks/folders', keepsFolders],
      ['mail/walks/public-folders', publicFolders],
      ['mail/walks/files', takesFiles],
      ['mail/walks/agree', agree],
      ['mail/walks/memory', (_, browser) => keepsMemory(browser)],
      ['mail/walks/only-jmap', asksOnlyJmap],
      ['mail/walks/loads-once', loadsOnce],
      ['mail/walks/long-conversations', longConversations],
      ['mail/walks/pictures', pictures],
      ['mail/walks/comes-with-mail', comesWithMail],
      ['mail/walks/logged-out', (_, browser) => isLoggedOutElsewhere(browser)],
      ['mail/walks/a-day', aDay],
      ['mail/walks/restarts', restarts],
    ],
  },
]
