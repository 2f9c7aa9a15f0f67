// Mail that comes back later, files that are looked at, and paper.
import { check, innocent, origin } from './kit.mjs'
import { button, countOf, jmap, reader, row, settledMail, until } from './mail-kit.mjs'

const go = async (page, folder) => {
  await page.goto(`${origin}/mail/me/${folder}`)
  await settledMail(page)
}
const later = async (page) => {
  const { list } = await jmap(page, 'Mailbox/get')
  return list.find((m) => m.name === 'Snoozed')
}

/** Put off by a key, by a button; taken back; brought back by hand and by the clock. */
async function comesBack(who) {
  const { page } = who
  const subject = 'Minutes of Thursday (30)'
  await go(page, 'inbox?q=' + encodeURIComponent(`subject:"${subject}"`))
  await row(page, subject).click()
  await page.locator('article').first().waitFor()
  await page.keyboard.press('b')
  await page.getByRole('dialog', { name: 'Bring it back' }).waitFor()
  await page.screenshot({ path: `${process.env.SHOTS}/mail-later-dialog.png` })
  await page.getByRole('dialog').getByRole('button', { name: /^Tomorrow morning/ }).click()
  await until('out of the way', async () => (await countOf(page, subject, 'Snoozed')) === 1 && (await countOf(page, subject, 'inbox')) === 0)
  await page.getByRole('alert').getByRole('button', { name: 'Undo' }).last().click()
  await until('taken back', async () => (await countOf(page, subject, 'inbox')) === 1)
  await go(page, 'inbox?q=' + encodeURIComponent(`subject:"${subject}"`))
  await row(page, subject).click({ modifiers: ['Control'] })
  await button(page, 'Later').click()
  await page.getByRole('dialog').getByLabel('At another time').fill('2030-01-31T08:00')
  await page.getByRole('dialog').getByRole('button', { name: 'Set' }).click()
  await until('away again', async () => (await countOf(page, subject, 'Snoozed')) === 1)
  await page.getByRole('navigation').getByRole('link', { name: /^Later/ }).click()
  await row(page, subject).getByTitle(/^Comes back .*2030/).waitFor()
  await page.screenshot({ path: `${process.env.SHOTS}/mail-later.png` })
  await row(page, subject).click()
  await page.locator('article').first().waitFor()
  await button(page, 'Back now').last().click()
  await until('back by hand', async () => (await countOf(page, subject, 'inbox')) === 1)
  const { ids } = await jmap(page, 'Email/query', { filter: { subject: `"${subject}"` } })
  const inbox = (await jmap(page, 'Mailbox/get')).list.find((m) => m.role === 'inbox').id
  const soon = new Date(Date.now() + 2000).toISOString().replace(/\.\d+Z$/, 'Z')
  const put = await jmap(page, 'Snooze/set', { create: { s: { emailId: ids[0], mailboxId: inbox, until: soon } } })
  check('put off', put.created?.s, JSON.stringify(put))
  await until('back by the clock, unread', async () => {
    const { list } = await jmap(page, 'Email/get', { ids, properties: ['mailboxIds', 'keywords'] })
    return list[0].mailboxIds[inbox] && !list[0].keywords.$seen
  }, 60_000)
  check('nothing is left there', (await later(page)).totalEmails === 0)
  await innocent(who)
}

/** A PDF is drawn; what draws it has no origin, so neither cookies nor a network; one that is torn is said to be. */
async function looksAtPdf(who) {
  const { page, faults } = who
  await go(page, 'all?q=' + encodeURIComponent('subject:"Drawings of the bridge"'))
  await row(page, 'Drawings of the bridge').click()
  await button(page, 'Look at bridge.pdf').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('2 pages').waitFor()
  const frame = page.frames().find((f) => f.url().endsWith('/viewer/index.html'))
  await frame.locator('canvas[data-drawn]').first().waitFor()
  const dark = await frame.locator('canvas').first().evaluate((c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 === 0 && v < 80))
  check('the text is drawn', dark)
  await page.screenshot({ path: `${process.env.SHOTS}/mail-pdf.png` })
  await innocent(who)
  const reached = await frame.evaluate(async () => {
    const found = [self.origin]
    for (const path of ['/jmap/session', 'https://elsewhere.example/']) found.push(await fetch(path, { credentials: 'include' }).then(() => 'answered', () => 'refused'))
    try {
      found.push(document.cookie === '' ? 'no cookie' : 'cookie')
    } catch {
      found.push('no cookie')
    }
    try {
      found.push(parent.document.title)
    } catch {
      found.push('no parent')
    }
    return found.join()
  })
  check('what draws it reaches nothing', reached === 'null,refused,refused,no cookie,no parent', reached)
  faults.length = 0 // the policy said so, as it was asked to
  await dialog.getByRole('button', { name: 'Close' }).click()
  await button(page, 'Look at torn.pdf').click()
  await page.getByRole('dialog').getByText('This file cannot be drawn.').waitFor()
  await page.goto(origin + '/viewer/index.html')
  check('by itself it has no origin either', (await page.evaluate(() => self.origin)) === 'null')
  await go(page, 'inbox')
}

/** On paper stands the message, and nothing of the page around it. */
async function prints(who) {
  const { page } = who
  await go(page, 'inbox')
  await row(page, 'The week in the museums').click()
  await page.locator('article iframe').waitFor()
  await page.evaluate(() => (window.print = () => (window.printed = true)))
  await button(page, 'More for this message').click()
  await page.getByRole('menuitem', { name: 'Print' }).click()
  await page.waitForFunction(() => window.printed === true)
  await page.emulateMedia({ media: 'print' })
  for (const part of ['header', 'nav', '[role=grid]', '[role=toolbar]']) check(`${part} is not printed`, !(await page.locator(part).first().isVisible()))
  check('the message is', await page.locator('article iframe').isVisible())
  check('all of it', await page.evaluate(() => document.documentElement.scrollHeight >= document.querySelector('article').getBoundingClientRect().height))
  await page.screenshot({ path: `${process.env.SHOTS}/mail-print.png` })
  const paper = await page.pdf()
  check('as a document', paper.subarray(0, 5).toString() === '%PDF-' && paper.length > 5000, String(paper.length))
  await page.emulateMedia({ media: null })
  await innocent(who)
}

/** A signature that holds, and one that does not and why. */
async function saysWhoSigned(who) {
  const { page } = who
  await go(page, 'archive')
  const says = async (subject, words) => {
    await row(page, subject).click()
    await page.getByRole('heading', { level: 2, name: subject }).waitFor()
    await page.locator('article').getByText(words).first().waitFor()
    check('no file of it is shown', (await page.getByText('smime.p7s').count()) === 0)
  }
  await says('Signed and whole', /^Signed$/)
  await page.screenshot({ path: `${process.env.SHOTS}/mail-signed.png` })
  await says('Signed and changed', 'The signature does not hold. The message was changed after it was signed.')
  await page.screenshot({ path: `${process.env.SHOTS}/mail-signed-changed.png` })
  await innocent(who)
}

export const laterTests = [
  {
    name: 'mail/later',
    open: (browser) => reader(browser),
    tests: [
      ['mail/later/comes-back', comesBack],
      ['mail/later/pdf', looksAtPdf],
      ['mail/later/prints', prints],
      ['mail/later/signatures', saysWhoSigned],
    ],
  },
]
