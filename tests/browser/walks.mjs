// What people do, by clicking what is visible.
import { createHmac } from 'node:crypto'
import { administrator, base, check, innocent, logIn, PASSWORD, person, settled } from './kit.mjs'

const button = (page, name) => page.getByRole('button', { name, exact: true })
const field = (page, name) => page.getByLabel(name, { exact: false }).first()

/** The API beside the screen: what the server really has. */
async function server(page, path) {
  return page.evaluate(async (p) => (await fetch('/api/v1' + p)).json(), path)
}

/** The page of a user who has just been added: what address lists say of her. */
async function saysWhoItIs({ page, faults }) {
  await page.getByRole('tab', { name: 'Person', exact: true }).click()
  const panel = page.getByRole('tabpanel')
  await panel.getByLabel('Town', { exact: true }).fill('Paris')
  await panel.getByLabel('Job title', { exact: true }).fill('Engineer')
  await panel.getByLabel('Manager', { exact: true }).fill('nobody@example.org')
  await button(panel, 'Save').click()
  await panel.getByText('is no user or contact of this organisation').waitFor()
  faults.splice(0, faults.length, ...faults.filter((fault) => !/status of 400/.test(fault))) // that refusal was meant
  check('what was typed is kept', (await panel.getByLabel('Town', { exact: true }).inputValue()) === 'Paris')
  await panel.getByLabel('Manager', { exact: true }).fill('ada@example.org')
  const line = await panel.getByLabel('The same on the command line').innerText()
  check('the command', line === 'chappe user set zoe.o.brien@example.org --title Engineer --manager ada@example.org --city Paris', line)
  await button(panel, 'Save').click()
  await panel.getByLabel('The same on the command line').waitFor({ state: 'detached' })
  const { city, title, manager } = await server(page, '/users/zoe.o.brien@example.org')
  check('who she is', city === 'Paris' && title === 'Engineer' && manager === 'ada@example.org', `${city} ${title} ${manager}`)
}

async function addsAUser(who) {
  const { page } = who
  await page.goto(base + '/recipients')
  await settled(page)
  await button(page, 'Add').click()
  await page.getByRole('button', { name: /^User/ }).click()
  await field(page, 'Display name').fill("Zoë O'Brien")
  check('an address is proposed', (await field(page, 'Address, before the @').inputValue()) === 'zoe.o.brien')
  await page.getByRole('dialog').getByRole('combobox', { name: 'Domain' }).click()
  await page.getByRole('option', { name: 'example.org' }).click()
  await page.getByRole('button', { name: 'Make one up' }).click()
  await field(page, 'Quota').fill('2G')
  const line = await page.getByRole('dialog').getByLabel('The same on the command line').innerText()
  check('the command', line === "chappe user add zoe.o.brien@example.org --name 'Zoë O'\\''Brien' --password-file - --quota 2G", line)
  await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: "Zoë O'Brien" }).waitFor()
  const user = await server(page, '/users/zoe.o.brien@example.org')
  check('it is there', user.quota === 2 * 1024 ** 3 && user.has_password, JSON.stringify(user))
  await saysWhoItIs(who)
  await innocent(who)
}

/** By the wizard, with what everybody may in it; and that is changed. */
async function addsAPublicFolder(who) {
  const { page } = who
  await page.goto(base + '/recipients')
  await settled(page)
  await button(page, 'Add').click()
  await page.getByRole('button', { name: /^Public folder/ }).click()
  await field(page, 'Display name').fill('Notices')
  await page.getByRole('dialog').getByRole('combobox', { name: 'Domain' }).click()
  await page.getByRole('option', { name: 'example.org' }).click()
  await page.getByRole('dialog').getByRole('combobox', { name: 'Everybody of the organisation' }).click()
  await page.getByRole('option', { name: 'Reviewer' }).click()
  const line = await page.getByRole('dialog').getByLabel('The same on the command line').innerText()
  check('the command', line === 'chappe user add notices@example.org --name Notices --kind public-folder --default-rights reviewer', line)
  await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Notices' }).waitFor()
  check('nobody writes in its name', (await page.getByRole('tab', { name: 'Sending' }).count()) === 0)
  await page.getByRole('tab', { name: 'Access', exact: true }).click()
  await page.getByRole('button', { name: 'Change what Everybody of the organisation may do' }).click()
  await page.getByRole('dialog').getByRole('combobox', { name: 'What is allowed' }).click()
  await page.getByRole('option', { name: 'Contributor' }).click()
  await page.getByRole('dialog').getByText('Sees the folder and posts in it, without reading it.').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const { shares } = await server(page, '/mailboxes/notices@example.org/shares')
  check('as chosen', shares.every((s) => s.person === 'anyone' && s.role === 'contributor'), JSON.stringify(shares))
  await innocent(who)
}

async function refusalStays(who) {
  const { page } = who
  await page.goto(base + '/recipients?dialog=add+user')
  await field(page, 'Display name').fill('Again')
  await field(page, 'Address, before the @').fill('ada')
  await page.getByRole('dialog').getByRole('combobox', { name: 'Domain' }).click()
  await page.getByRole('option', { name: 'example.org' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('alert').waitFor()
  check('what was typed is kept', (await field(page, 'Display name').inputValue()) === 'Again')
}

async function bulk(who) {
  const { page } = who
  await page.goto(base + '/recipients?text=p000')
  await settled(page)
  for (const n of [1, 2, 3]) await page.getByRole('checkbox', { name: `Select Person ${n}`, exact: true }).check()
  await button(page, 'Disable').click()
  await button(page, 'Go on').click()
  await page.getByText('It has ended.').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).last().click()
  for (const n of [1, 2, 3]) check('disabled', (await server(page, `/users/p000${n}@example.net`)).state === 'disabled')
  await innocent(who)
}

async function imports(who) {
  const { page } = who
  await page.goto(base + '/recipients/import?organisation=Example')
  await settled(page)
  const csv = 'address;name;password;quota;city\nnew1@example.org;New One;correct-horse-8;1G;Lyon\nnew2@example.org;<b>New</b>;;\nada@example.org;Ada;;\nbad@elsewhere.example;X;;\nnew1@example.org;Twice;;\nnew3@example.org;Short;short;\n'
  await page.locator('input[type=file]').setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
  await page.getByText('2 would be added').waitFor()
  for (const words of ['Is there already', 'Domain not accepted here', 'Twice in this file', 'Password shorter than 8']) check('dry run', await page.getByText(words).isVisible(), words)
  check('nothing is done before', (await server(page, '/users/new1@example.org')).error?.kind === 'not-found')
  await button(page, 'Add 2 mailboxes').click()
  await page.getByText('2 added, 4 not').waitFor()
  const { quota, city } = await server(page, '/users/new1@example.org')
  check('it is there', quota === 1024 ** 3 && city === 'Lyon', `${quota} ${city}`)
  await innocent(who)
}

async function searches(who) {
  const { page } = who
  await page.goto(base + '/')
  await settled(page)
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Search everything' }).fill('grace')
  await page.getByRole('option', { name: /Grace Hopper/ }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Grace Hopper' }).waitFor()
  check('address', page.url().endsWith('/admin/recipients/grace@example.org'), page.url())
  await page.goBack()
  await page.waitForURL(base + '/')
}

async function keyboardList(who) {
  const { page } = who
  await page.goto(base + '/recipients?domain=example.org')
  await settled(page)
  await page.locator('[role=row][data-index="0"]').focus()
  await page.keyboard.press('ArrowDown')
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-index') === '1')
  await page.keyboard.press('Enter')
  await page.waitForURL(/recipients\/[^/]+@example\.org/)
}

/** The place is in the address: filters survive a reload, back returns to them. */
async function addresses(who) {
  const { page } = who
  await page.goto(base + '/recipients')
  await settled(page)
  await page.getByLabel('Find by name or address').fill('Person 12')
  await page.waitForURL(/text=Person/)
  await page.reload()
  await settled(page)
  check('the filter is kept', (await page.getByLabel('Find by name or address').inputValue()) === 'Person 12')
  await page.locator('[role=row][data-index="0"]').click()
  await page.waitForURL(/recipients\/p/)
  await page.goBack()
  await page.waitForURL(/text=Person/)
}

async function switches(who) {
  const { page } = who
  await page.goto(base + '/recipients')
  await settled(page)
  await page.evaluate(() => (globalThis.__same = true))
  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitem', { name: 'Français' }).click()
  await page.getByRole('heading', { level: 1, name: 'Boîtes aux lettres' }).waitFor()
  check('without a reload', await page.evaluate(() => globalThis.__same === true && document.documentElement.lang === 'fr'))
  await page.getByRole('button', { name: 'Langue' }).click()
  await page.getByRole('menuitem', { name: 'English' }).click()
  await page.getByRole('heading', { level: 1, name: 'Mailboxes' }).waitFor()
}

async function delegates(who, browser) {
  const { page } = who
  await page.goto(base + '/delegation?dialog=domain+example.org&holder=claude@example.org')
  await page.getByRole('radio', { name: /^Recipient administrator/ }).check()
  await page.getByText('claude@example.org will be Recipient administrator on Domain example.org').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Delegate', exact: true }).click()
  await page.getByText('claude@example.org holds the role now.').waitFor()
  // his day: sees his domain and nothing of the others
  const claude = await administrator(browser, {}, 'claude@example.org')
  await settled(claude.page)
  check('no place that is not his', (await claude.page.getByRole('link', { name: 'Audit', exact: true }).count()) === 0)
  await claude.page.goto(base + '/recipients')
  await settled(claude.page)
  await claude.page.getByText('Ada Lovelace').waitFor()
  check('nobody of another domain', !(await claude.page.locator('main').innerText()).includes('example.net'))
  await claude.page.goto(base + '/recipients/sales@example.org?dialog=edit')
  await field(claude.page, 'Display name').fill('Sales and service')
  await claude.page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
  await claude.page.getByRole('heading', { level: 1, name: 'Sales and service' }).waitFor()
  await claude.page.goto(base + '/recipients/p0001@example.net')
  await claude.page.getByRole('alert').waitFor()
  await innocent(claude)
  await claude.context.close()
}

const GRANTS = {
  en: { write: 'Let somebody write', way: 'In which way', as: 'As it', unwrite: 'Take that from grace@example.org', nobody: 'Nobody but its owner.', address: 'Address', away: 'Take away' },
  fr: { write: 'Autoriser quelqu’un à écrire', way: 'De quelle façon', as: 'En tant que', unwrite: 'Retirer ce droit à grace@example.org', nobody: 'Personne d’autre que son propriétaire.', address: 'Adresse', away: 'Retirer' },
}

/** Who writes in the name of a shared mailbox: given and taken again; who is no person is refused, and the form stays. */
async function grantsIn({ page, faults }, language) {
  const say = GRANTS[language]
  const dialog = page.getByRole('dialog')
  const main = page.getByRole('main')
  const give = async (name, person) => {
    await main.getByRole('button', { name, exact: true }).click()
    await field(dialog, say.address).fill(person)
  }
  const choose = async (label, option) => {
    await dialog.getByRole('combobox', { name: label }).click()
    await page.getByRole('option', { name: option, exact: true }).click()
  }
  await page.goto(base + '/recipients/sales@example.org?tab=senders')
  await main.getByText(say.nobody).waitFor()
  await give(say.write, 'zoe@example.org')
  await dialog.getByRole('button', { name: say.write, exact: true }).click()
  await dialog.getByRole('alert').waitFor()
  faults.length = 0 // the 400 is what was wanted
  await field(dialog, say.address).fill('grace@example.org')
  await dialog.getByText('chappe sender add sales@example.org grace@example.org --on-behalf').waitFor()
  await choose(say.way, say.as)
  await page.screenshot({ path: `${process.env.SHOTS}/grant-to-send-${language}.png` })
  await dialog.getByRole('button', { name: say.write, exact: true }).click()
  await main.getByText(say.as).waitFor()
  const { senders } = await server(page, '/recipients/sales@example.org/senders')
  check('she writes as it', senders.length === 1 && senders[0].address === 'grace@example.org' && !senders[0].on_behalf, JSON.stringify(senders))
  await main.getByRole('button', { name: say.unwrite }).click()
  await dialog.getByRole('button', { name: say.away, exact: true }).click()
  await main.getByText(say.nobody).waitFor()
}

async function grants(who, browser) {
  await grantsIn(who, 'en')
  await innocent(who)
  const french = await administrator(browser, { language: 'fr', width: 390, height: 844 })
  await grantsIn(french, 'fr')
  await innocent(french)
  await french.context.close()
}

/** Another tab ends the session: the page stays, what was typed too. */
async function sessionEnds(who) {
  const { page } = who
  await page.goto(base + '/recipients/ada@example.org?dialog=edit')
  await field(page, 'Display name').fill('Ada King')
  const cookies = await who.context.cookies()
  await who.context.clearCookies()
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Your session has ended').waitFor()
  await page.locator('input[autocomplete=current-password]').fill(PASSWORD)
  await page.locator('form:has(input[autocomplete=current-password]) button[type=submit]').click()
  await page.getByText('Your session has ended').waitFor({ state: 'detached' })
  check('what was typed is kept', (await field(page, 'Display name').inputValue()) === 'Ada King')
  check('a new session', cookies.length > 0 && (await who.context.cookies()).length > 0)
}

async function serverAway(who) {
  const { page } = who
  await page.goto(base + '/recipients/groups')
  await settled(page)
  const away = (url) => url.pathname.startsWith('/api/') || url.pathname === '/healthz'
  await page.route(away, (route) => route.abort())
  try {
    await page.getByRole('link', { name: 'Audit', exact: true }).first().click()
    await page.getByText('No connection to the server').waitFor()
  } finally {
    await page.unroute(away)
  }
  await page.getByText('No connection to the server').waitFor({ state: 'detached' })
  who.faults.length = 0
}

/** A new installation's walk: only what is visible is clicked. */
async function firstSteps(who) {
  const { page } = who
  const began = Date.now()
  await page.goto(base + '/')
  await settled(page)
  await page.getByRole('link', { name: 'First steps' }).first().click()
  await button(page, 'Next').click() // the password is good
  await field(page, 'Name').fill('Walk & Sons')
  await button(page, 'Add an organisation').click()
  await field(page, 'Domain').fill('walk.example')
  await button(page, 'Add a domain').click()
  await page.getByText('_dmarc.walk.example.').waitFor()
  await button(page, 'Make a key').click()
  await page.getByText(/_domainkey\.walk\.example\./).waitFor()
  await button(page, 'Next').click()
  await field(page, 'Display name').fill('Eve Walker')
  await button(page, 'Make one up').click()
  await button(page, 'Add the user').click()
  await page.getByText('1 address in walk.example').waitFor()
  await button(page, 'Next').click()
  await page.getByRole('combobox', { name: 'To' }).waitFor()
  await page.waitForFunction(() => document.querySelector('input[role=combobox], input[aria-haspopup=listbox]')?.value === 'eve.walker@walk.example')
  await button(page, 'Send the test message').click()
  await page.getByText('The message is in the inbox of eve.walker@walk.example.').waitFor()
  await page.getByText('A message from outside would be accepted.').waitFor()
  await page.screenshot({ path: `${process.env.SHOTS}/first-steps-done.png` })
  check('it lies there', (await server(page, '/mailboxes/eve.walker@walk.example/folders')).folders.find((f) => f.name === 'INBOX').messages === 1)
  console.log(`walks: first steps in ${Math.round((Date.now() - began) / 1000)} s`)
  await innocent(who)
}

/** A queued message is held and let go; a connector is added step by step and stands in the picture. */
async function routingAndQueue(who) {
  const { page } = who
  const dialog = page.getByRole('dialog')
  const states = async () => (await server(page, `/queue/${process.env.QUEUED}`)).entries.map((e) => e.state)
  await page.goto(`${base}/queue/${process.env.QUEUED}`)
  for (const [act, state] of [['Hold', 'held'], ['Release', 'waiting']]) {
    await page.getByRole('main').getByRole('button', { name: act, exact: true }).click()
    await dialog.getByRole('button', { name: act, exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    const now = await states()
    check(act, state === 'held' ? now.some((s) => s === 'held') : now.every((s) => s !== 'held'), now.join(' '))
  }
  await page.goto(base + '/routing/connectors?dialog=add')
  await dialog.getByLabel('Name').fill('By the walk')
  await dialog.getByLabel('For which mail').fill('walk.test')
  for (const step of ['Next', 'Next', 'Add a connector']) await dialog.getByRole('button', { name: step, exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'By the walk' }).waitFor()
  check('it is there', (await server(page, '/connectors/By%20the%20walk')).spaces[0].startsWith('walk.test'))
  await page.goto(base + '/routing?recipient=x@walk.test')
  await page.locator('svg').getByRole('link', { name: /^By the walk/ }).waitFor()
  await innocent(who)
}

/** Two people change one object in two browsers: the second is told, nothing is overwritten, and then hers is made. */
async function twoAdministrators(who, browser) {
  const { page } = who
  const other = await administrator(browser, { language: 'fr' })
  const name = async () => (await server(page, '/users/claude@example.org')).name
  for (const p of [page, other.page]) {
    await p.goto(base + '/recipients/claude@example.org?dialog=edit')
    await p.getByRole('dialog').waitFor()
    await settled(p)
  }
  await field(page.getByRole('dialog'), 'Display name').fill('Claude C.')
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const second = other.page.getByRole('dialog')
  await field(second, 'Nom affiché').fill('C. Chappe')
  await second.getByRole('button', { name: 'Enregistrer', exact: true }).click()
  await second.getByText('Rien n’a été écrasé').waitFor()
  await other.page.screenshot({ path: `${process.env.SHOTS}/walk-conflict.png` })
  check('nothing was overwritten', (await name()) === 'Claude C.', await name())
  check('what was typed is kept', (await field(second, 'Nom affiché').inputValue()) === 'C. Chappe')
  await other.page.reload()
  await settled(other.page)
  await field(second, 'Nom affiché').fill('Claude Chappe')
  await second.getByRole('button', { name: 'Enregistrer', exact: true }).click()
  await second.waitFor({ state: 'detached' })
  check('now it is changed', (await name()) === 'Claude Chappe')
  other.faults.length = 0 // a 412 is what was wanted
  await other.context.close()
}

/** A change that needs a second person says so in the form, and a colleague lets it happen. */
async function secondPairOfEyes(who, browser) {
  const { page } = who
  const amin = await administrator(browser, {}, 'amin@example.org')
  const dialog = amin.page.getByRole('dialog')
  await amin.page.goto(base + '/recipients/board@example.org?dialog=edit')
  await field(dialog, 'Display name').fill('Board room, 2nd floor')
  await button(dialog, 'Save').click()
  await dialog.getByText('A second person has to agree').waitFor()
  await amin.page.screenshot({ path: `${process.env.SHOTS}/walk-second-person.png` })
  check('nothing has changed', (await server(page, '/users/board@example.org')).name === 'Board room')
  check('it cannot be sent twice', (await button(dialog, 'Save').count()) === 0)
  await amin.context.close()
  await page.goto(base + '/changes?state=waiting')
  await page.locator('[role=row]').filter({ hasText: 'board@example.org' }).first().click()
  await page.getByRole('dialog').getByText('Board room, 2nd floor').waitFor()
  await button(page.getByRole('dialog'), 'Approve').click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  check('now it is changed', (await server(page, '/users/board@example.org')).name === 'Board room, 2nd floor')
  await innocent(who)
}

/** What was set aside is looked at and let go; what waits for a moderator is refused with a reason. */
async function judges(who) {
  const { page } = who
  const dialog = page.getByRole('dialog')
  await page.goto(base + '/quarantine')
  await settled(page)
  await page.locator('[role=row]').filter({ hasText: 'Put this aside' }).first().click()
  await dialog.getByLabel('The beginning of the message').waitFor()
  await button(dialog, 'Release').click()
  await page.getByText('It is delivered as if nothing had been found.').waitFor()
  await button(page.getByRole('dialog').last(), 'Release').click()
  await page.getByText('Delivered.', { exact: true }).waitFor()
  check('it is gone', (await server(page, '/quarantine')).messages.every((m) => m.subject !== 'Put this aside'))
  await page.goto(base + '/moderation')
  await settled(page)
  await page.locator('[role=row]').filter({ hasText: 'He asks' }).first().click()
  await field(dialog, 'Reason').fill('Not now')
  await button(dialog, 'Refuse it').click()
  await page.getByText('It goes back to its sender.').waitFor()
  check('it waits no more', (await server(page, '/moderation')).messages.every((m) => m.subject !== 'He asks'))
  await innocent(who)
}

/** A machine is refused from the console (seeds, row 21), and others are asked to send with TLS. */
async function shutsTheDoor(who) {
  const { page } = who
  const dialog = page.getByRole('dialog')
  await page.goto(base + '/access?dialog=add')
  await settled(page)
  await field(dialog, 'Machine, network, domain or sender').fill('198.51.100.77')
  await field(dialog, 'Why').fill('brute force')
  await dialog.getByRole('button', { name: 'Refuse somebody', exact: true }).click()
  await page.getByText('198.51.100.77 is refused.').waitFor()
  const { entries } = await server(page, '/block')
  check('it is on the list', entries.some((e) => e.value.startsWith('198.51.100.77') && e.note === 'brute force'), JSON.stringify(entries))
  await page.goto(base + '/domains/example.org?tab=dns')
  await page.getByRole('link', { name: 'Ask for TLS (MTA-STS)' }).click()
  await field(dialog, 'Value').click()
  await page.getByRole('option', { name: 'Only report' }).click()
  await dialog.getByRole('button', { name: 'Save', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.goto(base + '/domains/example.org?tab=dns')
  await page.getByText('_mta-sts.example.org.').waitFor()
  check('served', (await server(page, '/domains/example.org/dns')).mta_sts === 'testing')
  await innocent(who)
}

/** The day of somebody who administers one domain alone, from login to logout: only what is visible is clicked. */
async function delegatedDay(who, browser) {
  await who.page.goto(base + '/delegation?dialog=domain+example.net&holder=claude@example.org')
  await who.page.getByRole('radio', { name: /^Recipient administrator/ }).check()
  await button(who.page.getByRole('dialog'), 'Delegate').click()
  await who.page.getByText('claude@example.org holds the role now.').waitFor()
  const day = await administrator(browser, {}, 'claude@example.org')
  const { page } = day
  const dialog = page.getByRole('dialog')
  await settled(page)
  for (const hidden of ['Audit', 'Queue', 'Filters', 'Storage', 'Certificates', 'Routing']) check('not his', (await page.getByRole('link', { name: hidden, exact: true }).count()) === 0, hidden)
  await page.getByRole('link', { name: 'Recipients', exact: true }).first().click()
  await settled(page)
  await button(page, 'Add').click() // somebody new
  await page.getByRole('button', { name: /^User/ }).click()
  await field(page, 'Display name').fill('New Colleague')
  await page.getByRole('dialog').getByRole('combobox', { name: 'Domain' }).click()
  check('only his domains', !(await page.getByRole('listbox').innerText()).includes('autre.example'))
  await page.getByRole('option', { name: 'example.net' }).click()
  await button(page, 'Make one up').click()
  await button(dialog, 'Add').click()
  await page.getByRole('heading', { level: 1, name: 'New Colleague' }).waitFor()
  await button(page, 'Set password').click() // who forgot it
  await button(dialog, 'Make one up').click()
  await dialog.getByRole('button', { name: /password/i }).last().click()
  await dialog.waitFor({ state: 'detached' })
  await page.goto(base + '/recipients?domain=example.net&text=Person 3')
  await settled(page)
  for (const n of [30, 31]) await page.getByRole('checkbox', { name: `Select Person ${n}`, exact: true }).check()
  await page.getByRole('toolbar').getByRole('button', { name: 'Set quota', exact: true }).click()
  await field(dialog, 'Quota').fill('1G')
  await button(dialog, 'Go on').click()
  await page.getByText('It has ended.').waitFor()
  await button(dialog, 'Close').last().click()
  check('done by a job', (await server(who.page, '/users/p0030@example.net')).quota === 1024 ** 3)
  await page.goto(base + '/recipients/p0001@autre.example') // nobody of others
  await page.getByRole('alert').waitFor()
  await page.getByRole('button', { name: 'Account' }).click()
  await page.getByRole('menuitem', { name: 'Log out' }).click()
  await page.locator('input[type=email]').waitFor()
  await innocent(day)
  await day.context.close()
}

/** Each step of a trial is green or red, and a red one says what to do. */
async function trials(who) {
  const { page } = who
  const dialog = page.getByRole('dialog')
  const step = (name) => dialog.locator('li').filter({ hasText: name }).first()
  await page.goto(base + '/recipients/claude@example.org?dialog=test')
  await field(dialog, 'Password of the account').fill(PASSWORD)
  await button(dialog, 'Test').click()
  await button(dialog, 'Test again').waitFor()
  await page.screenshot({ path: `${process.env.SHOTS}/walk-test-account.png` })
  for (const good of ['DNS', 'Delivery', 'Mailbox', 'Folders', 'Size', 'Connection', 'Login', 'Inbox']) check(good, (await step(good).getAttribute('data-good')) === 'true', await step(good).innerText())
  await page.goto(base + '/routing/connectors/Internet?dialog=test')
  await button(dialog, 'Test').click()
  await button(dialog, 'Test again').waitFor()
  await page.screenshot({ path: `${process.env.SHOTS}/walk-test-connector.png` })
  check('nobody listens', (await step('Connection').innerText()).includes('Is the other server up'))
  await innocent(who)
}

async function wrongPassword(_, browser) {
  const who = await person(browser)
  await who.page.goto(base + '/')
  await who.page.locator('input[type=email]').fill('helene@example.org')
  await who.page.locator('input[autocomplete=current-password]').fill('wrong-horse-7')
  await who.page.locator('button[type=submit]').click()
  await who.page.getByText('Address and password do not go together.').waitFor()
  const other = who.page.getByRole('link', { name: 'Log in with Company <b>login</b>' })
  await other.waitFor()
  const way = new URL(await other.getAttribute('href'), base)
  check('the way to the identity provider comes back here', way.pathname === '/api/v1/session/begin' && way.searchParams.get('return') === new URL(who.page.url()).pathname, way.href)
  await who.page.goto(`${base}/?login=later`)
  await who.page.getByText('The identity provider cannot be reached at the moment.').waitFor()
  check('the word is gone from the address', !who.page.url().includes('login='), who.page.url())
  await logIn(who.page, 'helene@example.org')
  await who.page.getByText('You hold no role').waitFor()
  await innocent(who)
  await who.context.close()
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** What a program for codes shows (RFC 6238), `step` times 30 s from now. */
function codeOf(secret, step = 0) {
  const bits = [...secret.toUpperCase()].map((c) => BASE32.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + step))
  const mac = createHmac('sha1', key).update(counter).digest()
  const offset = mac[19] & 15
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** Registers a program for codes, logs in with it, then with a recovery code. */
async function secondFactor(_, browser) {
  const who = await person(browser)
  const { page } = who
  const dialog = page.getByRole('dialog')
  await page.goto(base + '/account')
  await logIn(page, 'grace@example.org')
  await settled(page)
  await button(page, 'Application for codes').click()
  await field(dialog, 'A name for it').fill('<b>phone</b>')
  await button(dialog, 'Continue').click()
  await dialog.getByRole('img', { name: 'QR code of the secret' }).waitFor()
  await page.screenshot({ path: `${process.env.SHOTS}/walk-totp.png` })
  const secret = await dialog.getByLabel('Secret', { exact: true }).locator('code').innerText()
  await field(dialog, 'Code that it shows now').fill(codeOf(secret, -1))
  await button(dialog, 'Confirm').click()
  await button(dialog, 'I have kept them').waitFor()
  const codes = await dialog.locator('li').allInnerTexts()
  check('ten recovery codes', codes.length === 10, String(codes.length))
  await page.screenshot({ path: `${process.env.SHOTS}/walk-codes.png` })
  await button(dialog, 'I have kept them').click()
  await page.getByText('10 recovery codes are left.').waitFor()
  for (const way of ['code', 'recovery']) {
    await page.context().clearCookies()
    await page.goto(base + '/account')
    await page.locator('input[type=email]').fill('grace@example.org')
    await page.locator('input[autocomplete=current-password]').fill(PASSWORD)
    await page.locator('button[type=submit]').click()
    await field(page, 'Code of the application').waitFor()
    await page.screenshot({ path: `${process.env.SHOTS}/walk-login-factor.png` })
    if (way === 'code') {
      await field(page, 'Code of the application').fill('12')
      await button(page, 'Continue').click()
      await page.getByRole('alert').waitFor()
      await field(page, 'Code of the application').fill(codeOf(secret))
    } else {
      await button(page, 'recovery code').click()
      await field(page, 'Recovery code').fill(codes[0])
    }
    await button(page, 'Continue').click()
    await page.locator('main#content h1').waitFor()
    await settled(page)
  }
  await page.getByText('9 recovery codes are left.').waitFor()
  await innocent(who)
  await who.context.close()
}

export const walkTests = [
  {
    name: 'walks',
    open: (browser) => administrator(browser),
    tests: Object.entries({
      'wrong-password': wrongPassword,
      'adds-a-user': addsAUser,
      'adds-a-public-folder': addsAPublicFolder,
      'refusal-stays': refusalStays,
      bulk,
      imports,
      searches,
      'keyboard-list': keyboardList,
      addresses,
      switches,
      delegates,
      'routing-and-queue': routingAndQueue,
      trials,
      judges,
      'shuts-the-door': shutsTheDoor,
      'two-administrators': twoAdministrators,
      'second-person': secondPairOfEyes,
      'delegated-day': delegatedDay,
      grants,
      'session-ends': sessionEnds,
      'second-factor': secondFactor,
      'server-away': serverAway,
      'first-steps': firstSteps,
    }).map(([name, run]) => [`walks/${name}`, run]),
  },
]
