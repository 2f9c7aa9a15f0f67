// Company directories on the screen, in front of real ones (companies.py): pages, and what people do there.
import { execFileSync } from 'node:child_process'
import { administrator, axe, base, check, innocent, origin, person, picture, settled } from './kit.mjs'
import { settledMail } from './mail-kit.mjs'
import { look, looks } from './pages.mjs'

const { CORP, SECRET } = process.env
const corp = `/directories/source?organisation=Corp&source=${encodeURIComponent(CORP ?? '')}`
const post = '/directories/source?organisation=Letters&source=Post&tab=writing'
const staff = '/directories/source?organisation=People&source=Staff'
const pages = {
  directories: '/directories',
  'directories-one-organisation': '/directories?organisation=Corp',
  'directory-wizard': '/directories/add?organisation=People',
  directory: corp,
  'directory-entries': `${corp}&tab=entries`,
  'directory-people': `${corp}&tab=people`,
  'directory-settings': `${corp}&tab=settings`,
  'directory-settings-server': `${corp}&tab=settings&dialog=server`,
  'directory-settings-login': `${corp}&tab=settings&dialog=login`,
  'directory-mapping': `${corp}&tab=mapping`,
  'directory-writing': `${corp}&tab=writing`,
  'directory-writing-edit': `${corp}&tab=writing&dialog=writing`,
  'directory-runs': `${corp}&tab=runs`,
  'directory-run': `${corp}&tab=runs&run=1`,
  'directory-conflicts': `${corp}&tab=conflicts`,
  'directory-disable': `${corp}&dialog=disable`,
  'directory-remove': `${corp}&dialog=remove`,
  'directory-user': '/recipients/alice@alpha.example',
  'directory-user-edit': '/recipients/alice@alpha.example?dialog=edit',
  'directory-user-person': '/recipients/alice@alpha.example?tab=person',
  'directory-user-hostile': '/recipients/h0@alpha.example',
}

const button = (page, name) => page.getByRole('button', { name, exact: true })
/** A field by the beginning of its label. */
const field = (page, name) => page.locator('main, [role=dialog]').getByLabel(new RegExp(`^${name}`)).last()
const shot = (page, name) => picture(page, name, { fullPage: true })
const server = (page, path) => page.evaluate(async (p) => (await fetch('/api/v1' + p)).json(), path)

/** The browser told of a refusal (400) that was meant. */
function refusalWasMeant({ faults }) {
  faults.splice(0, faults.length, ...faults.filter((fault) => !/status of 400/.test(fault)))
}

/** Somebody at the directory itself. */
function inSlapd(script) {
  const head = 'import json, os, ldap; d = ldap.initialize(os.environ["LDAP_URL"]); d.simple_bind_s(os.environ["LDAP_ADMIN"], os.environ["LDAP_PASSWORD"]);'
  execFileSync(process.env.PYTHON, ['-c', `${head}${script}`])
}

/** Waits for the run whose drawer is open. */
async function runEnds(page, how = 'Done') {
  const drawer = page.getByRole('dialog')
  await drawer.getByText('What it', { exact: false }).first().waitFor()
  await drawer.locator('dd').filter({ hasText: new RegExp(`^${how}$`) }).waitFor({ timeout: 60_000 })
  return drawer
}

const step = (page, name) => page.getByRole('listitem').filter({ hasText: name }).first()

/** From a URL to people, with a wrong certificate, a wrong password and a mapping of one's own on the way. */
async function addsASource(who) {
  const { page } = who
  await page.goto(`${base}/directories/add?organisation=People`)
  await settled(page)
  await field(page, 'Name').fill('Staff')
  await field(page, 'Servers').fill(process.env.LDAP_URL)
  await button(page, 'Continue').click()
  await field(page, 'Account').fill(process.env.LDAP_ADMIN)
  await field(page, 'Password').fill('not-it')
  await button(page, 'Test now').click()
  await step(page, 'Encryption and certificate').getByText('an authority that the source does not trust').waitFor()
  await shot(page, 'walk-directory-untrusted')
  check('nothing is proposed before it is known', await button(page, 'Continue').isDisabled())
  await button(page, 'Back').click()
  await field(page, 'Trusted certificates').fill(process.env.LDAP_CA)
  await button(page, 'Continue').click()
  await button(page, 'Test once more').click()
  await step(page, 'Log in with the account').getByText('Check the name of the account').waitFor()
  await field(page, 'Password').fill(process.env.LDAP_PASSWORD)
  await button(page, 'Test once more').click()
  await page.getByText('This is OpenLDAP and others.', { exact: false }).waitFor()
  await page.getByText('All steps work.').waitFor()
  await shot(page, 'walk-directory-found')
  await button(page, 'Continue').click()
  check('the base is proposed', (await field(page, 'Base').inputValue()) === process.env.LDAP_SUFFIX)
  await page.getByText('p00@people.example').waitFor()
  await shot(page, 'walk-directory-reading')
  await button(page, 'Continue').click()
  await field(page, 'Department').fill('{ou|departmentNumber}')
  await field(page, 'Name').fill('{displayName')
  await button(page, 'Test once more').click()
  await page.getByRole('alert').waitFor() // a template that is none
  refusalWasMeant(who)
  await field(page, 'Name').fill('')
  await button(page, 'Test once more').click()
  await page.locator('small').filter({ hasText: /^Sales$/ }).first().waitFor()
  await shot(page, 'walk-directory-mapping')
  await button(page, 'Continue').click()
  await shot(page, 'walk-directory-mailboxes')
  const line = await page.getByLabel('The same on the command line').innerText()
  check('the command', line.includes('directory add Staff --org People') && line.includes("--map 'department={ou|departmentNumber}'") && !line.includes(process.env.LDAP_PASSWORD), line)
  await innocent(who)
  await button(page, 'Add a directory').click()
  await page.getByRole('heading', { level: 1, name: 'Staff' }).waitFor()
  await page.goto(`${base}${staff}&tab=runs`)
  await page.getByRole('row').filter({ hasText: 'Done' }).first().waitFor({ timeout: 120_000 })
  check('they are here', (await server(page, '/users/p07@people.example')).source === 'Staff')
  await page.goto(`${base}${staff}`)
  await page.getByText('Answers', { exact: true }).waitFor()
  await shot(page, 'walk-directory-overview')
  await innocent(who)
}

/** The source that the wizard adds, also where only what comes after it is asked for. */
async function staffIsThere(page) {
  await page.goto(base + '/directories')
  await settled(page)
  const { directories } = await server(page, '/directories?organisation=People')
  if (!directories.some((d) => d.name === 'Staff')) {
    const { LDAP_URL, LDAP_CA, LDAP_SUFFIX, LDAP_ADMIN, LDAP_PASSWORD } = process.env
    const body = { name: 'Staff', organisation: 'People', type: 'ldap', urls: [LDAP_URL], trusted: LDAP_CA, base: LDAP_SUFFIX, bind_dn: LDAP_ADMIN, bind_password: LDAP_PASSWORD }
    const status = await page.evaluate(async (b) => (await fetch('/api/v1/directories', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(b) })).status, body)
    check('it is added', status === 201, String(status))
  }
  await page.goto(`${base}${staff}&tab=runs`)
  await page.getByRole('row').filter({ hasText: 'Done' }).first().waitFor({ timeout: 120_000 })
}

/** An address that somebody has already: what is in the way, and its remedy. */
async function solvesAConflict(who) {
  const { page } = who
  await staffIsThere(page)
  await page.goto(`${base}${staff}&tab=conflicts`)
  await page.getByText('The address is taken').waitFor()
  await shot(page, 'walk-directory-conflict')
  await button(page, 'Give it a recipient').click()
  check('the address is proposed', (await page.getByRole('dialog').getByLabel('Address of the recipient').inputValue()) === 'taken@people.example')
  await button(page.getByRole('dialog'), 'Give it a recipient').click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await button(page, 'Synchronise now').click()
  await runEnds(page)
  await page.goto(`${base}${staff}&tab=conflicts`)
  await page.getByText('No conflict', { exact: true }).waitFor()
  check('he is theirs', (await server(page, '/users/taken@people.example')).source === 'Staff')
  await innocent(who)
}

/** Most of the people vanish: nothing happens until somebody says so, after he has looked. */
async function aRunAsks(who) {
  const { page } = who
  await staffIsThere(page)
  inSlapd('[d.delete_s(dn) for dn in json.loads(os.environ["LDAP_MANY"])[:20]]')
  await page.goto(`${base}${staff}`)
  await button(page, 'More').click()
  await page.getByRole('menuitem', { name: 'Read everything anew' }).click()
  await runEnds(page, 'Asks')
  await page.goto(`${base}${staff}`)
  const question = page.getByRole('alert').filter({ hasText: 'stopped and asks' })
  await question.getByText('It would take away 20 of', { exact: false }).waitFor()
  await shot(page, 'walk-directory-asks')
  check('nobody was disabled', (await server(page, '/users/p00@people.example')).state === 'active')
  await button(question, 'See what would change').click()
  const drawer = await runEnds(page)
  check('twenty would go', (await drawer.getByText('Disabled ·').count()) === 20 || (await drawer.locator('li').filter({ hasText: 'Disabled' }).count()) === 20)
  await shot(page, 'walk-directory-preview')
  check('a preview changes nothing', (await server(page, '/users/p00@people.example')).state === 'active')
  await page.goto(`${base}${staff}`)
  await button(page.getByRole('alert').filter({ hasText: 'stopped and asks' }), 'Yes, take them away').click()
  await button(page.getByRole('dialog'), 'Yes, take them away').click()
  await runEnds(page)
  check('now they are', (await server(page, '/users/p00@people.example')).state === 'disabled')
  await innocent(who)
}

/** Settings are changed, the source is switched off and on, and goes; its people stay. */
async function changesAndRemoves(who) {
  const { page } = who
  await staffIsThere(page)
  const dialog = page.getByRole('dialog')
  await page.goto(`${base}${staff}&tab=settings`)
  await button(page, 'Edit: Who gets a mailbox').click()
  await field(page, 'Stop and ask above').fill('35')
  await button(dialog, 'Save').click()
  await dialog.waitFor({ state: 'detached' })
  check('it is saved', (await server(page, '/directories/Staff?organisation=People')).remove_percent === 35)
  await button(page, 'More').click()
  await page.getByRole('menuitem', { name: 'Switch off' }).click()
  await button(dialog, 'Switch off').click()
  await page.getByText('Switched off', { exact: true }).first().waitFor()
  check('nothing is asked of one that is off', await button(page, 'Synchronise now').isDisabled())
  await button(page, 'More').click()
  await page.getByRole('menuitem', { name: 'Switch on' }).click()
  await page.getByText('Staff is read again.').waitFor()
  await button(page, 'More').click()
  await page.getByRole('menuitem', { name: 'Remove', exact: true }).click()
  await dialog.getByRole('textbox').fill('Staff')
  await button(dialog, 'Remove').click()
  await page.getByRole('heading', { level: 1, name: 'Directories' }).waitFor()
  check('its people are internal', (await server(page, '/users/p25@people.example')).source === undefined)
  await innocent(who)
}

/** What of an attribute stands in Post's entries. */
function inPost(uid, attribute = 'mail') {
  const script = `import os, ldap; d = ldap.initialize(os.environ["LETTERS_URL"]); d.simple_bind_s(os.environ["LETTERS_ADMIN"], os.environ["LETTERS_PASSWORD"]); print(*(v.decode() for v in d.search_s("uid=${uid},ou=people,dc=letters,dc=test", ldap.SCOPE_BASE)[0][1].get("${attribute}", [])))`
  return execFileSync(process.env.PYTHON, ['-c', script], { encoding: 'utf8' }).trim()
}

const axeClean = async (page) => {
  const found = await axe(page)
  check('axe', found.length === 0, found.join(' | '))
}

/** Writing back is set up: what it would write is seen before anything is written, and what the directory refuses comes with its remedy. */
async function setsUpWriting(who) {
  const { page } = who
  const dialog = page.getByRole('dialog')
  await page.goto(base + post)
  await page.getByText('Nothing is written into this directory').waitFor()
  await button(page, 'Set it up').click()
  check('nothing to look at yet', await button(dialog, 'Look').isDisabled())
  await field(page, 'What is written into the directory').focus()
  await page.keyboard.press('ArrowDown')
  await page.getByRole('option', { name: 'The address (mail)' }).click()
  await page.keyboard.press('Escape')
  await field(page, 'Account that writes').fill(process.env.LETTERS_READER)
  await field(page, 'Its password').fill('not-it')
  await button(dialog, 'Look').click()
  await dialog.getByText('The company directory refuses the account that writes to it.').waitFor()
  await dialog.getByText('Check the name of the account that writes and its password', { exact: false }).waitFor()
  await shot(page, 'walk-writing-wrong-account')
  await axeClean(page)
  await field(page, 'Its password').fill(SECRET)
  await button(dialog, 'Look again').click()
  await dialog.getByText('mail: anna@letters.example').waitFor()
  await dialog.getByText('3 entries were compared.', { exact: false }).waitFor()
  check('only what is missing', (await dialog.getByText('mail: ').count()) === 2 && (await dialog.getByText('carl@').count()) === 0)
  await shot(page, 'walk-writing-preview')
  check('a look writes nothing', inPost('anna') === '')
  check('the command', (await dialog.getByLabel('The same on the command line').innerText()).includes('--write-password-file FILE'))
  await button(dialog, 'Save').click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText('The directory refuses 2 entries').waitFor()
  await page.getByText('Give the account that writes the right to read and change these attributes of this entry.').first().waitFor()
  await page.getByText('The server said', { exact: false }).first().waitFor()
  await axeClean(page)
  await innocent(who)
  await shot(page, 'walk-writing-refused')
}

/** The same in French on a phone: the right account is told, and everything is written that was missing. */
async function writesInFrench(_, browser) {
  const who = await administrator(browser, { width: 390, height: 844, dark: true, language: 'fr' })
  const { page } = who
  const dialog = page.getByRole('dialog')
  await page.goto(base + post)
  await page.getByText('L’annuaire refuse 2 entrées').waitFor()
  await page.getByText('Donnez au compte qui écrit le droit de lire et de changer ces attributs de cette entrée.').first().waitFor()
  await settled(page)
  await axeClean(page)
  await shot(page, 'walk-writing-refused-fr')
  await button(page, 'Modifier: Ce qui est écrit, et par qui').click()
  await field(page, 'Compte qui écrit').fill(process.env.LETTERS_ADMIN)
  await field(page, 'Son mot de passe').fill(process.env.LETTERS_PASSWORD)
  await button(dialog, 'Regarder').click()
  await dialog.getByText('mail: ben@letters.example').waitFor()
  await axeClean(page)
  await shot(page, 'walk-writing-preview-fr')
  await button(dialog, 'Enregistrer').click()
  await dialog.waitFor({ state: 'detached' })
  await page.locator('dt', { hasText: 'Entrées avec quelque chose de nous' }).locator('xpath=following-sibling::dd[1]').filter({ hasText: /^2$/ }).waitFor()
  await page.getByText('L’annuaire refuse', { exact: false }).waitFor({ state: 'detached' })
  check('it is written', inPost('anna') === 'anna@letters.example' && inPost('ben') === 'ben@letters.example')
  check('what stood there stays', inPost('carl') === 'carl@elsewhere.example')
  await button(page, 'Regarder').click()
  await page.getByText('chaque entrée a ce qu’elle doit avoir', { exact: false }).waitFor()
  await shot(page, 'walk-writing-fr')
  await axeClean(page)
  await innocent(who)
  const one = '/directories/Post/runs'
  const { runs } = await server(page, `${one}?organisation=Letters`)
  const shown = await Promise.all(runs.map((r) => server(page, `${one}/${r.id}?organisation=Letters`)))
  const wrote = shown.find((r) => r.changes.some((c) => c.what === 'write'))
  check('a run tells', wrote !== undefined)
  await page.goto(`${base}${post.replace('writing', 'runs')}&run=${wrote.id}`)
  await dialog.getByText('Écrit là-bas').first().waitFor()
  await innocent(who)
  await who.context.close()
}

/** The cheaper server is dead: the other one is asked, and both say how they are, here and on the command line. */
async function serversTell(who) {
  const { page } = who
  await page.goto(base + corp)
  const servers = page.getByRole('listitem')
  await servers.filter({ hasText: process.env.DEAD }).getByText(/Left alone|Fails/).waitFor()
  await servers.filter({ hasText: 'ldaps://' }).getByText('Answers', { exact: true }).waitFor()
  await page.goto(base + '/directories')
  await page.getByText('1 of 2 well').waitFor()
  const said = execFileSync(process.env.BINARY, ['--data', process.env.DATA, 'directory', 'status', CORP], { encoding: 'utf8' })
  check('chappe directory status', said.includes(`server ${process.env.DEAD}: `) && /: up, cost 20/.test(said), said)
  const roles = JSON.parse(execFileSync(process.env.BINARY, ['--data', process.env.DATA, 'status', '--json'], { encoding: 'utf8' })).roles
  const known = roles.flatMap((r) => r.directories ?? []).find((d) => d.source === CORP)
  check('chappe status --json', known?.servers.some((s) => s.url === process.env.DEAD && s.failed > 0), JSON.stringify(known))
  await innocent(who)
}

/** What the directory owns cannot be edited, and says why and where. */
async function ownedFields(who) {
  const { page } = who
  await page.goto(base + '/recipients/alice@alpha.example')
  await page.getByText('Who owns what').waitFor()
  check('the password is not set here', await button(page, 'Set password').isDisabled())
  await page.getByRole('link', { name: CORP }).first().waitFor()
  await button(page, 'Edit').click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  const name = field(page, 'Display name')
  check('nor the name', await name.isDisabled())
  await page.getByRole('dialog').getByText(`It comes from the directory ${CORP}: change it there.`).first().waitFor()
  await field(page, 'Quota').fill('3G')
  await button(page.getByRole('dialog'), 'Save').click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByRole('tab', { name: 'Person', exact: true }).click()
  check('nor who one is', (await field(page, 'Town').isDisabled()) && (await field(page, 'Manager').isDisabled()))
  await page.getByText(`These fields come from the directory ${CORP}: change them there.`).waitFor()
  check('the quota is ours', (await server(page, '/users/alice@alpha.example')).quota === 3 * 1024 ** 3)
  await innocent(who)
}

async function tries(page, login, password) {
  await page.locator('input[autocomplete=username]').fill(login)
  await page.locator('input[autocomplete=current-password]').fill(password)
  await page.locator('button[type=submit]').click()
}

/** The console: who must change his password reads the rules and does; in French, too. */
async function mustChange(_, browser) {
  const who = await person(browser, { width: 390, height: 844 })
  const { page } = who
  await page.goto(base + '/')
  await tries(page, 'ALPHA\\must', SECRET)
  await page.getByText('You have to choose a new password before you can log in.').waitFor()
  for (const rule of ['at least 9 characters', 'three of these', 'none of your last 5', 'it holds for 90 days']) await page.getByText(rule, { exact: false }).waitFor()
  await shot(page, 'walk-login-expired')
  const found = await axe(page)
  check('axe', found.length === 0, found.join(' | '))
  await page.getByText('Français').click()
  await page.getByText('au moins 9 caractères').waitFor()
  await shot(page, 'walk-login-expired-fr')
  await innocent(who)
  await field(page, 'Nouveau mot de passe').fill('short')
  await page.getByText('Il est trop court.').waitFor()
  await page.getByText('English').click()
  const fresh = page.locator('input[autocomplete=new-password]')
  for (const n of [0, 1]) await fresh.nth(n).fill('alllowercase')
  await button(page, 'Change it and log in').click()
  await page.getByText('refuses the new password', { exact: false }).waitFor()
  refusalWasMeant(who)
  for (const n of [0, 1]) await fresh.nth(n).fill('N3w-and-better')
  await button(page, 'Change it and log in').click()
  await page.getByText('You hold no role').waitFor()
  await innocent(who)
  await who.context.close()
}

/** The webmail: the same, and then one's mail; and one who is not let in reads why. */
async function mustChangeForMail(_, browser) {
  const who = await person(browser, { language: 'fr', dark: true })
  const { page } = who
  await page.goto(origin + '/')
  await tries(page, 'off@alpha.example', SECRET)
  await page.getByText('Ce compte est désactivé', { exact: false }).waitFor()
  await shot(page, 'walk-login-disabled')
  await tries(page, 'later@alpha.example', SECRET)
  await page.getByText('Ce qu’il doit être').waitFor()
  for (const n of [0, 1]) await page.locator('input[autocomplete=new-password]').nth(n).fill('N3w-and-better')
  await button(page, 'Le changer et se connecter').click()
  await settledMail(page)
  await innocent(who)
  await who.context.close()
}

/** One's own password, changed in webmail where the company keeps it: its rules stand there, and what it refuses is said. */
async function changesOwnPassword(_, browser) {
  const fresh = 'N3w-and-better'
  const who = await person(browser, { width: 390, height: 844, dark: true })
  const { page } = who
  const dialog = page.getByRole('dialog')
  await page.goto(origin + '/')
  await tries(page, 'paul@alpha.example', SECRET)
  await settledMail(page)
  await page.goto(origin + '/settings/security')
  await button(page, 'Change the password').click()
  for (const rule of ['at least 9 characters', 'three of these', 'none of your last 5', 'it holds for 90 days']) await dialog.getByText(rule, { exact: false }).waitFor()
  await settled(page)
  await axeClean(page)
  await shot(page, 'walk-own-password')
  const type = async (current, next) => {
    await dialog.locator('input[autocomplete=current-password]').fill(current)
    for (const n of [0, 1]) await dialog.locator('input[autocomplete=new-password]').nth(n).fill(next)
    await button(dialog, 'Change the password').click()
  }
  await type(SECRET, 'Short-1')
  await dialog.getByText('At least 9 characters.').waitFor()
  await type('not-it', fresh)
  await dialog.getByText('current password is wrong', { exact: false }).waitFor()
  await type(SECRET, 'alllowercase')
  await dialog.getByText('refuses the new password', { exact: false }).waitFor()
  await type(SECRET, fresh)
  await dialog.getByText('Current password').waitFor({ state: 'detached' })
  await innocent(who)
  await who.context.close()
  const later = await person(browser)
  await later.page.goto(origin + '/')
  await tries(later.page, 'paul@alpha.example', SECRET)
  await later.page.getByRole('alert').waitFor()
  await tries(later.page, 'paul@alpha.example', fresh)
  await later.page.locator('main#content').waitFor()
  await innocent(later)
  await later.context.close()
}

/** Where there are keys for tickets there is a button; a browser that has none of the domain says so, and the password is still there. */
async function withoutTicket(_, browser) {
  const who = await person(browser)
  const { page } = who
  await page.goto(base + '/')
  await button(page, 'Sign in with your company account').click()
  await page.getByText('Your browser has sent no ticket', { exact: false }).waitFor()
  await shot(page, 'walk-login-no-ticket')
  await tries(page, 'alice@alpha.lan', SECRET)
  await page.getByText('You hold no role').waitFor()
  await innocent(who)
  await who.context.close()
}

/** Where somebody chooses who gets a mailbox: found without accents or capitals, ticked, and the server knows it. */
async function choosesByHand(who) {
  const { page } = who
  await page.goto(base + '/')
  await settled(page)
  const patch = (mailboxes) => page.evaluate(async (m) => (await fetch('/api/v1/directories/Post?organisation=Letters', { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'If-Match': '*' }, body: JSON.stringify({ mailboxes: m }) })).status, mailboxes)
  check('by hand', (await patch('hand')) < 300)
  await page.goto(`${base}/directories/source?organisation=Letters&source=Post&tab=people`)
  await page.getByRole('textbox', { name: 'Name, account, address' }).fill('ANNA')
  await page.getByRole('row').filter({ hasText: 'anna@letters.example' }).waitFor()
  await page.getByRole('row').filter({ hasText: 'carl' }).waitFor({ state: 'detached' })
  await page.getByRole('checkbox', { name: 'A mailbox for Anna' }).click()
  await page.getByRole('checkbox', { name: 'A mailbox for Anna', checked: true }).waitFor()
  await page.getByText(/chappe directory choose Post uid=anna,\S+ --mailbox yes --org Letters/).waitFor()
  const { entries } = await server(page, '/directories/Post/entries?organisation=Letters')
  check('chosen', entries.filter((e) => e.chosen).map((e) => e.name).join() === 'Anna', JSON.stringify(entries))
  await shot(page, 'walk-directory-people')
  await innocent(who)
  check('as before', (await patch('all')) < 300)
}

export function companyTests() {
  return [
    ...looks.map((l) => ({
      name: `directory/${l.name}`,
      open: (browser) => administrator(browser, l),
      tests: Object.entries(pages).map(([name, path]) => [`directory/${l.name}/${name}`, (who) => look(who, path, `${name}.${l.name}`, l.axe)]),
    })),
    {
      name: 'directory',
      open: (browser) => administrator(browser),
      tests: [
        ['directory/adds a source with the wizard', addsASource],
        ['directory/solves a conflict', solvesAConflict],
        ['directory/a run that would take many away asks', aRunAsks],
        ['directory/changes, switches off and removes a source', changesAndRemoves],
        ['directory/writing back is looked at, set up and refused', setsUpWriting],
        ['directory/writing back in French, by the right account', writesInFrench],
        ['directory/servers tell how they are', serversTell],
        ['directory/fields of the directory are not edited here', ownedFields],
        ['directory/a password that must be changed, in the console', mustChange],
        ['directory/a password that must be changed, in webmail', mustChangeForMail],
        ['directory/the own password is changed in webmail', changesOwnPassword],
        ['directory/a browser without a ticket', withoutTicket],
        ['directory/chooses who gets a mailbox', choosesByHand],
      ],
    },
  ]
}
