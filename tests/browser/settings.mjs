// The settings of the webmail: every page in every look, and what people do there.
import { createHmac } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createConnection } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { axe, check, innocent, logIn, origin, PASSWORD, person, picture } from './kit.mjs'
import { ask, asked, row } from './mail-kit.mjs'

const require = createRequire(new URL('../../webmail/package.json', import.meta.url))
const EMMA = 'emma@letters.example'
const FELIX = 'felix@letters.example'
const STRANGER = 'target@attacks.example'
/** No two runs on one server write the same subjects. */
const run = Date.now().toString(36)

const pages = {
  index: '/settings',
  general: '/settings/general',
  identities: '/settings/identities',
  'identities-add': '/settings/identities?dialog=add',
  reply: '/settings/reply',
  rules: '/settings/rules',
  'rules-add': '/settings/rules?dialog=add',
  forward: '/settings/forward',
  folders: '/settings/folders',
  delegates: '/settings/delegates',
  quota: '/settings/quota',
  transfer: '/settings/transfer',
  senders: '/settings/senders',
  security: '/settings/security',
  'security-totp': '/settings/security?dialog=totp',
  'security-app': '/settings/security?dialog=app',
  sessions: '/settings/sessions',
  trace: '/settings/trace',
  none: '/settings/nothing',
}
const everyLook = [
  { name: 'en-light-1440', width: 1440, height: 900, language: 'en', dark: false },
  { name: 'fr-dark-390', width: 390, height: 844, language: 'fr', dark: true },
  { name: 'fr-light-1024', width: 1024, height: 768, language: 'fr', dark: false },
  { name: 'en-dark-1024', width: 1024, height: 768, language: 'en', dark: true },
]
const looks = process.env.ALL_LOOKS === '1' ? everyLook : everyLook.slice(0, 2)

async function mailUser(browser, login, options = {}, password = PASSWORD) {
  const who = await person(browser, options)
  who.context.setDefaultTimeout(20_000)
  who.page.on('request', (r) => {
    const path = new URL(r.url()).pathname
    if (r.url().startsWith(origin) && !/^\/(?:jmap\/|api\/v1\/session|assets\/|settings|mail|[^/]*\.\w+$|$)/.test(path)) who.faults.push(`no JMAP: ${path}`)
  })
  await who.page.goto(origin + '/')
  await logIn(who.page, login, password)
  await who.page.locator('nav a[aria-current=page], [role=grid]').first().waitFor({ state: 'attached' })
  return who
}

/** From page to page without a reload, as a click goes. */
async function go(page, path) {
  await page.goto(origin + path)
  await page.locator('main :is(h1, h2):visible').first().waitFor()
  if (/settings\/(?!nothing)/.test(path)) await page.locator('main section').first().waitFor()
  await page.waitForFunction(() => !document.querySelector('.mantine-Skeleton-root'))
  await page.waitForTimeout(120)
}

async function look(who, path, name) {
  const { page } = who
  who.faults.length = 0
  await go(page, path)
  if (path.includes('dialog=')) await page.locator('[role=dialog]').first().waitFor()
  await picture(page, `settings-${name}`)
  await innocent(who)
  const unsaid = await page.evaluate(() => /\b(?:page|lead|op|do|field|match|role|does|right|outside|density|pane|theme|of|lack|kind|protocol)\.(?!example)[a-z]\w+\b/.exec(document.body.innerText)?.[0] ?? '')
  check('a text is missing in the catalogue', unsaid === '', unsaid)
  const found = await axe(page)
  check('axe', found.length === 0, found.join(' | '))
}

function pageTests() {
  mkdirSync(process.env.SHOTS, { recursive: true })
  return looks.map((l) => ({
    name: `settings/${l.name}`,
    open: (browser) => mailUser(browser, EMMA, l),
    tests: Object.entries(pages).map(([name, path]) => [`settings/${l.name}/${name}`, (who) => look(who, path, `${name}.${l.name}`)]),
  }))
}

// ---- what people do

const button = (page, name) => page.getByRole('button', { name, exact: true })
const dialog = (page) => page.getByRole('dialog')

/** A conversation by lines: sends each, waits for an answer that begins as said. Gives the last answer. */
async function lines(port, steps) {
  const socket = createConnection({ host: '127.0.0.1', port })
  socket.setEncoding('utf8')
  let text = ''
  let heard = () => {}
  socket.on('data', (more) => {
    text += more
    heard()
  })
  const until = (pattern) =>
    new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`no ${pattern} in ${text}`)), 20_000)
      heard = () => {
        const found = pattern.exec(text)
        if (!found) return
        clearTimeout(timer)
        text = text.slice(found.index + found[0].length)
        done(found[0])
      }
      heard()
    })
  let last = ''
  for (const [say, answer] of steps) {
    if (say) socket.write(say)
    last = await until(answer)
  }
  socket.end()
  return last
}

/** As a neighbour hands over mail from outside. */
const deliver = (from, to, subject) =>
  lines(Number(process.env.SMTP_PORT), [
    ['', /^220 .*\r\n/m],
    ['EHLO outside.example\r\n', /^250 .*\r\n/m],
    [`MAIL FROM:<${from}>\r\n`, /^250 .*\r\n/m],
    [`RCPT TO:<${to}>\r\n`, /^250 .*\r\n/m],
    ['DATA\r\n', /^354 .*\r\n/m],
    [`From: <${from}>\r\nTo: <${to}>\r\nSubject: ${subject}\r\nMessage-ID: <${Date.now()}@outside.example>\r\nDate: ${new Date().toUTCString()}\r\n\r\nHello.\r\n.\r\n`, /^250 .*\r\n/m],
    ['QUIT\r\n', /^221 .*\r\n/m],
  ])

const imapLogin = async (login, password) => (await lines(Number(process.env.IMAP_PORT), [['', /^\* OK.*\r\n/m], [`a LOGIN ${login} "${password}"\r\n`, /^a (?:OK|NO|BAD).*\r\n/m]])).slice(2, 4)

async function eventually(what, is) {
  for (const end = Date.now() + 20_000; ; ) {
    if (await is()) return
    check(what, Date.now() < end)
    await new Promise((go) => setTimeout(go, 150))
  }
}
const folderOf = async (login, name) => (await ask(login, 'Mailbox/get', { ids: null })).list.find((m) => m.name === name)
const subjectsIn = async (login, name) => {
  const { ids } = await ask(login, 'Email/query', { filter: { inMailbox: (await folderOf(login, name)).id } })
  return (await ask(login, 'Email/get', { ids, properties: ['subject'] })).list.map((m) => m.subject)
}

/** Away with another text for people outside; who writes is of another organisation. */
async function automaticReply(who) {
  const { page } = who
  await go(page, '/settings/reply')
  await page.getByLabel('Send automatic replies').check()
  await page.getByRole('textbox', { name: 'Text' }).first().fill('I am in the mountains. Ask Emma.')
  await page.getByLabel('Another text').check()
  await page.getByRole('textbox', { name: 'Text for people outside' }).fill('I am away until Monday.')
  await page.getByLabel('Last day and hour').fill('2099-01-31T18:00')
  await button(page, 'Save').click()
  await page.getByText('Automatic replies are being sent').waitFor()
  await deliver(STRANGER, FELIX, 'Are you there?')
  let found = []
  await eventually('the reply', async () => {
    found = (await ask(STRANGER, 'Email/query', { filter: { from: FELIX } })).ids
    return found.length > 0
  })
  const reply = (await ask(STRANGER, 'Email/get', { ids: found, fetchTextBodyValues: true })).list[0]
  check('the text for people outside', Object.values(reply.bodyValues).some((b) => b.value.includes('I am away until Monday.')), JSON.stringify(reply.bodyValues))
  await page.reload()
  await page.getByLabel('Send automatic replies').uncheck()
  await button(page, 'Save').click()
  await page.getByText('No automatic replies are sent').waitFor()
  check('it is off', (await ask(FELIX, 'VacationResponse/get', { ids: null })).list[0].isEnabled === false)
  await innocent(who)
}

/** A rule by clicks files what arrives; a script of another program is left alone. */
async function ruleByClicks(who) {
  const { page } = who
  await go(page, '/settings/rules')
  await button(page, 'Add a rule').click()
  await dialog(page).getByLabel('Name of the rule').fill('Quarter')
  await dialog(page).getByRole('combobox', { name: 'What is looked at' }).click()
  await page.getByRole('option', { name: 'Subject', exact: true }).click()
  await dialog(page).getByLabel('Any of these texts').fill('quarterly')
  await dialog(page).getByLabel('Any of these texts').press('Enter')
  await button(dialog(page), 'Save').click()
  await dialog(page).getByText('Choose a folder.').waitFor()
  await dialog(page).getByRole('combobox', { name: 'Folder' }).click()
  await page.getByRole('option', { name: 'Receipts', exact: true }).click()
  await button(dialog(page), 'Try it').click()
  await dialog(page).getByText(/This rule holds for none of the newest/).waitFor()
  await button(dialog(page), 'Save').click()
  await dialog(page).waitFor({ state: 'detached' })
  await page.screenshot({ path: `${process.env.SHOTS}/settings-rule-made.png` })
  await deliver('boss@outside.example', EMMA, 'The Quarterly figures')
  await eventually('filed by the rule', async () => (await subjectsIn(EMMA, 'Receipts')).includes('The Quarterly figures'))
  await page.reload()
  await page.getByText(/Subject contains quarterly/).waitFor()
  await page.getByLabel('Quarter is carried out').press(' ')
  await eventually('written as switched off', async () => {
    const { list } = await ask(EMMA, 'SieveScript/get', { ids: null })
    const { list: blobs } = await ask(EMMA, 'Blob/get', { ids: [list[0].blobId], properties: ['data:asText'] })
    return list[0].name === 'Webmail' && list[0].isActive && blobs[0]['data:asText'].includes('# Rule that is switched off: Quarter')
  })
  await page.getByRole('button', { name: 'Delete Quarter' }).click()
  await page.getByText('There are no rules yet').waitFor()
  await innocent(who)
}

async function sharesAFolder(who, browser) {
  const { page } = who
  await go(page, '/settings/folders')
  await page.getByRole('button', { name: 'Share Projects', exact: true }).click()
  await dialog(page).getByRole('combobox', { name: 'Add somebody' }).fill('felix')
  await page.getByRole('option', { name: /Félix Moreau/ }).click()
  await dialog(page).getByRole('combobox', { name: 'What Félix Moreau may do' }).click()
  await page.getByRole('option', { name: 'Editor' }).click()
  await page.screenshot({ path: `${process.env.SHOTS}/settings-share.png` })
  await button(dialog(page), 'Save').click()
  await dialog(page).waitFor({ state: 'detached' })
  await page.getByText('Shared with Félix Moreau').first().waitFor()
  const felix = await mailUser(browser, FELIX)
  await felix.page.getByRole('link', { name: 'Projects' }).first().waitFor()
  await felix.context.close()
  await page.getByRole('button', { name: 'Share Projects', exact: true }).click()
  await dialog(page).getByRole('button', { name: /Do not share with F/ }).click()
  await button(dialog(page), 'Save').click()
  await eventually('shared with nobody', async () => (await ask(EMMA, 'Mailbox/get', { ids: [(await folderOf(EMMA, 'Projects')).id], properties: ['shareWith'] })).list[0].shareWith === null)
  await innocent(who)
}

/** Chooses her as the sender of a letter to her. */
async function writesForEmma(page, subject) {
  await page.getByRole('button', { name: 'New message' }).first().click()
  await dialog(page).getByRole('combobox', { name: 'From' }).click()
  await page.getByRole('option', { name: /on behalf of .*emma@letters\.example/ }).click()
  await dialog(page).getByRole('combobox', { name: 'To' }).fill(EMMA)
  await page.keyboard.press('Enter')
  await dialog(page).getByLabel('Subject').fill(subject)
  await page.screenshot({ path: `${process.env.SHOTS}/writing-on-behalf.png` })
  await button(dialog(page), 'Send').click()
  const sent = async () => (await ask(EMMA, 'Email/query', { filter: { subject: `"${subject}"` } })).ids
  await eventually('the letter is there', async () => (await sent()).length === 1)
  const [letter] = (await ask(EMMA, 'Email/get', { ids: await sent(), properties: ['from', 'sender'] })).list
  check('in her name, by him', letter.from[0].email === EMMA && letter.sender[0].email === FELIX, JSON.stringify(letter))
}

/** Somebody gets rights in all folders, and more in one, and may write in her name; sees and does that; loses it all. */
async function namesADelegate(who, browser) {
  const { page } = who
  const felixIn = async (name) => (await ask(EMMA, 'Mailbox/get', { ids: [(await folderOf(EMMA, name)).id], properties: ['shareWith'] })).list[0].shareWith
  await go(page, '/settings/delegates')
  await page.getByRole('combobox', { name: 'Add somebody' }).fill('felix')
  await page.getByRole('option', { name: /Félix Moreau/ }).click()
  await dialog(page).getByRole('combobox', { name: 'In all folders' }).click()
  await page.getByRole('option', { name: 'Reader' }).click()
  await dialog(page).getByRole('combobox', { name: 'In Receipts' }).click()
  await page.getByRole('option', { name: 'Editor' }).click()
  await dialog(page).getByRole('combobox', { name: 'Writing in my name' }).click()
  await page.getByRole('option', { name: 'Writes on my behalf' }).click()
  await page.screenshot({ path: `${process.env.SHOTS}/settings-delegate.png` })
  await button(dialog(page), 'Save').click()
  await dialog(page).waitFor({ state: 'detached' })
  await page.getByText(/folders: Reader, Editor/).waitFor()
  const [read, edit] = [await felixIn('Projects'), await felixIn('Receipts')].map((s) => Object.values(s)[0])
  check('as chosen', read.mayReadItems && !read.mayRemoveItems && edit.mayRemoveItems && !edit.mayDelete, JSON.stringify([read, edit]))
  const felix = await mailUser(browser, FELIX)
  await felix.page.getByRole('link', { name: 'Receipts' }).first().waitFor()
  await writesForEmma(felix.page, `In her name ${run}`)
  await innocent(felix)
  await felix.context.close()
  await page.getByText(/Writes on my behalf/).waitFor()
  await page.getByRole('switch', { name: 'Copies in my Sent, too' }).click()
  await eventually('copies are kept', async () => (await ask(EMMA, 'Preferences/get', { ids: null, properties: ['keepsSent'] })).list[0].keepsSent)
  await page.screenshot({ path: `${process.env.SHOTS}/settings-delegates.png` })
  await page.getByRole('switch', { name: 'Copies in my Sent, too' }).click()
  await eventually('copies are not kept', async () => !(await ask(EMMA, 'Preferences/get', { ids: null, properties: ['keepsSent'] })).list[0].keepsSent)
  await page.getByRole('button', { name: 'Take all rights from Félix Moreau' }).click()
  await dialog(page).getByRole('button', { name: 'Take all rights from Félix Moreau' }).click()
  await page.getByText('Nobody but you.').waitFor()
  check('gone', (await felixIn('Projects')) === null && (await felixIn('Receipts')) === null)
  check('no grant is left', (await ask(EMMA, 'SendGrant/get', { ids: null })).list.length === 0)
  check('the identity is gone', !(await ask(FELIX, 'Identity/get', { ids: null })).list.some((i) => i.email === EMMA))
  await go(page, '/')
  await row(page, `In her name ${run}`).click()
  await page.getByText('sent by Félix Moreau').waitFor()
  await page.screenshot({ path: `${process.env.SHOTS}/message-on-behalf.png` })
  await innocent(who)
}

const MBOX = `From a@b.example Thu Jan  1 10:00:00 2026
From: a@b.example
Subject: First of the box
Date: Thu, 01 Jan 2026 10:00:00 +0000

>From here it goes on.

From a@b.example Fri Jan  2 10:00:00 2026
From: a@b.example
Subject: Second of the box
Status: O

Hello.
`

async function importsAndExports(who) {
  const { page } = who
  await go(page, '/settings/transfer')
  await page.locator('input[type=file]').setInputFiles({ name: 'old.mbox', mimeType: 'application/mbox', buffer: Buffer.from(MBOX) })
  await page.getByRole('combobox', { name: 'Into the folder' }).click()
  await page.getByRole('option', { name: 'Archive', exact: true }).click()
  await button(page, 'Import').click()
  await page.getByText('2 messages imported').waitFor()
  const subjects = await subjectsIn(EMMA, 'Archive')
  check('both are there', ['First of the box', 'Second of the box'].every((s) => subjects.includes(s)), subjects.join())
  await page.getByRole('combobox', { name: 'The folder', exact: true }).click()
  await page.getByRole('option', { name: 'Archive', exact: true }).last().click()
  const [file] = await Promise.all([page.waitForEvent('download'), button(page, 'Export').click()])
  const text = readFileSync(await file.path(), 'utf8')
  check('as an mbox', file.suggestedFilename() === 'Archive.mbox' && text.includes('\n>From here it goes on.\n') && (text.match(/^From /gm) ?? []).length === subjects.length, text.slice(0, 400))
  await innocent(who)
}

/** A signature with formatting, below a new message. */
async function signature(who) {
  const { page } = who
  await go(page, '/settings/identities')
  await page.getByRole('button', { name: `Edit ${EMMA}`, exact: true }).click()
  const text = dialog(page).getByRole('textbox', { name: 'Signature' })
  await text.click()
  await page.keyboard.type('Emma Nilsson, Letters')
  await button(dialog(page), 'Save').click()
  await dialog(page).waitFor({ state: 'detached' })
  await page.getByText('Emma Nilsson, Letters').waitFor()
  await button(page, 'New message').click()
  await page.locator('[role=textbox][aria-multiline=true]').getByText('Emma Nilsson, Letters').waitFor()
  await page.reload()
}

function totp(secret, time) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret.toUpperCase().replace(/[\s=]/g, '')].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((b) => parseInt(b, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(time / 30)))
  const hash = createHmac('sha1', key).update(counter).digest()
  return String((hash.readUInt32BE(hash[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0')
}

/** An app password opens IMAP until it is taken away; a code is asked for at the login once an app for codes is there. */
async function security(who) {
  const { page } = who
  const lena = 'lena@letters.example'
  await go(page, '/settings/security')
  await button(page, 'New app password').click()
  await dialog(page).getByLabel('Where it is for').fill('Telephone')
  await button(dialog(page), 'Make it').click()
  const made = await dialog(page).locator('code').innerText()
  await button(dialog(page), 'Done').click()
  check('it opens IMAP', (await imapLogin(lena, made)) === 'OK')
  await page.reload()
  await page.getByText(/last used/).first().waitFor()
  await button(page, 'Remove').click()
  await button(dialog(page), 'Remove').click()
  await page.getByText('There are none.').waitFor()
  check('it opens nothing any more', (await imapLogin(lena, made)) === 'NO')

  await button(page, 'Add an app for codes').click()
  await button(dialog(page), 'Go on').click()
  await dialog(page).getByRole('img', { name: 'Picture of the secret for the app' }).waitFor()
  await page.screenshot({ path: `${process.env.SHOTS}/settings-totp.png` })
  const secret = await dialog(page).locator('code').first().innerText()
  const now = Date.now() / 1000
  await dialog(page).getByLabel('Code of six digits').fill(totp(secret, now - 30))
  await button(dialog(page), 'Confirm').click()
  await dialog(page).getByText('Keep these codes in a safe place').or(dialog(page).getByRole('alert')).first().waitFor()
  check('confirmed', !(await dialog(page).getByRole('alert').isVisible()), await dialog(page).innerText())
  await button(page, 'I have kept them').click()
  await page.getByText('10 are left.').waitFor()
  await innocent(who)
  await page.getByRole('button', { name: 'Account', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Log out' }).click()
  await page.locator('input[type=email]').fill(lena)
  await page.locator('input[autocomplete=current-password]').fill(PASSWORD)
  await page.locator('button[type=submit]').click()
  await page.locator('input[autocomplete=one-time-code]').fill(totp(secret, now))
  await page.locator('button[type=submit]').click()
  await page.locator('main#content').waitFor()
  await go(page, '/settings/sessions')
  await page.getByText('This browser').waitFor()
  await page.screenshot({ path: `${process.env.SHOTS}/settings-logins.png` })
  await innocent(who)
}

/** Emma reads in a folder that Felix shares with her; he sees that, apart from his own logins. */
async function seesWhoCame(who) {
  const { page } = who
  await go(page, '/settings/sessions')
  await page.getByRole('heading', { name: 'You and your programs' }).waitFor()
  const { accounts } = await asked(EMMA, 'GET', '/jmap/session')
  const accountId = Object.keys(accounts).find((id) => accounts[id].name === FELIX)
  await ask(EMMA, 'Email/query', { accountId })
  const rows = () => page.getByRole('list').filter({ has: page.getByText('Opened a folder on the web or by JMAP') })
  await eventually('the visit is shown', async () => {
    await go(page, '/settings/sessions')
    return (await rows().getByText(EMMA).count()) === 1
  })
  check('apart from his own', (await rows().getByText('Logged in on the web').count()) === 0)
  await page.screenshot({ path: `${process.env.SHOTS}/settings-visited.png` })
  await innocent(who)
}

async function blocks(who) {
  const { page } = who
  await go(page, '/settings/senders')
  await page.getByLabel('Address, or @domain for all of a domain').first().fill('pest@outside.example')
  await button(page, 'Add').first().click()
  await page.getByRole('button', { name: 'Remove pest@outside.example' }).waitFor()
  await deliver('pest@outside.example', EMMA, 'Buy now')
  await eventually('in Junk', async () => (await subjectsIn(EMMA, 'Junk')).includes('Buy now'))
  await page.getByRole('button', { name: 'Remove pest@outside.example' }).click()
  await page.getByText('Nobody.').nth(1).waitFor()
  await go(page, '/settings/trace')
  await page.getByText('from pest@outside.example').waitFor()
  await page.screenshot({ path: `${process.env.SHOTS}/settings-traced.png` })
  await innocent(who)
}

const kept = {
  en: { title: 'How long mail is kept', junk: 'Messages are deleted after 30 days in this folder.', sent: 'Messages are moved to the archive after 365 days in this folder.', from: /From .*20\d\d.* on\./ },
  fr: { title: 'Durée de conservation', junk: 'Les messages sont supprimés après 30 jours dans ce dossier.', sent: 'Les messages sont archivés après 365 jours dans ce dossier.', from: /À partir du .*20\d\d/ },
}

/** What the organisation does with old mail: in the settings, and above the list of each folder that it is about. */
const seesRetention = (language) =>
  async function seesRetention(who) {
    const { page } = who
    const words = kept[language]
    await go(page, '/settings/quota')
    const panel = page.locator('section').filter({ has: page.getByRole('heading', { name: words.title }) }).last()
    for (const text of [words.junk, words.sent]) await panel.getByText(text).waitFor()
    check('and from when', words.from.test(await panel.innerText()), await panel.innerText())
    await page.screenshot({ path: `${process.env.SHOTS}/settings-retention-${language}.png` })
    for (const [folder, text] of [['junk', words.junk], ['sent', words.sent]]) {
      await page.goto(`${origin}/mail/me/${folder}`)
      await page.locator('main').getByText(text).waitFor()
    }
    await page.screenshot({ path: `${process.env.SHOTS}/mail-retention-${language}.png` })
    await page.goto(`${origin}/mail/me/inbox`)
    await page.getByRole('grid').waitFor()
    check('not above others', (await page.locator('main').getByText(words.junk).count()) === 0)
    await innocent(who)
  }

/** What can be clicked together is read back as it was, whatever stands in it; anything else is foreign. */
async function rulesAreReadBack() {
  const { build } = require('esbuild')
  const folder = new URL('../../webmail/src/features/settings/rules/', import.meta.url).pathname
  const { outputFiles } = await build({ stdin: { contents: "export * from './read'; export * from './write'; export * from './model'", resolveDir: folder, loader: 'ts' }, bundle: true, write: false, format: 'esm', logLevel: 'error' })
  const { readRules, writeRules, FIELDS, ASKED, ACTIONS, hasValues } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`)
  const nasty = ['a', 'x"y\\z', 'ends\\', '*', '\\*', '?\\', 'é "} stop; #', 'two\nlines', '# Rule: x']
  const conditions = FIELDS.flatMap((field) =>
    ASKED[field].flatMap((operator) =>
      (field === 'size' ? [['1048576']] : hasValues(operator) ? [nasty, ...nasty.slice(2, 5).map((n) => [n])] : [[]]).map((values) => ({ field, operator, values, ...(field === 'header' && { header: 'x-spam' }) })),
    ),
  )
  const actions = ACTIONS.filter((a) => !['read', 'flag', 'label'].includes(a)).map((kind) => ({ kind, ...(['move', 'copy'].includes(kind) && { folder: { id: 'F1', path: 'A "b"/ç\\' } }), ...(['forward', 'redirect', 'reject'].includes(kind) && { text: nasty[6] }) }))
  for (const c of conditions)
    for (const match of ['all', 'any', 'always']) {
      const rules = { forward: { to: ['a@b.example', 'c@d.example'], keeps: match === 'all' }, rules: [{ name: nasty[6], isOn: match !== 'any', match, conditions: match === 'always' ? [] : [c, c], actions: [{ kind: 'flag' }, ...actions], stops: match === 'all' }] }
      const text = writeRules(rules)
      check('read back', isDeepStrictEqual(readRules(text), rules), text)
      for (const foreign of [`${text}keep;`, text.replace(/^    stop;/m, '    keep;'), text.slice(1)]) check('foreign', foreign === text || readRules(foreign) === null, foreign)
    }
}

const walks = (login, tests, options = {}) => ({
  name: `settings/${login}${options.language ?? ''}`,
  open: (browser) => mailUser(browser, login, options),
  tests: tests.map((t) => [`settings/walks/${t.name}${options.language ? `/${options.language}` : ''}`, t]),
})

export const settingsTests = [
  { name: 'settings/rules', open: async () => ({ context: { close() {} } }), tests: [['settings/rulesAreReadBack', rulesAreReadBack]] },
  walks(FELIX, [automaticReply, seesWhoCame]),
  walks(EMMA, [ruleByClicks, sharesAFolder, namesADelegate, importsAndExports, signature, blocks]),
  walks('lena@letters.example', [security]),
  walks('nora@letters.example', [seesRetention('en')], { language: 'en' }),
  walks('nora@letters.example', [seesRetention('fr')], { language: 'fr', width: 390, height: 844, dark: true }),
  ...pageTests(),
]
