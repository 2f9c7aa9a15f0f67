// Protocols, sessions, exports, identity providers and the editing of transport rules: their pages, and what people do there.
import { execFileSync } from 'node:child_process'
import { chownSync, rmSync, statSync } from 'node:fs'
import { createConnection } from 'node:net'
import { administrator, base, check, innocent, PASSWORD, settled } from './kit.mjs'

const chappe = (...words) => execFileSync(process.env.BINARY, ['--data', process.env.DATA, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })

const HOSTILE = encodeURIComponent('<img src=x onerror=window.__hostile=1>')

/** For the table of pages.mjs. */
export const consolePages = {
  protocols: '/protocols?organisation=Example',
  'protocols-hostile': `/protocols?organisation=${HOSTILE}`,
  'protocols-all': '/protocols?organisation=Example&all=1&text=h1',
  'protocols-domain': '/protocols?organisation=Example&domain=example.org',
  'mailbox-protocols': '/recipients/h0@example.org?tab=protocols',
  sessions: '/sessions',
  'sessions-none': '/sessions?text=nobody-is-called-so',
  'sessions-end': '/sessions?dialog=end',
  'sessions-export': '/sessions?dialog=export&text=ada',
  'mailboxes-export': '/recipients?dialog=export',
  'queue-export': '/queue?dialog=export&domain=away.example',
  'tracking-export': '/tracking?dialog=export',
  'identity-providers': '/identity-providers?organisation=Example',
  'identity-providers-none': `/identity-providers?organisation=${encodeURIComponent('Autre Société')}`,
  'identity-provider': `/identity-providers?organisation=Example&name=${encodeURIComponent('Company <b>login</b>')}`,
  'identity-provider-add': '/identity-providers?organisation=Example&dialog=add',
  'identity-provider-edit': `/identity-providers?organisation=Example&dialog=edit&name=${encodeURIComponent('Company <b>login</b>')}`,
  'rules-edit': '/filters/rules?organisation=Example&dialog=edit&name=Held',
  'address-list-edit': '/address-lists?organisation=Example&dialog=edit&name=Rooms',
  'policy-edit': '/policies?organisation=Example&dialog=edit&name=First.Last',
}

const button = (page, name) => page.getByRole('button', { name, exact: true })
const dialog = (page) => page.getByRole('dialog')

/** The API beside the screen: what the server really has. */
const server = (page, path) => page.evaluate(async (p) => (await fetch('/api/v1' + p)).json(), path)
const send = (page, method, path, body) =>
  page.evaluate(async ([m, p, b]) => (await fetch('/api/v1' + p, { method: m, headers: { 'Content-Type': 'application/json', 'If-Match': '*' }, body: JSON.stringify(b) })).status, [method, path, body])

async function until(what, condition, seconds = 30) {
  for (const end = Date.now() + seconds * 1000; ; ) {
    if (await condition()) return
    check(what, Date.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** A mail program that has logged in. `said`: all that the server answered. */
async function imap(login) {
  const socket = createConnection({ host: '127.0.0.1', port: Number(process.env.IMAP_PORT) })
  const program = { said: '', isClosed: false, socket }
  socket.on('data', (data) => (program.said += data))
  socket.on('close', () => (program.isClosed = true))
  socket.on('error', () => (program.isClosed = true))
  socket.write(`a LOGIN ${login} ${PASSWORD}\r\n`)
  await until('a login', () => /^a OK/m.test(program.said))
  return program
}

// ---- sessions

const say = {
  en: { end: 'End them', endAll: 'End all of these', chosen: '1 session chosen', protocol: 'Protocol', write: 'Write the file', download: 'Download' },
  fr: { end: 'Les clore', endAll: 'Clore toutes celles-ci', chosen: '1 session choisie', protocol: 'Protocole', write: 'Écrire le fichier', download: 'Télécharger' },
}

const endsSessions = (language) => async (who) => {
  const { page } = who
  const words = say[language]
  const [claude, li] = [await imap('claude@example.org'), await imap('li@example.org')]
  await until('both stand there', async () => (await server(page, '/sessions?kind=connection')).sessions.length === 2)
  await page.goto(base + '/sessions?kind=connection')
  await settled(page)
  await page.getByRole('checkbox', { name: /claude@example\.org IMAP/ }).check()
  await page.getByText(words.chosen).first().waitFor()
  await button(page, words.end).click()
  await dialog(page).getByText(/chappe session end claude@example\.org \d+/).waitFor()
  await dialog(page).getByRole('button', { name: words.end, exact: true }).click()
  await until('it is closed', () => claude.isClosed)
  check('with a word', claude.said.includes('* BYE'), claude.said)
  check('the other goes on', !li.isClosed)
  await page.goto(base + '/sessions?text=li@example.org&kind=connection')
  await settled(page)
  await button(page, words.endAll).click()
  await dialog(page).getByText('chappe session end-all --text li@example.org --kind connection').waitFor()
  await dialog(page).getByRole('button', { name: words.endAll, exact: true }).click()
  await until('the other is closed', () => li.isClosed)
  check('one’s own is left', (await server(page, '/session')).login === 'ada@example.org')
  await innocent(who)
}

const exports = (language) => async (who) => {
  const { page } = who
  const words = say[language]
  await page.goto(base + '/recipients?domain=example.org&text=h1&dialog=export')
  await dialog(page).getByText("chappe job export recipients --domain example.org --text h1 --filter kind=user,shared,room,equipment,public-folder").waitFor()
  await dialog(page).getByRole('button', { name: words.write, exact: true }).click()
  const link = dialog(page).getByRole('link', { name: words.download })
  await link.waitFor()
  const [file] = await Promise.all([page.waitForEvent('download'), link.click()])
  check('its name', /^recipients-\d+\.csv$/.test(file.suggestedFilename()), file.suggestedFilename())
  const text = await (await import('node:fs/promises')).readFile(await file.path(), 'utf8')
  const shown = (await server(page, '/recipients?domain=example.org&text=h1&filter=kind%3Duser')).recipients
  check('a line each', text.trim().split('\r\n').length === shown.length + 1, text)
  check('no formula', !/(^|,)[=+@-]/m.test(text.replace(/^\uFEFF/, '')), text)
  await innocent(who)
}

// ---- protocols

async function closesAProtocol(who) {
  const { page } = who
  await page.goto(base + '/recipients/li@example.org?tab=protocols')
  await settled(page)
  await page.getByRole('checkbox', { name: 'POP3' }).uncheck()
  await page.getByText('chappe user set li@example.org --protocols').waitFor()
  await button(page, 'Save').click()
  await until('POP3 is closed', async () => !(await server(page, '/users/li@example.org')).protocols.includes('pop3'))
  check('what the console does not show stays', (await server(page, '/users/li@example.org')).protocols.includes('nntp'))
  await page.goto(base + '/protocols?organisation=Example')
  await settled(page)
  await page.getByRole('row', { name: /li@example\.org.*POP3/ }).waitFor()
  await page.getByRole('button', { name: 'Change example.net' }).click()
  await dialog(page).getByRole('checkbox', { name: 'POP3' }).uncheck()
  await dialog(page).getByText('chappe domain set example.net --protocols').waitFor()
  await dialog(page).getByRole('button', { name: 'Save', exact: true }).click()
  await until('POP3 is closed for the domain', async () => !(await server(page, '/domains/example.net')).protocols.includes('pop3'))
  await page.goto(base + '/recipients/p0010@example.net?tab=protocols')
  await settled(page)
  await page.getByText('closed by example.net').waitFor()
  await innocent(who)
}

// ---- who opened a mailbox

const opened = (language) => async (who) => {
  const { page } = who
  const words = { en: ['Who opened this mailbox', 'Logged in with a browser'], fr: ['Qui a ouvert cette boîte', 'Connexion par navigateur'] }[language]
  await page.goto(base + '/recipients/ada@example.org?tab=audit')
  await settled(page)
  await page.getByRole('region', { name: words[0] }).getByRole('row', { name: words[1] }).filter({ hasText: 'ada@example.org' }).first().waitFor()
  await page.getByText('chappe user activity ada@example.org').waitFor()
  await page.goto(base + '/recipients/h0@example.org?tab=audit')
  await settled(page)
  await page.getByText('app-password.add').first().waitFor() // what was done to it is asked for by its name
  await page.screenshot({ path: `${process.env.SHOTS}/mailbox-opened-${language}.png` })
  await innocent(who)
}

async function warnsOfShuttingOneselfOut(who) {
  const { page } = who
  await page.goto(base + '/recipients/ada@example.org?tab=protocols')
  await settled(page)
  await page.getByRole('checkbox', { name: 'This console and the API' }).uncheck()
  await page.getByRole('alert').filter({ hasText: 'Your own account is among them' }).waitFor()
}

// ---- identity providers

async function keepsIdentityProviders(who) {
  const { page } = who
  await page.goto(base + '/identity-providers?organisation=Example')
  await settled(page)
  await button(page, 'Add an identity provider').click()
  await dialog(page).getByLabel('Name', { exact: false }).first().fill('Staff')
  await dialog(page).getByRole('textbox', { name: 'Issuer' }).fill('https://127.0.0.1:1/realms/staff')
  await dialog(page).getByRole('textbox', { name: 'Client' }).first().fill('chappe')
  await dialog(page).getByLabel('Secret of the client').first().fill('very secret')
  await dialog(page).getByText('chappe identity-provider add Staff --org Example --issuer https://127.0.0.1:1/realms/staff --client chappe --secret-file -').waitFor()
  check('where to register it', await dialog(page).getByText('/api/v1/session/callback').isVisible())
  await dialog(page).getByRole('button', { name: 'Add an identity provider', exact: true }).click()
  await button(page, 'Test').click()
  await dialog(page).getByText('It does not work').waitFor()
  const kept = await server(page, '/identity-providers/Staff?organisation=Example')
  check('kept', kept.has_secret && kept.client === 'chappe' && kept.secret === undefined, JSON.stringify(kept))
  await button(page, 'Change').click()
  await dialog(page).getByRole('checkbox', { name: 'Mail programs and JMAP' }).uncheck()
  await dialog(page).getByText('chappe identity-provider set Staff --org Example --mail no').waitFor()
  await dialog(page).getByRole('button', { name: 'Save', exact: true }).click()
  await button(page, 'Remove').waitFor()
  const changed = await server(page, '/identity-providers/Staff?organisation=Example')
  check('its secret stays', changed.has_secret && !changed.mail, JSON.stringify(changed))
  await button(page, 'Remove').click()
  await dialog(page).last().getByRole('button', { name: 'Remove', exact: true }).click()
  await until('removed', async () => (await server(page, '/identity-providers?organisation=Example')).identity_providers.every((p) => p.name !== 'Staff'))
  await innocent(who)
}

// ---- transport rules

const RULES = '/filters/rules?organisation=Autre%20Soci%C3%A9t%C3%A9'
const ORGANISATION = 'Autre Société'
const names = async (page) => (await server(page, `/rules?organisation=${encodeURIComponent(ORGANISATION)}`)).rules.map((r) => r.name).join()

async function changesARule(who) {
  const { page } = who
  await send(page, 'POST', '/rules', { name: 'Offers', organisation: ORGANISATION, header: 'Subject: *offer*', larger: 10485760, junk: true })
  await page.goto(`${base}${RULES}&name=Offers`)
  await settled(page)
  await button(page, 'Change').click()
  check('what there is', (await dialog(page).getByRole('textbox', { name: 'Larger than' }).inputValue()) === '10M')
  await dialog(page).getByRole('button', { name: 'Take out: Larger than' }).click()
  await dialog(page).getByRole('button', { name: 'Condition' }).click()
  await page.getByRole('menuitem', { name: 'Nobody has logged in' }).click()
  await dialog(page).getByText("chappe rule set Offers --org 'Autre Société' --anonymous yes --larger 0").waitFor()
  await dialog(page).getByLabel('Subject').fill('An offer <b>for you</b>')
  await dialog(page).getByRole('button', { name: 'Try it', exact: true }).click()
  await dialog(page).getByText('It would do what it says').waitFor()
  await dialog(page).getByRole('checkbox', { name: 'The sender has logged in here' }).check()
  await dialog(page).getByRole('button', { name: 'Try it', exact: true }).click()
  await dialog(page).getByText('It would let it pass').waitFor()
  await dialog(page).getByText('Nobody has logged in: does not hold').waitFor()
  check('nothing is kept of that', (await server(page, `/rules/Offers?organisation=${encodeURIComponent(ORGANISATION)}`)).rule.includes('10485760'))
  await dialog(page).getByRole('button', { name: 'Save', exact: true }).click()
  await button(page, 'Let it rest').waitFor()
  const kept = JSON.parse((await server(page, `/rules/Offers?organisation=${encodeURIComponent(ORGANISATION)}`)).rule)
  check('kept', kept.anonymous === true && kept.larger === undefined && kept.junk === true, JSON.stringify(kept))
  await innocent(who)
}

async function ordersRules(who) {
  const { page } = who
  for (const name of ['First', '<i>Second', 'Third']) await send(page, 'POST', '/rules', { name, organisation: ORGANISATION, junk: true })
  const before = await names(page)
  await page.goto(base + RULES)
  await settled(page)
  const handle = page.getByRole('button', { name: 'Move Third with the up and down arrows' })
  await handle.focus()
  await page.keyboard.press('ArrowUp')
  await until('one place up', async () => (await names(page)).endsWith('Third,<i>Second'))
  await until('the focus stays', () => handle.evaluate((e) => e === document.activeElement))
  await page.keyboard.press('ArrowDown')
  await until('and down again', async () => (await names(page)) === before)
  await handle.dragTo(page.getByRole('row', { name: /First/ }))
  await until('dragged', async () => (await names(page)).includes('Third,First'))
  await innocent(who)
}

async function tellsOfAConflict(who) {
  const { page } = who
  await page.goto(`${base}${RULES}&name=First`)
  await settled(page)
  await send(page, 'DELETE', `/rules/${encodeURIComponent('<i>Second')}?organisation=${encodeURIComponent(ORGANISATION)}`)
  await button(page, 'One place later').click()
  await page.getByText('The rules are not those any more').waitFor()
}

// ---- names with a slash

async function namesWithASlash(who) {
  const { page } = who
  const [rule, organisation, renamed] = ['R/D %2F', 'Sales/Marketing', '../Sales\\%2F']
  await send(page, 'POST', '/rules', { name: rule, organisation: ORGANISATION, junk: true })
  await send(page, 'POST', '/organisations', { name: organisation })
  await page.goto(`${base}${RULES}&name=${encodeURIComponent(rule)}`)
  await settled(page)
  await button(page, 'Change').click()
  await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill('R/D/2')
  await dialog(page).getByText("chappe rule set 'R/D %2F' --org 'Autre Société' --name R/D/2").waitFor()
  await dialog(page).getByRole('button', { name: 'Save', exact: true }).click()
  await until('renamed', async () => (await names(page)).split(',').includes('R/D/2'))
  await page.goto(`${base}${RULES}&name=${encodeURIComponent('R/D/2')}`)
  await settled(page)
  await button(page, 'Remove').click()
  await dialog(page).last().getByRole('button', { name: 'Remove', exact: true }).click()
  await until('removed', async () => !(await names(page)).includes('R/D'))
  await page.goto(base + '/organisations')
  await settled(page)
  await page.getByRole('link', { name: organisation }).click()
  await page.getByRole('heading', { level: 1, name: organisation }).waitFor()
  await page.reload()
  await page.getByRole('heading', { level: 1, name: organisation }).waitFor()
  await button(page, 'Edit').first().click()
  await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill(renamed)
  await dialog(page).getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: renamed }).waitFor()
  await page.reload()
  await page.getByRole('heading', { level: 1, name: renamed }).waitFor()
  check('the server has it', (await server(page, `/organisations/${encodeURIComponent(renamed)}`)).name === renamed)
  await innocent(who)
}

// ---- the home page in French

async function findsInFrench(who) {
  const { page } = who
  await page.goto(base + '/')
  await settled(page)
  await page.getByText('base de l’annuaire', { exact: true }).waitFor()
  const text = await page.locator('main').innerText()
  const english = /\b(directory database|reachable|leads here|has no MX|did not answer|Publish|own name)\b/.exec(text)
  check('a finding is in English', english === null, english?.[0])
  await innocent(who)
}

const certificateTexts = {
  en: { missing: 'Without a certificate', soon: /^[89] days left$/, renew: 'Renew it, then run chappe reload.', wrong: 'It cannot be used', alone: 'Not used: there is no key beside it' },
  fr: { missing: 'Sans certificat', soon: /^encore [89] jours$/, renew: 'Renouvelez-le, puis lancez chappe reload.', wrong: 'Il ne peut pas être utilisé', alone: 'Non utilisé : il n’y a pas de clé à côté' },
}

/** Files as somebody puts them into the folder: the panel says what is wrong with each, what others look for in vain, and that it is well again. */
const certificates = (language) => async (who) => {
  const { page } = who
  const words = certificateTexts[language]
  const folder = `${process.env.DATA}/tls`
  const { uid, gid } = statSync(folder)
  const put = (name, days, key = name) => {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(days), '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', `${folder}/${key}.key`, '-out', `${folder}/${name}.pem`], { stdio: 'ignore' })
    for (const file of [`${key}.key`, `${name}.pem`]) chownSync(`${folder}/${file}`, uid, gid)
  }
  const panel = (name) => page.locator('section').filter({ has: page.getByRole('heading', { name, exact: true }) }).last()
  const made = ['soon', 'wrong', 'alone'].map((name) => `${name}-${language}.example`)
  const [soon, wrong, alone] = made
  const org = `Certificates ${language}`
  const domain = `tls-${language}.example`
  try {
    put(soon, 9)
    put(wrong, 90)
    put(alone, 90, wrong)
    chappe('org', 'add', org)
    chappe('domain', 'add', domain, '--org', org)
    chappe('filter', 'set', 'mta_sts', 'testing', '--org', org)
    await page.goto(base + '/certificates')
    await panel(soon).getByText(words.soon).waitFor()
    await panel(soon).getByText(words.renew).waitFor()
    await panel(wrong).getByText(words.wrong).waitFor()
    await panel(wrong).getByText(`${wrong}.key cannot be used with its certificate`).waitFor()
    await panel(alone).getByText(words.alone).waitFor()
    await panel(words.missing).getByText(`mta-sts.${domain}`).waitFor()
    await page.screenshot({ path: `${process.env.SHOTS}/certificates-${language}.png`, fullPage: true })
    // renewed, and with the name that was missing
    put(wrong, 90)
    put(`mta-sts.${domain}`, 90)
    chappe('reload')
    await page.reload()
    await panel(`mta-sts.${domain}`).waitFor()
    await until('nothing is missing there', async () => (await page.locator('li', { hasText: `mta-sts.${domain}` }).count()) === 0)
    check('the key is its own', (await panel(wrong).getByText(words.wrong).count()) === 0)
    await innocent(who)
  } finally {
    for (const name of [...made, `mta-sts.${domain}`]) for (const end of ['pem', 'key']) rmSync(`${folder}/${name}.${end}`, { force: true })
    chappe('reload')
    chappe('domain', 'remove', domain)
    chappe('org', 'remove', org)
  }
}

const loginCharts = {
  en: { good: /^Good logins by protocol\. IMAP: [1-9].*, DAV, Sieve: /, failed: /^Failed logins by protocol\. .*SMTP: [1-9]/ },
  fr: { good: /^Connexions réussies, par protocole\. IMAP: [1-9].*, DAV, Sieve: /, failed: /^Connexions échouées, par protocole\. .*SMTP: [1-9]/ },
}

/** Who logged in by which protocol, and who did not get in; the arrow keys tell of one moment. */
const chartsLogins = (language) => async (who) => {
  const { page } = who
  await page.goto(base + '/')
  await settled(page)
  for (const name of Object.values(loginCharts[language])) {
    const chart = page.getByRole('img', { name })
    await chart.focus()
    await page.keyboard.press('ArrowLeft')
    await page.getByText(/\d\d:\d\d.*: IMAP \d/).waitFor()
    await chart.screenshot({ path: `${process.env.SHOTS}/logins-${language}.png` })
  }
  await innocent(who)
}

async function foundInTree(who) {
  const { page } = who
  await page.goto(base + '/')
  await settled(page)
  for (const [text, path] of [['Protocols', '/protocols'], ['Identity providers', '/identity-providers'], ['Sessions', '/sessions']]) {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search everything' }).fill(text)
    await until('it is the first', async () => (await page.getByRole('option').first().innerText()).includes(text))
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => url.pathname.endsWith(path), { waitUntil: 'commit' })
    await page.getByRole('heading', { level: 1, name: text }).waitFor()
  }
}

const group = (name, options, tests) => ({ name, open: (browser) => administrator(browser, options), tests: Object.entries(tests).map(([test, run]) => [`${name}/${test}`, run]) })

// ---- who opens a mailbox, and with what

const access = {
  en: { none: 'Nobody: nobody can read its mail yet.', add: 'Let somebody in', address: 'Address', editor: 'Editor', out: 'Let in no more', outOf: 'Let grace@example.org in no more', change: 'Change what grace@example.org may do', role: 'What is allowed', reader: 'Reader', save: 'Save' },
  fr: { none: 'Personne : nul ne peut encore lire son courrier.', add: 'Donner accès à quelqu’un', address: 'Adresse', editor: 'Éditeur', out: 'Retirer l’accès', outOf: 'Retirer l’accès à grace@example.org', change: 'Changer ce que peut grace@example.org', role: 'Ce qui est permis', reader: 'Lecteur', save: 'Enregistrer' },
}

/** A mailbox that nobody logs in to: somebody is let in, may less, and is out again. */
const letsIn = (language) => async (who) => {
  const { page } = who
  const words = access[language]
  await page.goto(base + '/recipients/board@example.org?tab=shares')
  await settled(page)
  await page.getByText(words.none).waitFor()
  await button(page, words.add).click()
  await dialog(page).getByRole('textbox', { name: words.address }).first().fill('grace@example.org')
  await dialog(page).getByText('chappe mailbox share board@example.org grace@example.org --rights editor').waitFor()
  await button(dialog(page), words.add).click()
  const row = page.getByRole('listitem').filter({ hasText: 'Grace Hopper' })
  await row.getByText(words.editor).waitFor()
  const { shares } = await server(page, '/mailboxes/board@example.org/shares')
  check('in all folders', shares.length > 3 && shares.every((s) => s.person === 'grace@example.org' && s.role === 'editor'), JSON.stringify(shares))
  await row.getByRole('button', { name: words.change }).click()
  await dialog(page).getByRole('combobox', { name: words.role }).click()
  await page.getByRole('option', { name: words.reader }).click()
  await button(dialog(page), words.save).click()
  await row.getByText(words.reader).waitFor()
  await page.screenshot({ path: `${process.env.SHOTS}/mailbox-shares-walk-${language}.png` })
  await row.getByRole('button', { name: words.outOf }).click()
  await dialog(page).getByText('chappe mailbox unshare board@example.org grace@example.org').waitFor()
  await button(dialog(page), words.out).click()
  await page.getByText(words.none).waitFor()
  await innocent(who)
}

/** An app password that is good for one protocol, from one network, for some days. */
async function boundsAnAppPassword(who) {
  const { page } = who
  await page.goto(base + '/recipients/li@example.org?tab=security')
  await settled(page)
  await button(page, 'Make an app password').click()
  await dialog(page).getByRole('textbox', { name: 'What it is for' }).fill('phone')
  await dialog(page).getByRole('combobox', { name: 'Good for' }).click()
  await page.getByRole('option', { name: 'IMAP' }).click()
  await page.keyboard.press('Escape')
  await dialog(page).getByLabel('Good from').fill('192.0.2.0/24')
  await page.keyboard.press('Enter')
  await dialog(page).getByLabel('For so many days').fill('5')
  await dialog(page).getByText('chappe app-password add li@example.org --name phone --protocols imap --networks 192.0.2.0/24 --days 5').waitFor()
  await button(dialog(page), 'Make an app password').click()
  await dialog(page).getByText('The password, shown this once:').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('listitem').filter({ hasText: 'phone' }).getByText('192.0.2.0/24').waitFor()
  const { app_passwords } = await server(page, '/users/li@example.org/app-passwords')
  const made = app_passwords.find((p) => p.name === 'phone')
  check('as bounded there', made.protocols.join() === 'imap' && made.networks.join() === '192.0.2.0/24' && Date.parse(made.expires) < Date.now() + 5.1 * 86400e3, JSON.stringify(made))
  await page.screenshot({ path: `${process.env.SHOTS}/app-password-bounds.png` })
  await innocent(who)
}

/** Servers, connectors and messages stand in the search over everything. */
async function findsEverything(who) {
  const { page } = who
  const search = async (text, name) => {
    await page.goto(base + '/')
    await settled(page)
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search everything' }).fill(text)
    await page.getByRole('option', { name }).first().click()
  }
  await search('mail2.lyon', /Servers.*mail2\.lyon\.example.*Lyon/)
  await page.waitForURL(/\/routing$/)
  await search('partn', /Connectors.*Partner/)
  await page.waitForURL(/\/routing\/connectors\/Partner$/)
  await search('zoé', /Contacts.*Zoé/)
  await page.waitForURL(/\/recipients\/contacts\/zoe@example\.org$/)
  await search(process.env.QUEUED, /Queue.*Message/)
  await page.waitForURL(new RegExp(`/queue/${process.env.QUEUED}$`))
  await search(process.env.QUEUED, /Message tracking.*Message/)
  await page.waitForURL(new RegExp(`/tracking/${process.env.QUEUED}$`))
  await innocent(who)
}

/** In more groups than a page would look through one by one. */
async function knowsAllGroups(who) {
  const { page } = who
  await page.goto(base + '/recipients/li@example.org?tab=groups')
  await settled(page)
  await page.evaluate(async () => {
    const make = (n) => fetch('/api/v1/groups', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ address: `g${n}@example.net`, name: `G ${n}`, members: n === 129 ? ['li@example.org'] : [] }) })
    for (let n = 0; n < 130; n++) await make(n)
  })
  await page.reload()
  const row = page.getByRole('listitem').filter({ hasText: 'g129@example.net' })
  await row.getByRole('button', { name: 'Take it out of g129@example.net' }).click()
  await dialog(page).getByText('chappe group-member remove g129@example.net li@example.org').waitFor()
  await button(dialog(page), 'Take out').click()
  await row.waitFor({ state: 'detached' })
  check('there', (await server(page, '/groups?member=li@example.org')).groups.length === 0)
  await innocent(who)
}

/** What is taken away by a cross shows its command, too. */
async function takesAway(who) {
  const { page } = who
  await page.goto(base + '/recipients/board@example.org?tab=senders')
  await settled(page)
  await send(page, 'POST', '/recipients/board@example.org/senders', { person: 'grace@example.org' })
  await page.reload()
  await page.getByText('chappe sender set board@example.org --keep-sent yes').waitFor()
  await page.getByRole('button', { name: 'Take that from grace@example.org' }).click()
  await dialog(page).getByText('chappe sender remove board@example.org grace@example.org').waitFor()
  await button(dialog(page), 'Take away').click()
  await until('it is taken away', async () => (await server(page, '/recipients/board@example.org/senders')).senders.length === 0)
  await send(page, 'POST', '/groups/team@example.org/members', { member: 'li@example.org' })
  await page.goto(base + '/recipients/groups/team@example.org')
  await page.getByRole('button', { name: 'Remove li@example.org' }).click()
  await dialog(page).getByText('chappe group-member remove team@example.org li@example.org').waitFor()
  await button(dialog(page), 'Take out').click()
  await until('out of the group', async () => !(await server(page, '/groups/team@example.org')).members.includes('li@example.org'))
  await innocent(who)
}

/** Somebody, and a domain, are put under another group's administrators. */
async function movesBetweenGroups(who) {
  const { page } = who
  for (const [path, show, edit, command] of [
    ['/recipients/claude@example.org?dialog=edit', '/users/claude@example.org', undefined, 'chappe user set claude@example.org --admin-group Paris'],
    ['/domains/example.net', '/domains/example.net', 'Edit', 'chappe domain set example.net --enabled no --admin-group Paris'],
  ]) {
    await page.goto(base + path)
    await settled(page)
    if (edit) {
      await button(page, edit).click()
      await dialog(page).getByRole('switch').first().click({ force: true })
    }
    await dialog(page).getByRole('combobox', { name: 'Administrative group' }).click()
    await page.getByRole('option', { name: 'Paris' }).click()
    await dialog(page).getByText(command).waitFor()
    if (edit) await dialog(page).getByRole('switch').first().click({ force: true })
    await button(dialog(page), 'Save').click()
    await until('it is there', async () => (await server(page, show)).admin_group === 'Paris')
    await page.locator('dd').filter({ hasText: /^Paris$/ }).waitFor()
  }
  await page.goto(base + '/recipients/groups/team@example.org?tab=limits')
  await settled(page)
  await page.getByRole('combobox', { name: 'Administrative group' }).click()
  await page.getByRole('option', { name: 'Paris' }).click()
  await page.getByText('chappe group set team@example.org --admin-group Paris').waitFor()
  await button(page, 'Save').click()
  await until('so is a group', async () => (await server(page, '/groups/team@example.org')).admin_group === 'Paris')
  await innocent(who)
}

/** Lists that are all here sort by every column, domains by the server; the address keeps it. */
async function sortsLists(who) {
  const { page } = who
  const column = (number) => page.locator(`[role=row][data-index] [role=cell]:nth-child(${number})`).allInnerTexts()
  for (const [path, number, header] of [['/recipients/groups', 2, 'Address'], ['/domains', 1, 'Domain']]) {
    await page.goto(base + path)
    await settled(page)
    const head = page.getByRole('columnheader').nth(number - 1)
    await head.getByRole('button').click()
    if ((await head.getAttribute('aria-sort')) === 'ascending') await head.getByRole('button').click()
    await until(`${header} falls`, async () => (await head.getAttribute('aria-sort')) === 'descending')
    await settled(page)
    const shown = await column(number)
    check(`${path} falls`, shown.length > 1 && shown.join() === [...shown].sort((a, b) => b.localeCompare(a, 'en', { sensitivity: 'base', numeric: true })).join(), shown.join())
    await page.reload()
    await settled(page)
    check(`${path} still falls`, (await column(number)).join() === shown.join() && page.url().includes('sort=-'))
  }
  await innocent(who)
}

async function readsAReport(who) {
  const { page } = who
  await page.goto(base + '/reports')
  await settled(page)
  await page.getByRole('row').filter({ hasText: 'example.org' }).first().dblclick()
  await dialog(page).getByRole('cell', { name: '198.51.100.9' }).waitFor()
  await dialog(page).getByText(/^chappe report show /).waitFor()
  await innocent(who)
}

/** What is gone soon is marked, with the days that are left. */
async function marksWhatGoesSoon(who) {
  const { page } = who
  await page.goto(base + '/')
  await settled(page)
  await page.evaluate(async () => {
    const { stores } = await (await fetch('/api/v1/stores')).json()
    for (const s of stores)
      await fetch(`/api/v1/stores/${encodeURIComponent(s.name)}?storage_group=${encodeURIComponent(s.storage_group)}`, { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'If-Match': '*' }, body: JSON.stringify({ deleted_mailbox_days: 3 }) })
    await fetch('/api/v1/users', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ address: 'soon@example.org', name: 'Soon gone' }) })
    await fetch('/api/v1/users/soon@example.org', { method: 'DELETE', headers: { 'If-Match': '*' } })
  })
  await page.goto(base + '/deleted-mailboxes?organisation=Example')
  await page.getByRole('row').filter({ hasText: 'soon@example.org' }).getByText(/goes in 2 days/).waitFor()
  await page.screenshot({ path: `${process.env.SHOTS}/deleted-soon.png` })
  await innocent(who)
}

export const consolePageTests = [
  group('console/en', {}, {
    'ends sessions': endsSessions('en'),
    exports: exports('en'),
    'who opened a mailbox': opened('en'),
    'closes a protocol': closesAProtocol,
    'warns of shutting oneself out': warnsOfShuttingOneselfOut,
    'keeps identity providers': keepsIdentityProviders,
    'changes a rule': changesARule,
    'orders rules': ordersRules,
    'tells of a conflict': tellsOfAConflict,
    'names with a slash': namesWithASlash,
    'is found': foundInTree,
    'lets people into a mailbox': letsIn('en'),
    'bounds an app password': boundsAnAppPassword,
    'finds everything': findsEverything,
    'knows all groups': knowsAllGroups,
    'takes away': takesAway,
    'moves between administrative groups': movesBetweenGroups,
    'sorts lists': sortsLists,
    'reads a report': readsAReport,
    'marks what goes soon': marksWhatGoesSoon,
    'logins by protocol': chartsLogins('en'),
    certificates: certificates('en'),
  }),
  group('console/fr', { language: 'fr', width: 390, height: 844, dark: true }, {
    'ends sessions': endsSessions('fr'),
    exports: exports('fr'),
    'who opened a mailbox': opened('fr'),
    'findings in French': findsInFrench,
    'lets people into a mailbox': letsIn('fr'),
    'logins by protocol': chartsLogins('fr'),
    certificates: certificates('fr'),
  }),
]
