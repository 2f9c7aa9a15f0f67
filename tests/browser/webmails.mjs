// Two webmails, as the same hands use them: each function gives milliseconds from what was done to what can be seen.
import { logIn, withoutWorker } from './kit.mjs'
import { Imap, jmap, rows, settledMail } from './mail-kit.mjs'

const VIEW = { ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 }, locale: 'en-GB', reducedMotion: 'reduce' }
const PATIENCE = { polling: 'raf', timeout: 120_000 }
const shown = (page, condition, argument) => page.waitForFunction(condition, argument, PATIENCE)
/** Somebody looks at a list before he does something with it. */
const LOOKED_AT_MS = 1500

/** From the event that the page gets until it shows what is asked for; both clocks are the page's. */
async function between(page, event, act, condition, argument) {
  await page.evaluate((type) => {
    delete window.__began
    addEventListener(type, () => (window.__began = performance.now()), { capture: true, once: true })
  }, event)
  await act()
  const handle = await shown(page, condition, argument)
  return (await handle.jsonValue()) - (await page.evaluate(() => window.__began))
}

const titleOf = (kind, i) => `${kind} ${i % 15}`
const named = (kind, i) => new RegExp(`${titleOf(kind, i)}(?!\\d)`)

class Webmail {
  constructor(browser) {
    this.browser = browser
  }

  async tab() {
    const context = await this.browser.newContext(VIEW)
    return { context, page: await context.newPage() }
  }

  /** A browser that has never been here, but whose owner is logged in. */
  async fresh(use) {
    const context = await this.browser.newContext({ ...VIEW, storageState: { cookies: (await this.context.storageState()).cookies, origins: [] } })
    await withoutWorker(context)
    try {
      return await use(await context.newPage())
    } finally {
      await context.close()
    }
  }

  cold(folder) {
    return this.fresh(async (page) => {
      const began = performance.now()
      await page.goto(this.address(folder), { waitUntil: 'commit' })
      await shown(page, this.hasRows)
      return performance.now() - began
    })
  }

  /** Somebody clicks as soon as he sees something to click: until he can read it. */
  coldRead(i) {
    return this.fresh(async (page) => {
      const began = performance.now()
      await page.goto(this.address('inbox'), { waitUntil: 'commit' })
      await shown(page, this.hasRows)
      await this.rowOf(page, 'small', i).click()
      await shown(page, this.hasRead, ['small', titleOf('small', i)])
      return performance.now() - began
    })
  }

  /** Until the list is the one that everything can be done with. */
  coldWhole(folder) {
    return this.fresh(async (page) => {
      const began = performance.now()
      await page.goto(this.address(folder), { waitUntil: 'commit' })
      await shown(page, this.hasWholeList)
      return performance.now() - began
    })
  }

  async reload(folder) {
    await this.goTo(folder)
    const began = performance.now()
    await this.page.reload({ waitUntil: 'commit' })
    await shown(this.page, this.hasRows)
    return performance.now() - began
  }

  fetched(folder, counts) {
    return this.fresh(async (page) => {
      const probe = await page.context().newCDPSession(page)
      await probe.send('Network.enable')
      const types = new Map()
      let bytes = 0
      probe.on('Network.responseReceived', (e) => types.set(e.requestId, e.type))
      probe.on('Network.loadingFinished', (e) => counts(types.get(e.requestId)) && (bytes += e.encodedDataLength))
      await page.goto(this.address(folder))
      await shown(page, this.hasRows)
      await page.waitForTimeout(1500)
      return bytes / 1024
    })
  }

  /** From the end of APPEND until it is in the list. */
  async news(i) {
    const subject = `Brand new ${i} ${Math.random().toString(36).slice(2, 8)}`
    await this.goTo('inbox')
    const seen = shown(this.page, this.hasSubject, subject).then(() => performance.now())
    await this.imap.append('INBOX', subject)
    const began = performance.now()
    return Math.max(1, (await seen) - began)
  }
}

export class Chappe extends Webmail {
  name = 'Chappe'
  hasRows = () => document.querySelectorAll('[data-id]').length >= 10
  hasSubject = (subject) => [...document.querySelectorAll('[data-id]')].some((r) => r.textContent.includes(subject))

  async enter() {
    Object.assign(this, await this.tab())
    await this.page.goto(process.env.CONSOLE)
    await logIn(this.page, process.env.LOGIN)
    await settledMail(this.page)
    this.big = (await jmap(this.page, 'Mailbox/get')).list.find((m) => m.name === process.env.FOLDER).id
    this.imap = await Imap.open(process.env.LOGIN)
  }

  address(folder) {
    return `${process.env.CONSOLE}/mail/me/${folder === 'big' ? this.big : 'inbox'}`
  }
  async goTo(folder) {
    await this.page.goto(this.address(folder))
    await settledMail(this.page)
    await this.page.waitForTimeout(LOOKED_AT_MS)
  }

  hasWholeList = () => document.querySelector('#root [data-id]') !== null
  rowOf = (page, kind, i) => rows(page).filter({ hasText: named(kind, i) }).first()
  hasRead = ([what, subject]) => {
    const article = document.querySelector('article')
    if (!article || ![...document.querySelectorAll('h2')].some((h) => h.textContent === subject)) return false
    const has = what === 'newsletter' ? window.__framed : article.querySelector('p')?.textContent.length > 200
    return has && (what !== 'attachment' || article.textContent.includes('plan.pdf')) ? performance.now() : false
  }

  async open(kind, i) {
    await this.goTo('inbox')
    const row = this.rowOf(this.page, kind, i)
    await row.scrollIntoViewIfNeeded()
    await this.page.evaluate(() => {
      window.__framed = false
      // A frame's first document, which is empty, loads as well.
      document.addEventListener('load', (e) => (window.__framed ||= e.target instanceof HTMLIFrameElement && e.target.srcdoc !== ''), true)
    })
    return between(this.page, 'click', () => row.click(), this.hasRead, [kind, titleOf(kind, i)])
  }

  /** As one types: what is waited for follows the last key. */
  async search(where, words) {
    await this.goTo('big')
    const text = where === 'subject' ? `subject:"${words}"` : words
    await this.page.getByLabel('Search mail').fill(text.slice(0, -1))
    await this.page.waitForTimeout(1000)
    const found = (q) => new URLSearchParams(location.search).get('q') === q && document.querySelector('[data-id] mark') ? performance.now() : false
    return between(this.page, 'keydown', () => this.page.keyboard.press(text.at(-1)), found, text)
  }

  async scrolled(to) {
    await this.goTo('big')
    return this.page.evaluate(async (place) => {
      const list = document.querySelector('[role=grid]').parentElement
      const edges = list.getBoundingClientRect()
      const began = performance.now()
      list.scrollTop = place === null ? list.scrollTop + list.clientHeight : list.scrollHeight * place
      for (;;) {
        await new Promise((go) => requestAnimationFrame(go))
        const inside = [...document.querySelectorAll('[data-id], [data-blank]')].filter((r) => {
          const { top, bottom } = r.getBoundingClientRect()
          return bottom > edges.top && top < edges.bottom
        })
        if (inside.length > 5 && inside.every((r) => r.dataset.id)) return performance.now() - began
      }
    }, to)
  }
  next() {
    return this.scrolled(null)
  }
  jump(part) {
    return this.scrolled(part)
  }

  /** It has one way to begin: with formatting. */
  async write() {
    await this.goTo('inbox')
    const editable = () => (document.querySelector('[role=dialog] [contenteditable=true]') ? performance.now() : false)
    const took = await between(this.page, 'click', () => this.page.getByRole('button', { name: 'New message', exact: true }).click(), editable)
    await this.page.getByRole('button', { name: 'Discard the draft' }).click()
    return took
  }
}

export class Roundcube extends Webmail {
  name = 'Roundcube'
  hasRows = () => document.querySelectorAll('#messagelist tbody tr.message').length >= 10
  hasWholeList = () => document.querySelector('#messagelist tbody tr.message') !== null && !window.rcmail.busy
  hasSubject = (subject) => document.querySelector('#messagelist')?.textContent.includes(subject)

  async enter() {
    Object.assign(this, await this.tab())
    this.plain = process.env.PEER_PLAIN
    await this.page.goto(this.plain)
    await this.page.locator('#rcmloginuser').fill(process.env.PEER_LOGIN)
    await this.page.locator('#rcmloginpwd').fill(process.env.PASSWORD)
    await this.page.locator('#rcmloginsubmit').click()
    await shown(this.page, this.hasRows)
    this.imap = await Imap.open(process.env.PEER_LOGIN, Number(process.env.PEER_IMAP_PORT))
  }

  address(folder, origin = this.plain) {
    return `${origin}/?_task=mail&_mbox=${folder === 'big' ? process.env.FOLDER : 'INBOX'}`
  }
  async goTo(folder, origin) {
    await this.page.goto(this.address(folder, origin))
    await shown(this.page, this.hasRows)
    await this.idle()
  }
  async idle() {
    await shown(this.page, () => !window.rcmail.busy)
    await this.page.waitForTimeout(LOOKED_AT_MS)
  }

  rowOf = (page, kind, i) => page.locator('#messagelist tbody tr.message', { hasText: named(kind, i) }).first()
  /** Shown in the frame beside the list, whose document is looked into as soon as it has a text. */
  hasRead = ([what, subject]) => {
    const inner = document.querySelector('#messagecontframe')?.contentDocument
    if (!inner || inner.readyState === 'loading' || !inner.querySelector('h2.subject')?.textContent.includes(subject)) return false
    const text = inner.querySelector('#messagebody')?.textContent.length > 200
    return text && (what !== 'attachment' || inner.querySelector('#attachment-list li')) ? performance.now() : false
  }

  async open(kind, i) {
    await this.goTo('inbox')
    const row = this.rowOf(this.page, kind, i)
    await row.scrollIntoViewIfNeeded()
    return between(this.page, 'mousedown', () => row.click(), this.hasRead, [kind, titleOf(kind, i)])
  }

  async search(where, words) {
    await this.goTo('big')
    await this.page.evaluate((mod) => (window.rcmail.env.search_mods = { '*': { [mod]: 1 }, [window.rcmail.env.mailbox]: { [mod]: 1 } }), where)
    await this.page.locator('#mailsearchform').fill(words)
    const found = (text) => {
      const { rcmail } = window
      const list = [...document.querySelectorAll('#messagelist tbody tr.message')]
      return !rcmail.busy && rcmail.env.search_request && list.length > 0 && list.length < 40 && text ? performance.now() : false
    }
    return between(this.page, 'keydown', () => this.page.locator('#mailsearchform').press('Enter'), found, words)
  }

  async page_(act) {
    await this.goTo('big')
    return this.page.evaluate(async (what) => {
      const { rcmail } = window
      const first = () => document.querySelector('#messagelist tbody tr.message')?.id
      const before = first()
      const began = performance.now()
      if (what === null) rcmail.command('nextpage')
      else rcmail.list_page(Math.floor(rcmail.env.pagecount * what))
      while (!first() || first() === before || document.querySelectorAll('#messagelist tbody tr.message').length < 10) await new Promise((go) => requestAnimationFrame(go))
      return performance.now() - began
    }, act)
  }
  next() {
    return this.page_(null)
  }
  jump(part) {
    return this.page_(part)
  }

  /** The page is another one afterwards, so the clock is that of all pages. */
  async write(how) {
    await this.goTo('inbox', how === 'rich' ? process.env.PEER_RICH : this.plain)
    const began = this.page.evaluate(() => new Promise((done) => addEventListener('click', () => done(performance.timeOrigin + performance.now()), { capture: true, once: true })))
    await this.page.locator('a.compose').first().click()
    const start = await began
    const editable = (rich) => {
      const body = document.querySelector('#composebody')
      const inner = document.querySelector('#composebody_ifr')?.contentDocument?.body
      const ready = rich ? inner?.isContentEditable : body && !body.disabled && body.offsetHeight > 0 && window.rcmail?.env.action === 'compose'
      return ready ? performance.timeOrigin + performance.now() : false
    }
    const handle = await shown(this.page, editable, how === 'rich')
    return (await handle.jsonValue()) - start
  }
}
