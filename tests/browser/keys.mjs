// A security key, in Chromium's own words (Web Authentication), for somebody whose password the company's directory keeps.
import { axe, check, innocent, openBrowser, origin, person } from './kit.mjs'
import { button, settledMail } from './mail-kit.mjs'

const { HOST, SECRET, SHOTS } = process.env
/** A key is for a site by its name: a bare address has none. */
const at = () => `https://${HOST}:${new URL(origin).port}`
const WHO = 'kim@alpha.example'

const dialog = (page) => page.getByRole('dialog')
const session = (page) => page.evaluate(async () => (await fetch('/api/v1/session')).json())

/** A key that is touched at once. */
async function plugIn(page) {
  const link = await page.context().newCDPSession(page)
  await link.send('WebAuthn.enable')
  const { authenticatorId } = await link.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'usb', hasResidentKey: false, hasUserVerification: true, isUserVerified: true } })
  return { kept: async () => (await link.send('WebAuthn.getCredentials', { authenticatorId })).credentials }
}

async function types(page, password) {
  await page.locator('input[autocomplete=username]').fill(WHO)
  await page.locator('input[autocomplete=current-password]').fill(password)
  await page.locator('button[type=submit]').click()
}

async function leaves(page) {
  await button(page, 'Account').click()
  await page.getByRole('menuitem', { name: 'Log out' }).click()
  await page.locator('input[autocomplete=current-password]').waitFor()
}

async function registers(page) {
  await page.goto(at() + '/settings/security')
  await button(page, 'Add a security key').click()
  await button(dialog(page), 'Go on').click()
  await dialog(page).getByText('Keep these codes in a safe place').or(dialog(page).getByRole('alert')).first().waitFor()
  check('the key is taken', !(await dialog(page).getByRole('alert').isVisible()), await dialog(page).innerText())
  await button(page, 'I have kept them').click()
  await page.getByText('10 are left.').waitFor()
}

/** Registered in the settings, then asked for: after the directory's password, never instead of it. */
async function keyOpens() {
  const browser = await openBrowser(`--host-resolver-rules=MAP ${HOST} 127.0.0.1`)
  try {
    const who = await person(browser, { at: at() })
    const { page } = who
    const key = await plugIn(page)
    await page.goto(at() + '/')
    await types(page, SECRET)
    await settledMail(page)
    await registers(page)
    const [kept] = await key.kept()
    check('for this site', kept?.rpId === HOST, JSON.stringify(kept?.rpId))
    await leaves(page)
    await types(page, 'not-it')
    await page.getByRole('alert').waitFor()
    check('the password comes first', (await button(page, 'Use the security key').count()) === 0)
    await types(page, SECRET)
    await button(page, 'Use the security key').waitFor()
    const found = await axe(page)
    check('axe', found.length === 0, found.join(' | '))
    await page.screenshot({ path: `${SHOTS}/walk-security-key.png` })
    await button(page, 'Use the security key').click()
    await settledMail(page)
    const known = await session(page)
    check('by the key', known.method === 'webauthn' && known.login === WHO, JSON.stringify(known))
    check('it was used', (await key.kept())[0].signCount > kept.signCount)
    await innocent(who)
  } finally {
    await browser.close()
  }
}

export const keyTests = [
  {
    name: 'key',
    open: async () => ({ context: { close: () => undefined } }),
    tests: [['directory/a security key opens webmail after the directory’s password', keyOpens]],
  },
]
