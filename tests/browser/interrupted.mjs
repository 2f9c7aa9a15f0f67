// The server, its database and the network go in the middle of writing and sending: nothing is lost, and all is sent once.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, killWebRole } from './kit.mjs'
import { ask, countOf, jmap, reader, until } from './mail-kit.mjs'

const WRITER = 'lena@letters.example'
const TO = 'felix@letters.example'
const LONG_MS = 120_000
/** No two runs on one server write the same subjects. */
const run = Date.now().toString(36)

const chappe = (...words) => execFileSync(process.env.BINARY, ['--data', process.env.DATA, ...words], { stdio: ['ignore', 'pipe', 'ignore'] })
const database = () => Number(readFileSync(join(process.env.DATA, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0])

const dialog = (page) => page.getByRole('dialog').last()
const body = (page) => dialog(page).getByRole('textbox', { name: 'Text of the message' })

async function write(page, subject, text) {
  await page.getByRole('button', { name: 'New message' }).first().click()
  await body(page).waitFor()
  await dialog(page).getByRole('combobox', { name: 'To' }).fill(TO)
  await page.keyboard.press('Enter')
  await dialog(page).getByLabel('Subject').fill(subject)
  await body(page).click()
  await page.keyboard.type(text)
}
const send = (page) => dialog(page).getByRole('button', { name: 'Send', exact: true }).click()
const answers = (what, act) => until(what, () => act().catch(() => false), LONG_MS)

/** The text of the one draft of this subject; '' while there is none, or two. */
async function draftText(page, subject) {
  const { list } = await jmap(page, 'Mailbox/get')
  const { ids } = await jmap(page, 'Email/query', { filter: { inMailbox: list.find((m) => m.role === 'drafts').id, subject: `"${subject}"` } })
  if (ids.length !== 1) return ''
  const [mail] = (await jmap(page, 'Email/get', { ids, properties: ['textBody', 'bodyValues'], fetchTextBodyValues: true })).list
  return mail.bodyValues[mail.textBody[0].partId].value
}

/** It is with whom it is for, once; the sender has it once, and no draft. */
async function sentOnce(page, subject) {
  const there = async () => (await ask(TO, 'Email/query', { filter: { subject: `"${subject}"` } })).ids.length
  await answers('it to arrive', async () => (await there()) > 0)
  await answers('it to be filed', async () => (await countOf(page, subject, 'sent')) > 0)
  await dialog(page).waitFor({ state: 'detached', timeout: LONG_MS })
  check('sent once', (await countOf(page, subject, 'sent')) === 1 && (await countOf(page, subject, 'drafts')) === 0)
  const { ids } = await jmap(page, 'Email/query', { filter: { subject: `"${subject}"` } })
  check('one submission', (await jmap(page, 'EmailSubmission/query', { filter: { emailIds: ids } })).ids.length === 1)
  check('arrived once', (await there()) === 1)
}

/** What the next request that sends meets; those behind it are let through. */
async function atSending(page, meets) {
  let met = false
  await page.route('**/jmap/api', async (route) => {
    if (met || !/"EmailSubmission\/set"/.test(route.request().postData() ?? '')) return route.continue()
    met = true
    return meets(route)
  })
  return async () => {
    await page.unroute('**/jmap/api')
    check('it happened while it was sent', met)
  }
}

async function serverRestartsWhileWriting({ page }) {
  const subject = `Restarted ${run}`
  await write(page, subject, 'Before.')
  chappe('stop')
  await page.keyboard.type(' While it was away.')
  chappe('start', '--detach')
  await page.keyboard.type(' After.')
  await answers('all of it to be kept', async () => (await draftText(page, subject)).includes('Before. While it was away. After.'))
  await send(page)
  await sentOnce(page, subject)
}

async function databaseDiesWhileWriting({ page }) {
  const subject = `Without a database ${run}`
  await write(page, subject, 'Before.')
  process.kill(database(), 'SIGKILL')
  await page.keyboard.type(' Then it was gone.')
  await answers('all of it to be kept', async () => (await draftText(page, subject)).includes('Before. Then it was gone.'))
  await send(page)
  await sentOnce(page, subject)
}

/** It is done, and whoever would say so dies. */
async function serverDiesWhenSent({ page }) {
  const subject = `Said by nobody ${run}`
  await write(page, subject, 'Once.')
  const over = await atSending(page, async (route) => {
    await route.fetch()
    killWebRole()
    return route.abort('connectionreset')
  })
  await send(page)
  await sentOnce(page, subject)
  await over()
}

async function databaseDiesWhenSent({ page }) {
  const subject = `Kept by nobody ${run}`
  await write(page, subject, 'Once.')
  const over = await atSending(page, (route) => {
    process.kill(database(), 'SIGKILL')
    return route.continue()
  })
  await send(page)
  await sentOnce(page, subject)
  await over()
}

/** The request never leaves, and the network comes back later. */
async function networkCutWhenSent({ page, context }) {
  const subject = `Cut off ${run}`
  await write(page, subject, 'Once.')
  const over = await atSending(page, async (route) => {
    await context.setOffline(true)
    return route.abort('internetdisconnected')
  })
  await send(page)
  await dialog(page).getByText('No connection').waitFor()
  await context.setOffline(false)
  await sentOnce(page, subject)
  await over()
}

async function opened(browser) {
  await ask(WRITER, 'Preferences/set', { update: { singleton: { undoSend: 0 } } })
  return reader(browser, {}, WRITER)
}

export const interruptedTests = [
  {
    name: 'writing/interrupted',
    open: opened,
    tests: [
      ['writing/interrupted/server-restarts', serverRestartsWhileWriting],
      ['writing/interrupted/database-dies', databaseDiesWhileWriting],
      ['writing/interrupted/server-dies-when-sent', serverDiesWhenSent],
      ['writing/interrupted/database-dies-when-sent', databaseDiesWhenSent],
      ['writing/interrupted/network-cut-when-sent', networkCutWhenSent],
    ],
  },
]
