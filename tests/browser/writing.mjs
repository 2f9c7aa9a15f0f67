// What people do when they write, and what must survive.
import { axe, check, origin, PASSWORD, person } from './kit.mjs'

const shots = process.env.SHOTS
/** No two runs on one server write the same subjects. */
const run = Date.now().toString(36)
const shot = (page, name) => (shots ? page.screenshot({ path: `${shots}/writing-${name}.png` }) : undefined)

async function writer(browser, options = {}, login = 'emma@letters.example') {
  const who = await person(browser, options)
  const { page } = who
  await page.goto(origin + '/')
  await page.locator('input[type=email]').fill(login)
  await page.locator('input[autocomplete=current-password]').fill(PASSWORD)
  await page.locator('button[type=submit]').click()
  await page.locator('main#content').waitFor()
  return who
}

/** Asks the server itself, as another client of the same person. */
async function jmap(page, calls) {
  return page.evaluate(async (methodCalls) => {
    const session = await (await fetch('/jmap/session')).json()
    const accountId = session.primaryAccounts['urn:ietf:params:jmap:mail']
    const using = [...['core', 'mail', 'submission'].map((c) => `urn:ietf:params:jmap:${c}`), 'urn:chappe:params:jmap:account']
    const body = JSON.stringify({ using, methodCalls: methodCalls.map(([name, args], i) => [name, { accountId, ...args }, String(i)]) })
    const answer = await fetch('/jmap/api', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
    return (await answer.json()).methodResponses.map((r) => r[1])
  }, calls)
}
async function inFolder(page, role, subject) {
  const [{ list }] = await jmap(page, [['Mailbox/get', { properties: ['role'] }]])
  const id = list.find((m) => m.role === role).id
  const [{ ids }] = await jmap(page, [['Email/query', { filter: { operator: 'AND', conditions: [{ inMailbox: id }, { subject: `"${subject}"` }] } }]])
  return ids
}
async function until(what, ask, ms = 30_000) {
  const end = Date.now() + ms
  for (;;) {
    const got = await ask().catch(() => null)
    if (got) return got
    if (Date.now() > end) throw new Error(`not in time: ${what}`)
    await new Promise((go) => setTimeout(go, 150))
  }
}

const dialog = (page) => page.getByRole('dialog').last()
const body = (page) => dialog(page).getByRole('textbox', { name: 'Text of the message' })

async function begin(page) {
  for (const close of await page.getByRole('button', { name: 'Discard the draft' }).all()) await close.click().catch(() => {})
  await page.getByRole('button', { name: 'New message' }).first().click()
  await body(page).waitFor()
}
async function fill(page, { to = 'felix@letters.example', subject, text }) {
  const line = dialog(page).getByRole('combobox', { name: 'To' })
  await line.fill(to)
  await page.keyboard.press('Enter')
  await dialog(page).getByLabel('Subject').fill(subject)
  await body(page).click()
  await page.keyboard.type(text)
}
/** What is said of messages that left, once there is something. */
async function dismiss(page) {
  const all = page.getByRole('button', { name: 'Dismiss', exact: true })
  await all.first().waitFor()
  while ((await all.count()) > 0) await all.first().click()
}
const saved = (page) => dialog(page).getByText('Saved', { exact: true }).waitFor()
const innocent = (who) => check('faults', who.faults.filter((f) => !/ERR_|Failed to load resource/.test(f)).length === 0, who.faults.join('; ').slice(0, 400))

async function all({ page, ...who }) {
  await begin(page)
  await shot(page, 'empty')
  const line = dialog(page).getByRole('combobox', { name: 'To' })
  await line.fill('fel')
  await dialog(page).getByRole('option').first().waitFor()
  await shot(page, 'completion')
  await page.keyboard.press('Enter')
  await line.evaluate((el) => {
    const data = new DataTransfer()
    data.setData('text/plain', '"Doe, Jane" <jane@outside.example>; hostile@letters.example\nnobody')
    el.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  })
  check('a pasted list', (await dialog(page).getByRole('button', { name: /^Remove (?!formatting)/ }).count()) === 4)
  check('who is outside is marked', await dialog(page).getByText('1 recipient outside your organisation').isVisible())
  await dialog(page).getByRole('button', { name: 'Send', exact: true }).click()
  await dialog(page).getByText('Not all recipients are addresses').waitFor()
  await dialog(page).getByRole('button', { name: 'Remove nobody' }).click()
  await dialog(page).getByRole('button', { name: 'Remove Doe, Jane <jane@outside.example>' }).click()
  await body(page).click()
  await page.keyboard.press('Control+b')
  await page.keyboard.type('Bold')
  await page.keyboard.press('Control+b')
  await page.keyboard.type(' words. See the attached plan.')
  await dialog(page).getByRole('button', { name: 'Send', exact: true }).click()
  await dialog(page).getByText('This message has no subject').waitFor()
  await dialog(page).getByRole('button', { name: 'Go back' }).click()
  await dialog(page).getByLabel('Subject').fill(`All of it ${run}`)
  await dialog(page).getByRole('button', { name: 'Send', exact: true }).click()
  await dialog(page).getByText('The text speaks of an attachment').waitFor()
  await dialog(page).locator('input[data-kind=files]').setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('the plan') })
  await dialog(page).getByText('plan.txt').waitFor()
  const dot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  await dialog(page).locator('input[data-kind=pictures]').setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: Buffer.from(dot, 'base64') })
  await body(page).locator('img[src^="data:image/png"]').waitFor()
  await dialog(page).getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('menuitem', { name: 'High importance' }).click()
  await dialog(page).getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Ask for a receipt' }).click()
  await saved(page)
  await shot(page, 'full')
  const grave = await axe(page)
  check('axe', grave.length === 0, grave.join('; '))
  await dialog(page).getByRole('button', { name: 'Send', exact: true }).click()
  const ids = await until('it to be sent', async () => {
    const found = await inFolder(page, 'sent', `All of it ${run}`)
    return found.length > 0 && found
  })
  const properties = ['to', 'hasAttachment', 'attachments', 'htmlBody', 'bodyValues', 'header:Importance:asText', 'header:Disposition-Notification-To:asAddresses', 'keywords']
  const [{ list }] = await jmap(page, [['Email/get', { ids, properties, fetchHTMLBodyValues: true }]])
  const [mail] = list
  const html = mail.bodyValues[mail.htmlBody[0].partId].value
  check('one message', ids.length === 1)
  check('recipients', mail.to.map((a) => a.email).join() === 'felix@letters.example,hostile@letters.example', JSON.stringify(mail.to))
  check('bold', html.includes('<strong>Bold</strong>'), html)
  const picture = mail.attachments.find((a) => a.type === 'image/png')
  check('picture in the text', picture?.cid && html.includes(`cid:${picture.cid}`), html)
  check('file', mail.attachments.some((a) => a.name === 'plan.txt' && a.disposition === 'attachment'))
  check('importance', mail['header:Importance:asText'] === 'high')
  check('receipt', mail['header:Disposition-Notification-To:asAddresses']?.[0]?.email === 'emma@letters.example')
  check('no draft', !mail.keywords.$draft && (await inFolder(page, 'drafts', `All of it ${run}`)).length === 0)
  await dismiss(page) // so that no other test takes it back
  innocent(who)
}

async function undo({ page, ...who }) {
  await begin(page)
  await fill(page, { subject: `Wait a moment ${run}`, text: 'Not yet.' })
  await page.keyboard.press('Control+Enter')
  await page.getByRole('button', { name: 'Undo' }).click()
  await body(page).waitFor()
  check('it is there again', (await body(page).innerText()).includes('Not yet.'))
  // a newer version is put there before the older one goes
  await until('it to be among the drafts and not sent', async () => (await inFolder(page, 'drafts', `Wait a moment ${run}`)).length === 1 && (await inFolder(page, 'sent', `Wait a moment ${run}`)).length === 0)
  await dialog(page).getByRole('button', { name: 'Send later' }).click()
  await page.getByRole('menuitem', { name: /Tomorrow morning/ }).click()
  await dialog(page).getByRole('button', { name: /^Send on/ }).click()
  await page.getByText(/Message leaves/).waitFor()
  await until('it to be held', async () => {
    const [{ ids }] = await jmap(page, [['EmailSubmission/query', { filter: { undoStatus: 'pending' } }]])
    return ids.length > 0
  })
  await page.getByRole('button', { name: 'Account' }).click()
  await page.getByRole('menuitem', { name: 'Waiting to be sent' }).click()
  const back = page.getByRole('button', { name: 'Back to the drafts' })
  const line = page.getByRole('dialog').locator('div').filter({ hasText: `Wait a moment ${run}` }).filter({ has: back })
  await line.last().getByRole('button').click()
  await until('it to be a draft', async () => (await inFolder(page, 'drafts', `Wait a moment ${run}`)).length === 1)
  await page.keyboard.press('Escape')
  await dialog(page).getByRole('button', { name: 'Discard the draft' }).click()
  await until('it to be gone', async () => (await inFolder(page, 'drafts', `Wait a moment ${run}`)).length === 0)
  innocent(who)
}

/** Whoever never chose has some seconds; the settings change them, for every program that he writes with. */
async function undoByDefault({ page, ...who }) {
  const held = async (subject) => {
    const ids = await until('it to be sent', async () => {
      const found = await inFolder(page, 'sent', subject)
      return found.length > 0 && found
    })
    const [{ ids: found }] = await jmap(page, [['EmailSubmission/query', { filter: { emailIds: ids } }]])
    const [{ list: [one] }] = await jmap(page, [['EmailSubmission/get', { ids: found }]])
    const [{ list: mails }] = await jmap(page, [['Email/get', { ids, properties: ['sentAt'] }]])
    return (Date.parse(one.sendAt) - Date.parse(mails[0].sentAt)) / 1000
  }
  const choose = async (seconds) => {
    await page.goto(`${origin}/settings/general`)
    await page.getByRole('combobox', { name: 'Time to take back what was sent' }).click()
    await page.getByRole('option', { name: `${seconds} seconds`, exact: true }).click()
    await until('it to be kept', async () => (await jmap(page, [['Preferences/get', { ids: null }]]))[0].list[0].undoSend === seconds)
  }
  await begin(page)
  await fill(page, { subject: `Held by default ${run}`, text: 'Some seconds.' })
  await page.keyboard.press('Control+Enter')
  check('it waits some seconds', (await held(`Held by default ${run}`)) >= 5)
  await dismiss(page)
  await choose(30)
  await page.goto(`${origin}/mail/me/inbox`)
  await begin(page)
  await fill(page, { subject: `Held for longer ${run}`, text: 'Half a minute.' })
  await page.keyboard.press('Control+Enter')
  check('as chosen', (await held(`Held for longer ${run}`)) >= 30)
  await page.getByRole('button', { name: 'Undo' }).click()
  await body(page).waitFor()
  await dialog(page).getByRole('button', { name: 'Discard the draft' }).click()
  await dialog(page).waitFor({ state: 'detached' })
  await choose(5)
  innocent(who)
}

/** Asked for while one writes, the reminder is there once the message left. */
async function reminder({ page, ...who }) {
  await begin(page)
  await fill(page, { subject: `Tell me ${run}`, text: 'Are you coming?' })
  await dialog(page).getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('menuitem', { name: 'After 3 days' }).click()
  await dialog(page).getByRole('button', { name: 'Send', exact: true }).click()
  await until('the reminder', async () => {
    const [id] = await inFolder(page, 'sent', `Tell me ${run}`)
    const [{ list }] = await jmap(page, [['Snooze/get', { ids: null }]])
    const days = (Date.parse(list.find((s) => s.emailId === id && s.kind === 'reminder')?.until) - Date.now()) / 86_400_000
    return days > 2.9 && days <= 3
  })
  await dismiss(page)
  innocent(who)
}

async function answers({ page, ...who }) {
  await page.goto(`${origin}/mail/me/inbox`)
  await page.getByText('Trip to Lyon').first().click()
  await page.getByRole('button', { name: 'Reply to all' }).first().click()
  await body(page).waitFor()
  check('subject', (await dialog(page).getByLabel('Subject').inputValue()) === 'Re: Trip to Lyon')
  check('the sender is answered', (await dialog(page).getByRole('button', { name: /^Remove Marc Dupont/ }).count()) === 1)
  check('not oneself', (await dialog(page).getByRole('button', { name: /^Remove Emma/ }).count()) === 0)
  const text = dialog(page).getByRole('textbox', { name: 'Text of the message' })
  await text.click()
  await page.keyboard.type('See you there.')
  await dialog(page).getByRole('button', { name: 'Show it' }).click()
  await shot(page, 'reply')
  await saved(page)
  const [id] = await inFolder(page, 'drafts', 'Trip to Lyon')
  const [{ list }] = await jmap(page, [['Email/get', { ids: [id], properties: ['inReplyTo', 'references', 'textBody', 'bodyValues'], fetchTextBodyValues: true }]])
  const value = list[0].bodyValues[list[0].textBody[0].partId].value
  check('thread', list[0].inReplyTo?.length === 1 && list[0].references?.length >= 1)
  check('quoted', value.startsWith('See you there.') && value.includes('> Seats are booked'), value)
  await dialog(page).getByRole('button', { name: 'Discard the draft' }).click()
  await dialog(page).waitFor({ state: 'detached' })
  innocent(who)
}

/** The page is closed in the middle of a word; opened again, the word is there. */
async function survives(who, browser) {
  const { page, context } = who
  await begin(page)
  await fill(page, { subject: `Half a letter ${run}`, text: 'Everything that I typed' })
  await page.waitForTimeout(450)
  await context.setOffline(true)
  await page.keyboard.type(' and more')
  await page.waitForTimeout(500)
  await page.close({ runBeforeUnload: false })
  await context.setOffline(false)
  who.page = await context.newPage()
  await who.page.goto(`${origin}/mail/me/inbox`)
  await body(who.page).waitFor()
  const text = await body(who.page).innerText()
  check('all that was typed', text.includes('Everything that I typed and more'), text)
  await saved(who.page)
  check('one draft', (await inFolder(who.page, 'drafts', `Half a letter ${run}`)).length === 1)
  await dialog(who.page).getByRole('button', { name: 'Discard the draft' }).click()
  await dialog(who.page).waitFor({ state: 'detached' })
}

/** Answers get lost: the server has done what was asked, and is asked again. */
async function once(who) {
  const { page } = who
  let lost = 0
  await page.route('**/jmap/api', async (route) => {
    const asked = route.request().postData() ?? ''
    const isChange = /"Email(?:Submission)?\/set"/.test(asked)
    if (!isChange || lost >= 3) return route.continue()
    lost++
    await route.fetch() // done there
    return route.abort('connectionreset')
  })
  await begin(page)
  await fill(page, { subject: `Exactly once ${run}`, text: 'Not twice.' })
  await page.keyboard.press('Control+Enter')
  await until('it to be sent', async () => (await inFolder(page, 'sent', `Exactly once ${run}`)).length > 0, 60_000)
  await page.unroute('**/jmap/api')
  await page.waitForTimeout(1500)
  check('answers were lost', lost >= 2, String(lost))
  check('sent once', (await inFolder(page, 'sent', `Exactly once ${run}`)).length === 1)
  check('no version is left', (await inFolder(page, 'drafts', `Exactly once ${run}`)).length === 0)
  const [{ ids }] = await jmap(page, [['EmailSubmission/query', { filter: { emailIds: await inFolder(page, 'sent', `Exactly once ${run}`) } }]])
  check('one submission', ids.length === 1, String(ids.length))
}

/** No network while it is sent: it leaves when there is one. */
async function offline(who) {
  const { page, context } = who
  await begin(page)
  await fill(page, { subject: `By the next train ${run}`, text: 'Later.' })
  await dialog(page).locator('input[data-kind=files]').setInputFiles({ name: 'a.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(200_000, 7) })
  await saved(page)
  await context.setOffline(true)
  await dialog(page).getByRole('button', { name: 'Send', exact: true }).click()
  await dialog(page).getByText('No connection').waitFor()
  await shot(page, 'offline')
  await context.setOffline(false)
  await until('it to leave', async () => (await inFolder(page, 'sent', `By the next train ${run}`)).length === 1, 60_000)
  check('no draft', (await inFolder(page, 'drafts', `By the next train ${run}`)).length === 0)
}

async function phone(who) {
  const { page } = who
  await page.goto(`${origin}/mail/me/inbox`)
  await page.evaluate(() => localStorage.setItem('chappe.language', 'fr'))
  await page.reload()
  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('button', { name: 'Nouveau message' }).first().click()
  await page.getByRole('textbox', { name: 'Texte du message' }).waitFor()
  await page.waitForTimeout(300)
  await shot(page, 'phone-fr-dark')
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  check('wider than the screen', wide <= 1, String(wide))
  const grave = await axe(page)
  check('axe', grave.length === 0, grave.join('; '))
  await page.getByRole('button', { name: 'Fermer et garder le brouillon' }).click()
  await page.getByRole('dialog').last().waitFor({ state: 'detached' })
  innocent(who)
}

export const writingTests = [
  {
    name: 'writing',
    open: (browser) => writer(browser),
    tests: [
      ['writing/all', all],
      ['writing/undo', undo],
      ['writing/reminder', reminder],
      ['writing/answers', answers],
      ['writing/survives', survives],
      ['writing/once', once],
      ['writing/offline', offline],
    ],
  },
  { name: 'writing by default', open: (browser) => writer(browser, {}, 'felix@letters.example'), tests: [['writing/undo-by-default', undoByDefault]] },
  { name: 'writing on a phone', open: (browser) => writer(browser, { width: 390, height: 844, dark: true }), tests: [['writing/phone', phone]] },
]

