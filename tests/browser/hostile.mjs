// Every attack of attacks.json in every place where foreign text appears: nothing runs, nothing is asked of anybody else.
import { readFileSync } from 'node:fs'
import { check, origin, PASSWORD, person } from './kit.mjs'

const attacks = JSON.parse(readFileSync(new URL('./attacks.json', import.meta.url), 'utf8'))
const IN_ONE = 70
const carriers = Math.ceil(attacks.length / IN_ONE)

async function target(browser) {
  const who = await person(browser, { width: 1440, height: 900 })
  const { page } = who
  who.pictures = 0
  page.on('request', (r) => {
    if (r.url().includes('/jmap/picture')) who.pictures++
  })
  page.on('console', (m) => {
    if (/Blocked script|Blocked form|Blocked opening|Refused/i.test(m.text())) who.faults.push(`came as far as the frame: ${m.text()}`)
  })
  await page.addInitScript(() => {
    for (const name of ['alert', 'confirm', 'prompt', 'print']) globalThis[name] = () => (globalThis.__hostile = name)
  })
  await page.goto(origin + '/')
  await page.locator('input[type=email]').fill('target@attacks.example')
  await page.locator('input[autocomplete=current-password]').fill(PASSWORD)
  await page.locator('button[type=submit]').click()
  await page.locator('main#content').waitFor()
  who.folders = await page.evaluate(async () => {
    const session = await (await fetch('/jmap/session')).json()
    const accountId = session.primaryAccounts['urn:ietf:params:jmap:mail']
    const ask = async (methodCalls) => {
      const answer = await fetch('/jmap/api', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ using: ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail'], methodCalls }) })
      return (await answer.json()).methodResponses
    }
    const ids = Object.fromEntries((await ask([['Mailbox/get', { accountId }, 'a']]))[0][1].list.map((m) => [m.name, m.id]))
    const [carriers, plain] = (await ask(['Carriers', 'Plain'].map((name) => ['Email/query', { accountId, filter: { inMailbox: ids[name] } }, name]))).map((r) => r[1].ids)
    return { ids, carriers, plain }
  })
  return who
}

/** Nothing that was written by others has done anything, and the page is still the page. */
async function harmless(who) {
  const { page, faults } = who
  check('script ran', (await page.evaluate(() => globalThis.__hostile)) === undefined, await page.evaluate(() => String(globalThis.__hostile)))
  check('still here', page.url().startsWith(origin + '/mail'), page.url())
  check('foreign elements', (await page.locator('script:not([src^="/assets/"]), base, object, embed, meta[http-equiv]').count()) === 0)
  check('faults', faults.length === 0, faults.slice(0, 3).join('; '))
}

async function rows(who) {
  const { page, folders } = who
  await page.goto(`${origin}/mail/me/${folders.ids.Rows}`)
  const list = page.locator('[data-row], [role=row], [role=option]').first()
  await list.waitFor()
  const seen = new Set()
  const scroller = await page.evaluateHandle(() => [...document.querySelectorAll('main *')].filter((e) => e.scrollHeight > e.clientHeight + 200 && /auto|scroll/.test(getComputedStyle(e).overflowY)).sort((a, b) => b.scrollHeight - a.scrollHeight)[0])
  for (let at = 0; at < 200; at++) {
    const more = await scroller.evaluate((e) => {
      const before = e.scrollTop
      e.scrollTop += e.clientHeight - 80
      return { text: e.innerText, moved: e.scrollTop > before }
    })
    more.text.split('\n').forEach((l) => seen.add(l))
    if (!more.moved) break
    await page.waitForTimeout(60)
  }
  check('rows were shown', seen.size > attacks.length / 2, String(seen.size))
  await harmless(who)
}

/** Subject, sender, recipients, names of files, HTML: all of a message, shown, passed on (quoted, shown there, edited), and with its pictures. */
async function messages(who) {
  const { page, folders } = who
  check('carriers', folders.carriers.length === carriers, `${folders.carriers.length}`)
  for (const id of folders.carriers) {
    await page.goto('about:blank') // what the last one asked for is over
    const asked = who.pictures
    await page.goto(`${origin}/mail/me/${folders.ids.Carriers}/${id}`)
    const frame = page.locator('article iframe[sandbox], main iframe[sandbox]').first()
    await frame.waitFor()
    const sandbox = await frame.getAttribute('sandbox')
    check('sandbox', sandbox === 'allow-popups allow-popups-to-escape-sandbox', sandbox)
    await page.waitForTimeout(150)
    await page.getByRole('button', { name: 'Forward', exact: true }).click()
    const box = page.getByRole('dialog')
    await box.getByRole('button', { name: 'Show it' }).click()
    await box.getByRole('button', { name: 'Edit it' }).click()
    await box.getByRole('textbox', { name: 'Text of the message' }).waitFor()
    await page.waitForTimeout(100)
    await box.getByRole('button', { name: 'Discard the draft' }).click()
    await box.waitFor({ state: 'detached' })
    check('no picture was fetched unasked', who.pictures === asked, `${who.pictures - asked}`)
    const button = page.getByRole('button', { name: 'Show pictures' })
    if (await button.count()) await button.first().click()
    await page.waitForTimeout(150)
  }
  check('through the server', who.pictures > 0)
  // nobody answers at the attacks' host
  who.faults.splice(0, Infinity, ...who.faults.filter((f) => !/Failed to load resource: .* (?:400|403|404|415|429|502)/.test(f)))
  await harmless(who)
}

async function plain(who) {
  const { page, folders } = who
  await page.goto(`${origin}/mail/me/${folders.ids.Plain}/${folders.plain[0]}`)
  await page.getByText('alert(1)').first().waitFor()
  await page.waitForTimeout(300)
  const links = await page.locator('main a[href]').evaluateAll((all) => all.map((a) => [a.href, a.rel, a.target]))
  for (const [href, rel, to] of links) check('links', href.startsWith(origin) || (/^https?:/.test(href) && rel.includes('noopener') && to === '_blank'), `${href} ${rel} ${to}`)
  await harmless(who)
}

/** The server itself says it: names of folders and people, previews, snippets. */
async function wire(who) {
  const { page, folders } = who
  const joined = (n, of) => attacks.filter((_, i) => i % of === n).join(' ')
  await page.route('**/jmap/api', async (route) => {
    const answer = await route.fetch().catch(() => null)
    if (!answer) return route.continue()
    const body = await answer.json().catch(() => null)
    if (!body?.methodResponses) return route.fulfill({ response: answer })
    for (const [name, result] of body.methodResponses) {
      if (name === 'Mailbox/get' && result.list?.length) {
        const like = result.list.find((m) => !m.role) ?? result.list[0]
        attacks.forEach((attack, i) => result.list.push({ ...like, id: `f${i}`, name: attack, role: null, parentId: null, totalEmails: 0, unreadEmails: 0 }))
      }
      if (name === 'Email/get') result.list?.forEach((e, i) => 'preview' in e && (e.preview = joined(i % 10, 10)))
      if (name === 'SearchSnippet/get') result.list?.forEach((s, i) => Object.assign(s, { subject: `<mark>${joined(i % 10, 10)}</mark>`, preview: `${joined(i % 10, 10)} <mark>x</mark>` }))
      if (name === 'Principal/query') result.ids = Array.from({ length: 8 }, (_, i) => `p${i}`)
      if (name === 'Principal/get') result.list = Array.from({ length: 8 }, (_, i) => ({ id: `p${i}`, name: joined(i, 8), email: `p${i}@attacks.example`, type: 'individual' }))
      if (name === 'Identity/get') result.list?.forEach((one) => Object.assign(one, { name: joined(0, 1), htmlSignature: joined(0, 1), textSignature: joined(0, 1) }))
    }
    return route.fulfill({ response: answer, json: body })
  })
  // Without the mail that comes with it, so that what is altered here is asked for.
  await page.route(`${origin}/mail/**`, async (route) => {
    const answer = await route.fetch()
    const whole = await answer.text()
    check('no name ends an element', whole.match(/<\/script/gi).length === (whole.includes('data-ahead') ? 4 : 1), whole.length)
    return route.fulfill({ response: answer, body: whole.replace(/<script type="application\/json".*?<\/script>/gs, '') })
  })
  await page.goto(`${origin}/mail/me/${folders.ids.Rows}`)
  await page.getByText('<script>alert(1)</script>').first().waitFor()
  await harmless(who)
  await page.goto(`${origin}/mail/me/all?q=carrier`)
  await page.locator('main mark').first().waitFor()
  await page.waitForTimeout(300)
  await harmless(who)
  await page.getByRole('button', { name: 'New message' }).first().click()
  await page.getByRole('textbox', { name: 'Text of the message' }).waitFor()
  await page.locator('input[role=combobox]').first().fill('p')
  await page.getByRole('option').first().waitFor()
  await page.keyboard.press('Enter')
  await page.waitForTimeout(300)
  await harmless(who)
  await page.getByRole('button', { name: 'Discard the draft' }).click()
  await page.waitForTimeout(300)
  await page.unroute('**/jmap/api')
  await page.unroute(`${origin}/mail/**`)
}

async function pasted(who) {
  const { page, folders } = who
  await page.goto(`${origin}/mail/me/${folders.ids.Rows}`)
  await page.getByRole('button', { name: 'New message' }).first().click()
  const text = page.getByRole('textbox', { name: 'Text of the message' })
  await text.waitFor()
  await text.evaluate(async (el, all) => {
    for (const [i, html] of all.entries()) {
      const data = new DataTransfer()
      data.setData('text/html', html)
      data.setData('text/plain', 'x')
      el.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
      if (i % 100 === 0) await new Promise((go) => setTimeout(go, 0))
    }
  }, attacks)
  await page.waitForTimeout(300)
  const odd = await text.locator('script, iframe, object, embed, form, input, svg, math, style, link, meta, video, audio, [onclick], [onerror], [onload], img[src]:not([src^="data:"])').count()
  check('what is pasted keeps no such element', odd === 0, String(odd))
  await harmless(who)
  // and as a draft that was saved and opened again
  await page.getByRole('button', { name: 'Close and keep the draft' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await harmless(who)
}

export const hostileTests = [
  {
    name: 'hostile',
    open: target,
    tests: [
      ['hostile/rows', rows],
      ['hostile/messages', messages],
      ['hostile/plain', plain],
      ['hostile/wire', wire],
      ['hostile/pasted', pasted],
    ],
  },
]
