// Searches that are kept: made of what is searched, followed, edited, removed; in IMAP as well.
import { check, innocent, origin } from './kit.mjs'
import { ask, button, EMMA, Imap, jmap, reader, row, rows, settledMail, until } from './mail-kit.mjs'

const WORDS = {
  en: { keep: 'Keep as a search folder', name: 'Name', subject: 'Subject', create: 'Create', save: 'Save', change: 'Edit …', remove: 'Delete the search folder', menu: (n) => `What can be done with ${n}`, section: 'Search folders', edit: 'Edit the search folder' },
  fr: { keep: 'Garder comme dossier de recherche', name: 'Nom', subject: 'Objet', create: 'Créer', save: 'Enregistrer', change: 'Modifier …', remove: 'Supprimer le dossier de recherche', menu: (n) => `Ce qu’on peut faire de ${n}`, section: 'Dossiers de recherche', edit: 'Modifier le dossier de recherche' },
}

const all = async (page) => (await jmap(page, 'SearchFolder/get', { ids: null })).list

async function keeps(who, language, isNarrow) {
  const { page } = who
  const say = WORDS[language]
  const name = `Orchard ${language}`
  const subject = `Orchard of ${language}`
  const imap = await Imap.open(EMMA)
  await imap.append('INBOX', subject)
  await page.goto(`${origin}/mail/me/all?q=${encodeURIComponent(`subject:"${subject}"`)}`)
  await settledMail(page)
  await row(page, subject).waitFor()
  await button(page, say.keep).click()
  const dialog = page.getByRole('dialog', { name: say.keep })
  await dialog.getByRole('textbox', { name: say.name, exact: true }).fill(name)
  check('the form says what was searched', (await dialog.getByLabel(say.subject).inputValue()) === subject)
  await page.screenshot({ path: `${process.env.SHOTS}/mail-search-folder-dialog-${language}.png` })
  await dialog.getByRole('button', { name: say.create }).click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
  await row(page, subject).waitFor()
  const kept = (await all(page)).find((s) => s.name === name)
  check('it is kept on the server', kept?.filter.subject === subject && page.url().endsWith(`/mail/me/${kept.id}`), JSON.stringify(kept))
  await page.reload()
  await row(page, subject).waitFor()
  await imap.append('Archive', `${subject}, again`)
  await until('what matches comes by itself', async () => (await rows(page).count()) === 2)
  if (isNarrow) await button(page, 'Dossiers et menu').click()
  const link = page.getByRole('link', { name: new RegExp(`^${name}`) }).first()
  await until('its number of unread', async () => /2/.test(await link.innerText()))
  await page.screenshot({ path: `${process.env.SHOTS}/mail-search-folder-${language}.png` })
  await page.getByRole('region', { name: say.section }).getByRole('button', { name: say.menu(name) }).click()
  await page.getByRole('menuitem', { name: say.change }).click()
  const edit = page.getByRole('dialog', { name: say.edit })
  await edit.getByRole('textbox', { name: say.name, exact: true }).fill(`${name} 2`)
  await edit.getByLabel(say.subject).fill(`"${subject}, again"`)
  await edit.getByRole('button', { name: say.save }).click()
  await until('one of them matches now', async () => (await rows(page).count()) === 1)
  const listed = await imap.command('LIST "" "Search Folders/*"')
  check('IMAP shows it', listed.includes(`Search Folders/${name} 2`), listed)
  const status = await imap.command(`STATUS "Search Folders/${name} 2" (MESSAGES UNSEEN)`)
  check('and what is in it', status.includes('MESSAGES 1 UNSEEN 1'), status)
  await page.getByRole('region', { name: say.section }).getByRole('button', { name: say.menu(`${name} 2`) }).click()
  await page.getByRole('menuitem', { name: say.remove }).click()
  await page.getByRole('dialog', { name: new RegExp(`^${say.remove}`) }).getByRole('button', { name: say.remove }).click()
  await until('it is gone', async () => !(await all(page)).some((s) => s.id === kept.id))
  await page.waitForURL(/inbox$/)
  check('and no message with it', (await jmap(page, 'Email/query', { filter: { subject }, calculateTotal: true })).total === 2)
  imap.close()
  await innocent(who)
}

/** What the form cannot say stays as it is. */
async function leavesAlone(who) {
  const { page } = who
  const filter = { operator: 'NOT', conditions: [{ subject: 'Invoice' }] }
  await page.goto(`${origin}/mail/me/inbox`)
  await settledMail(page)
  await jmap(page, 'SearchFolder/set', { create: { a: { name: 'No invoices', filter } } })
  await page.getByRole('region', { name: 'Search folders' }).getByRole('button', { name: 'What can be done with No invoices' }).click()
  await page.getByRole('menuitem', { name: 'Edit …' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('says more than the form can').waitFor()
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Without invoices')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await until('it has the other name', async () => (await all(page)).some((s) => s.name === 'Without invoices' && s.filter.operator === 'NOT'))
  await dialog.waitFor({ state: 'detached' })
  const { id } = (await all(page)).find((s) => s.name === 'Without invoices')
  await jmap(page, 'SearchFolder/set', { destroy: [id] })
  await innocent(who)
}

/** Those of somebody who shares every folder with her; not changed by her, who may not delete there. */
async function ofADelegate(who) {
  const { page } = who
  const felix = 'felix@letters.example'
  const made = await ask(felix, 'SearchFolder/set', { create: { a: { name: 'Orders by hand', filter: { subject: 'Order 4711' } } } })
  const { id } = made.created.a
  const imap = await Imap.open(felix)
  const folders = [...(await imap.command('LIST "" "*"')).matchAll(/"\/" (\S+)\r/g)].map((m) => m[1]).filter((f) => f !== 'INBOX' && f !== 'Orders')
  for (const folder of folders) await imap.command(`SETACL ${folder} ${EMMA} lr`)
  await page.goto(`${origin}/mail/me/inbox`)
  await settledMail(page)
  const region = page.getByRole('region', { name: `Search folders of ${felix}` })
  const link = region.getByRole('link', { name: /^Orders by hand/ })
  await link.click()
  await page.getByRole('heading', { level: 1, name: 'Orders by hand' }).waitFor()
  await row(page, 'Order 4711').waitFor()
  check('one message is shown', (await rows(page).count()) === 1)
  check('in the account of its owner', page.url().endsWith(`/${id}`) && !page.url().includes('/me/'), page.url())
  check('it stands out', (await link.getAttribute('aria-current')) === 'page')
  check('nothing can be done with it', (await region.getByRole('button').count()) === 0)
  await page.screenshot({ path: `${process.env.SHOTS}/mail-search-folder-delegate.png` })
  for (const folder of ['INBOX', 'Orders', ...folders]) await imap.command(`SETACL ${folder} ${EMMA} lrswitex`)
  await page.reload()
  await region.getByRole('button', { name: WORDS.en.menu('Orders by hand') }).click()
  await page.getByRole('menuitem', { name: WORDS.en.change }).click()
  const edit = page.getByRole('dialog', { name: WORDS.en.edit })
  check('what it looks for is not hers', (await edit.getByLabel(WORDS.en.subject).count()) === 0)
  await edit.getByRole('textbox', { name: WORDS.en.name, exact: true }).fill('Orders of May')
  await edit.getByRole('button', { name: WORDS.en.save }).click()
  await page.getByRole('heading', { level: 1, name: 'Orders of May' }).waitFor()
  const kept = (await ask(felix, 'SearchFolder/get', { ids: [id] })).list[0]
  check('it has the name and searches as before', kept.name === 'Orders of May' && kept.filter.subject === 'Order 4711', JSON.stringify(kept))
  for (const folder of folders) await imap.command(`DELETEACL ${folder} ${EMMA}`)
  for (const folder of ['INBOX', 'Orders']) await imap.command(`SETACL ${folder} ${EMMA} lrswite`)
  await page.goto(`${origin}/mail/me/inbox`)
  await settledMail(page)
  await until('a folder is kept from her, and they are gone', async () => (await region.count()) === 0)
  await ask(felix, 'SearchFolder/set', { destroy: [id] })
  imap.close()
  await innocent(who)
}

/** Somebody who is quicker than the server: no more requests at a time than it allows (RFC 8620, 2), and what was wanted last is shown. */
async function hurried(who) {
  const { page } = who
  await page.goto(`${origin}/mail/me/inbox`)
  await settledMail(page)
  let under = 0
  let most = 0
  await page.route('**/jmap/api', async (route) => {
    most = Math.max(most, ++under)
    await new Promise((resume) => setTimeout(resume, 400))
    under--
    await route.continue().catch(() => {})
  })
  const field = page.getByLabel('Search mail')
  for (const word of ['Invoice', 'Order', 'Minutes', 'Letter', 'Report', 'Plan', 'Offer', 'subject:bridge']) {
    await field.fill(word)
    await field.press('Enter')
  }
  await row(page, 'Drawings of the bridge').waitFor()
  await settledMail(page)
  check('they were many', most > 1, String(most))
  check('never more than it allows', most <= 4, String(most))
  await page.unroute('**/jmap/api')
  await innocent(who)
}

export const searchTests = [
  {
    name: 'mail/searches',
    open: (browser) => reader(browser),
    tests: [
      ['mail/searches/keeps', (who) => keeps(who, 'en', false)],
      ['mail/searches/leaves-alone', leavesAlone],
      ['mail/searches/delegate', ofADelegate],
      ['mail/searches/hurried', hurried],
    ],
  },
  {
    name: 'mail/searches/fr',
    open: (browser) => reader(browser, { width: 390, height: 844, language: 'fr', dark: true }),
    tests: [['mail/searches/fr', (who) => keeps(who, 'fr', true)]],
  },
]
