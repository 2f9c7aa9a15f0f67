// What the webmail tests share: people in front of their mail, and a mail client of another kind beside them.
import { request } from 'node:https'
import net from 'node:net'
import { check, logIn, origin, PASSWORD, person } from './kit.mjs'

export const EMMA = 'emma@letters.example'

/** Somebody who reads mail. */
export async function reader(browser, options = {}, login = EMMA, path = '/') {
  const who = await person(browser, options)
  who.context.setDefaultTimeout(20_000)
  await who.page.goto(origin + path)
  await logIn(who.page, login)
  await settledMail(who.page)
  return who
}

/** Until the list shows and nothing is loading. */
export async function settledMail(page) {
  await page.locator('h1').first().waitFor()
  await page.waitForFunction(() => !document.querySelector('[data-waiting], [data-blank], .mantine-Skeleton-root'))
  await page.waitForTimeout(150)
}

export const rows = (page) => page.locator('[data-id]')
/** The row that shows these words. */
export const row = (page, words) => page.locator('[data-id]', { hasText: words }).first()
export const button = (page, name) => page.getByRole('button', { name, exact: true })

/** JMAP beside the screen: what the server really has. */
export async function jmap(page, method, args = {}) {
  return page.evaluate(
    async ([m, a]) => {
      const session = await (await fetch('/jmap/session')).json()
      const accountId = session.primaryAccounts['urn:ietf:params:jmap:mail']
      const body = JSON.stringify({ using: Object.keys(session.capabilities), methodCalls: [[m, { accountId, ...a }, '0']] })
      const answer = await (await fetch('/jmap/api', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })).json()
      return answer.methodResponses[0][1]
    },
    [method, args],
  )
}

export function asked(login, method, path, body) {
  return new Promise((done, fail) => {
    const headers = { Authorization: `Basic ${Buffer.from(`${login}:${PASSWORD}`).toString('base64')}`, 'Content-Type': 'application/json' }
    const one = request(origin + path, { method, rejectUnauthorized: false, headers }, (answer) => {
      let text = ''
      answer.on('data', (more) => (text += more))
      answer.on('end', () => (answer.statusCode === 200 ? done(JSON.parse(text)) : fail(new Error(`${answer.statusCode} ${text}`))))
    })
    one.on('error', fail)
    one.end(body && JSON.stringify(body))
  })
}

/** JMAP without any screen, by somebody's password. */
export async function ask(login, name, args) {
  const { primaryAccounts, capabilities } = await asked(login, 'GET', '/jmap/session')
  const call = [name, { accountId: primaryAccounts['urn:ietf:params:jmap:mail'], ...args }, 'a']
  return (await asked(login, 'POST', '/jmap/api', { using: Object.keys(capabilities), methodCalls: [call] })).methodResponses[0][1]
}

/** How many messages with this subject the folder of that name or role has. */
export async function countOf(page, subject, folder) {
  const { list } = await jmap(page, 'Mailbox/get')
  const inMailbox = list.find((m) => m.role === folder || m.name === folder)?.id
  return (await jmap(page, 'Email/query', { filter: { inMailbox, subject: `"${subject}"` } })).ids.length
}

/** Asks ever less often: each question costs those who are waited for. */
export async function until(what, condition, ms = 10_000) {
  const began = Date.now()
  for (;;) {
    if (await condition()) return
    const waited = Date.now() - began
    check(what, waited < ms, `not within ${ms} ms`)
    await new Promise((go) => setTimeout(go, Math.min(40 + waited / 8, 400)))
  }
}

/** A plain IMAP client: commands and their last line. */
export class Imap {
  static async open(login = EMMA, port = Number(process.env.IMAP_PORT)) {
    const imap = new Imap()
    imap.socket = net.connect(port, '127.0.0.1')
    imap.text = ''
    imap.socket.on('data', (d) => {
      imap.text += d
      imap.wake?.()
    })
    await imap.waitFor(/^\* OK/m)
    await imap.command(`LOGIN ${login} ${PASSWORD}`)
    return imap
  }
  async waitFor(pattern) {
    while (!pattern.test(this.text)) await new Promise((go) => (this.wake = go))
    const text = this.text
    this.text = ''
    return text
  }
  async command(line) {
    this.socket.write(`a ${line}\r\n`)
    const answer = await this.waitFor(/^a (OK|NO|BAD).*\r\n/m)
    check(line, /^a OK/m.test(answer), answer)
    return answer
  }
  async append(folder, subject, from = 'Nadia Petit <nadia@partner.example>') {
    const message = Buffer.from(`From: ${from}\r\nTo: ${EMMA}\r\nSubject: ${subject}\r\nMessage-ID: <${Math.random()}@x.example>\r\nDate: ${new Date().toUTCString()}\r\n\r\nWords of ${subject}.\r\n`)
    this.socket.write(`a APPEND ${folder} {${message.length}}\r\n`)
    await this.waitFor(/^\+/m)
    this.socket.write(message)
    this.socket.write('\r\n')
    await this.waitFor(/^a OK/m)
  }
  /** From here on the server says what changes. */
  async idle() {
    this.socket.write('i IDLE\r\n')
    await this.waitFor(/^\+/m)
  }
  /** When it said so. */
  async hears(pattern) {
    await this.waitFor(pattern)
    return Date.now()
  }
  async wakes() {
    this.socket.write('DONE\r\n')
    await this.waitFor(/^i OK/m)
  }
  close() {
    this.socket.end('a LOGOUT\r\n')
  }
}
