// Times of the webmail with a large folder, from what somebody does to what he sees. See bench-mail beside this file.
import { openBrowser, origin, person, withoutWorker } from './kit.mjs'
import { button, Imap, reader, row, rows, settledMail } from './mail-kit.mjs'

const TIMES = 7
const LOGIN = process.env.LOGIN
const browser = await openBrowser()
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

/** The best, the median and all of some times. `aim`: what the median should not pass. */
async function timed(name, aim, once) {
  const taken = []
  for (let i = 0; i < TIMES; i++) taken.push(await once(i))
  const middle = Math.round(median(taken))
  console.log(`${middle <= aim ? 'ok  ' : 'SLOW'} ${name.padEnd(52)} ${String(middle).padStart(6)} ms, at most ${aim} (${taken.map(Math.round).join(' ')})`)
}

/** Until the page shows it. */
const shown = (page, condition, argument) => page.waitForFunction(condition, argument, { polling: 'raf', timeout: 60_000 })
const hasRows = () => document.querySelectorAll('[data-id]').length >= 10

const { context, page } = await reader(browser, {}, LOGIN)
const cookies = await context.storageState()

/** A browser that has never been here, but whose owner is logged in. */
await timed('cold browser: the folder can be used', 1000, async () => {
  const fresh = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 }, storageState: cookies })
  await withoutWorker(fresh)
  const tab = await fresh.newPage()
  const began = performance.now()
  await tab.goto(`${origin}/mail/me/inbox`, { waitUntil: 'commit' })
  await shown(tab, hasRows)
  const took = performance.now() - began
  await fresh.close()
  return took
})
await timed('warm reload', 500, async () => {
  const began = performance.now()
  await page.reload({ waitUntil: 'commit' })
  await shown(page, hasRows)
  return performance.now() - began
})

/** Frames in which a row on the screen was blank, while the list is scrolled by a screen every tenth of a second. */
const scrolled = async (screens) => {
  await page.goto(`${origin}/mail/me/inbox`)
  await settledMail(page)
  return page.evaluate(async (count) => {
    const list = document.querySelector('[role=grid]').parentElement
    const edges = list.getBoundingClientRect()
    let frames = 0
    let blank = 0
    let late = 0
    let before = performance.now()
    let running = true
    const watch = (now) => {
      frames++
      if (now - before > 50) late++
      before = now
      for (const r of document.querySelectorAll('[data-blank]')) {
        const { top, bottom } = r.getBoundingClientRect()
        if (bottom > edges.top && top < edges.bottom) {
          blank++
          break
        }
      }
      if (running) requestAnimationFrame(watch)
    }
    requestAnimationFrame(watch)
    for (let n = 0; n < count; n++) {
      for (let part = 0; part < 6; part++) {
        list.scrollTop += list.clientHeight / 6
        await new Promise((go) => setTimeout(go, 16))
      }
    }
    running = false
    return { frames, blank, late }
  }, screens)
}
const { frames, blank, late } = await scrolled(40)
console.log(`${blank === 0 ? 'ok  ' : 'SLOW'} 40 screens scrolled, ten a second: ${blank} of ${frames} frames had a blank row, ${late} came after more than 50 ms`)

await timed('jump into the middle: all rows are there', 300, async (i) => {
  await page.goto(`${origin}/mail/me/inbox`)
  await settledMail(page)
  return page.evaluate(async (part) => {
    const list = document.querySelector('[role=grid]').parentElement
    const began = performance.now()
    list.scrollTop = list.scrollHeight * part
    const edges = list.getBoundingClientRect()
    for (;;) {
      await new Promise((go) => requestAnimationFrame(go))
      const inside = [...document.querySelectorAll('[data-id], [data-blank]')].filter((r) => {
        const { top, bottom } = r.getBoundingClientRect()
        return bottom > edges.top && top < edges.bottom
      })
      if (inside.length > 5 && inside.every((r) => r.dataset.id)) return performance.now() - began
    }
  }, 0.3 + 0.07 * i)
})

await timed('open a message', 100, async (i) => {
  const target = rows(page).nth(3 + i)
  const id = await target.getAttribute('data-id')
  const clicked = page.evaluate(() => new Promise((done) => addEventListener('click', () => done(performance.now()), { capture: true, once: true })))
  await target.click()
  const began = await clicked
  await shown(page, (wanted) => location.pathname.endsWith(wanted) && document.querySelector('article iframe, article pre, article [class*=plain]'), id)
  return (await page.evaluate(() => performance.now())) - began
})

/** From the last key to the first row that shows a mark. */
const search = async (words) => {
  await page.goto(`${origin}/mail/me/inbox`)
  await settledMail(page)
  await page.getByLabel('Search mail').fill(words.slice(0, -1))
  await page.waitForTimeout(600)
  const pressed = page.evaluate(() => new Promise((done) => addEventListener('keydown', () => done(performance.now()), { capture: true, once: true })))
  await page.keyboard.press(words.at(-1))
  const began = await pressed
  const found = await page.evaluate(
    (q) =>
      new Promise((done) => {
        const look = () => {
          if (new URLSearchParams(location.search).get('q') === q && document.querySelector('[data-id] mark')) done(performance.now())
          else requestAnimationFrame(look)
        }
        look()
      }),
    words,
  )
  return found - began
}
await timed('search: a word that a quarter has', 300, (i) => search(`common${i}`))
await timed('search: a word that one has', 300, (i) => search(`rare${i}`))
await timed('search: of the subject', 300, (i) => search(`subject:${3000 + 3 * i}`))

await timed('new message: can be typed into', 300, async () => {
  await page.goto(`${origin}/mail/me/inbox`)
  await settledMail(page)
  const began = performance.now()
  await button(page, 'New message').click()
  await page.getByRole('textbox', { name: 'Text of the message' }).waitFor()
  const took = performance.now() - began
  await page.getByRole('button', { name: 'Discard the draft' }).click()
  return took
})

const imap = await Imap.open(LOGIN)
await timed('new mail is shown after it was kept', 1000, async (i) => {
  const subject = `Brand new ${i}`
  await page.goto(`${origin}/mail/me/inbox`)
  await settledMail(page)
  const seen = row(page, subject).waitFor().then(() => performance.now())
  await imap.append('INBOX', subject)
  const began = performance.now()
  return Math.max(0, (await seen) - began)
})
imap.close()

await timed('a key in the list', 50, async () => {
  await page.goto(`${origin}/mail/me/inbox`)
  await settledMail(page)
  return page.evaluate(
    () =>
      new Promise((done) => {
        const began = performance.now()
        document.dispatchEvent(new KeyboardEvent('keydown', { key: 'x', bubbles: true }))
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }))
        const look = () => (document.querySelector('[data-open]') ? done(performance.now() - began) : requestAnimationFrame(look))
        look()
      }),
  )
})
const { page: measured, context: own } = await person(browser)
let bytes = 0
const probe = await own.newCDPSession(measured)
await probe.send('Network.enable')
probe.on('Network.loadingFinished', (e) => (bytes += e.encodedDataLength))
await own.addCookies(cookies.cookies)
await measured.goto(`${origin}/mail/me/inbox`)
await settledMail(measured)
console.log(`     a cold browser fetches ${Math.round(bytes / 1024)} KiB in all before the list is settled`)
await browser.close()
