// The pictures of the guides: few, small, of an installation without attacks. See pictures beside this file.
import { mkdirSync, writeFileSync } from 'node:fs'
import { administrator, base, openBrowser, settled } from './kit.mjs'
import { smallPng } from './small_png.mjs'

const out = process.env.PICTURES

/** The wizard up to what it found. */
async function looksAtADirectory(page) {
  const type = (label, text) => page.locator('main').getByLabel(new RegExp(`^${label}`)).last().fill(text)
  const press = (name) => page.getByRole('button', { name, exact: true }).click()
  await type('Name', 'People')
  await type('Servers', process.env.LDAP_URL)
  await type('Trusted certificates', process.env.LDAP_CA)
  await press('Continue')
  await type('Account', process.env.LDAP_ADMIN)
  await type('Password', process.env.LDAP_PASSWORD)
  await press('Test now')
  await page.getByText('All steps work.').waitFor()
}

const typed = (...fields) => async (page) => {
  for (const [label, text] of fields) await page.locator('main').getByLabel(new RegExp(`^${label}`)).last().fill(text)
}

/** A user, with a password that the console makes up. */
async function firstUser(page) {
  await typed(['Display name', 'Eve Walker'])(page)
  await page.getByRole('button', { name: 'Make one up', exact: true }).click()
}

async function sendsATest(page) {
  await page.getByRole('button', { name: 'Send the test message', exact: true }).click()
  await page.getByText(/^The message is in the inbox of/).waitFor()
}

async function testsAnAccount(page) {
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Test', exact: true }).click()
  await dialog.getByRole('button', { name: 'Test again', exact: true }).waitFor()
}

async function makesARole(page) {
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/^Name/).fill('Reception')
  await dialog.getByLabel(/^What it is for/).fill('Sees people, ends sessions.')
  for (const permission of ['See recipients', 'End sessions']) await dialog.getByRole('checkbox', { name: permission }).check()
}

async function opens(page, name, person) {
  await page.locator('main').getByRole('button', { name, exact: true }).click()
  await page.getByRole('dialog').getByLabel(/^Address/).fill(person)
}

const shots = [
  { name: 'first-steps-password', path: '/first-steps', height: 620 },
  { name: 'first-steps-organisation', path: '/first-steps?step=organisation', height: 620, does: typed(['Name', 'Seine Shipping']) },
  { name: 'first-steps-new-domain', path: '/first-steps?step=domain&organisation=Example', height: 570, does: typed(['Domain', 'seine.example']) },
  { name: 'first-steps-users', path: '/first-steps?step=users&organisation=Example&domain=example.org', height: 760, does: firstUser },
  { name: 'first-steps-test', path: '/first-steps?step=test&domain=example.org', height: 660, does: sendsATest },
  { name: 'test-account', path: '/recipients/ada@example.org?dialog=test', height: 900, does: testsAnAccount },
  { name: 'own-role', path: '/delegation/roles?organisation=Example&dialog=add', height: 820, does: makesARole },
  { name: 'token', path: '/account?dialog=token', height: 620, does: (page) => page.getByRole('dialog').getByLabel(/^What it is for/).fill('nightly') },
  { name: 'first-steps-domain', path: '/first-steps?step=dns&organisation=Example&domain=example.org', height: 760 },
  { name: 'home', path: '/', height: 860 },
  { name: 'delegation-wizard', path: '/delegation?dialog=domain+example.org&holder=grace@example.org', height: 760, chooses: /^Recipient administrator/ },
  { name: 'rights', path: '/delegation/rights?who=grace@example.org&on=example.org', height: 700 },
  { name: 'second-person', path: '/changes?id=1', height: 620 },
  { name: 'command', path: '/recipients?dialog=add+user', height: 760 },
  { name: 'job', path: '/jobs/1?all=1', height: 620 },
  { name: 'directory', path: '/directories/source?organisation=Example&source=Laboratory', height: 640 },
  { name: 'directory-writing', path: '/directories/source?organisation=Example&source=Laboratory&tab=writing', height: 900 },
  { name: 'directory-wizard', path: '/directories/add?organisation=Example', height: 1180, does: looksAtADirectory },
]

mkdirSync(out, { recursive: true })
const browser = await openBrowser()
const { page } = await administrator(browser, { width: 1000, height: 760 })
for (const shot of shots) {
  await page.setViewportSize({ width: 1000, height: shot.height })
  await page.goto(base + shot.path)
  await settled(page)
  if (shot.path.includes('dialog=') || shot.path.includes('?id=')) await page.getByRole('dialog').waitFor()
  if (shot.does) await shot.does(page)
  if (shot.chooses) await page.getByRole('radio', { name: shot.chooses }).check()
  await page.waitForTimeout(300)
  const bytes = smallPng(await page.screenshot())
  writeFileSync(`${out}/${shot.name}.png`, bytes)
  console.log(`${shot.name} ${Math.round(bytes.length / 1024)} KB`)
}
await browser.close()
