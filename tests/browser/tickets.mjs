// Single sign-on: a browser of somebody who has logged in to his company's domain, with the ticket that kinit got from a real domain controller.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { axe, check, colleague, innocent, origin } from './kit.mjs'
import { settledMail } from './mail-kit.mjs'

const { HOST, OTHER_HOST, KRB5_HOME, KRB5_OTHER, TICKET_TINA, TICKET_STRAY, TICKET_OTHER, SECRET, SHOTS } = process.env
const at = (host) => `https://${host}:${new URL(origin).port}`
/** What an administrator's policy names (AuthServerAllowlist); and where DNS would lead. */
const POLICY = ['--auth-server-allowlist=*.alpha.lan,*.beta.lan', `--host-resolver-rules=MAP ${HOST} 127.0.0.1,MAP ${OTHER_HOST} 127.0.0.1`]
/** As Chromium keeps it: DisableAuthNegotiateCnameLookup, since a rule of the resolver looks like a CNAME; and, which it notes itself, that a site has asked for a
    ticket before: on Linux it loads Kerberos at the start after that. */
const kept = (isNew) => JSON.stringify({ auth: { disable_negotiate_cname_lookup: true }, net: { received_http_auth_negotiate_headers: !isNew } })
const BUTTON = { en: 'Sign in with your company account', fr: 'Se connecter avec votre compte d’entreprise' }

const button = (page, name) => page.getByRole('button', { name, exact: true })
const shot = (page, name) => page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true })
const session = (page) => page.evaluate(async () => (await fetch('/api/v1/session')).json())

/** Opens the browser of whoever has this ticket, does `act` in it, and looks that nothing happened that must not. */
async function asColleague(ticket, act, { host = HOST, krb5 = KRB5_HOME, switches = POLICY, isNew = false, ...options } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'chappe-colleague-'))
  writeFileSync(join(folder, 'Local State'), kept(isNew))
  const begin = () => colleague(folder, at(host), { KRB5_CONFIG: krb5, KRB5CCNAME: ticket }, switches, options)
  let who = await begin()
  if (isNew) {
    await who.page.goto(at(host) + '/')
    await button(who.page, BUTTON[options.language ?? 'en']).click()
    await who.page.getByRole('alert').filter({ hasText: 'close it and start it once more' }).waitFor()
    await who.context.close()
    who = await begin()
  }
  try {
    await act(who.page, at(host))
    const found = await axe(who.page)
    check('axe', found.length === 0, found.join(' | '))
    await innocent(who)
  } finally {
    await who.context.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const inMail = async (page) => {
  await page.locator('main#content').waitFor()
  await settledMail(page)
}

/** No password is typed: the field stays empty until the page is gone. */
async function comesIn(page, language) {
  await button(page, BUTTON[language]).waitFor()
  check('nothing is typed', (await page.locator('input[autocomplete=username]').inputValue()) === '' && (await page.locator('input[autocomplete=current-password]').inputValue()) === '')
  await button(page, BUTTON[language]).click()
}

/** Also by a browser that has never been asked for a ticket: it says so, and does after its next start. */
async function opensMail() {
  const act = async (page, site) => {
    await page.goto(site + '/')
    await comesIn(page, 'en')
    await inMail(page)
    const known = await session(page)
    check('by ticket', known.method === 'kerberos' && known.login === 'tina@alpha.example', JSON.stringify(known))
    await shot(page, 'walk-ticket-mail')
    await page.reload()
    await inMail(page) // the session stays, without another ticket
  }
  await asColleague(TICKET_TINA, act, { isNew: true })
}

async function opensConsole() {
  await asColleague(
    TICKET_TINA,
    async (page, site) => {
      await page.goto(site + '/admin/')
      await comesIn(page, 'fr')
      await page.locator('main#content').waitFor()
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      const known = await session(page)
      check('by ticket', known.method === 'kerberos' && known.login === 'tina@alpha.example', JSON.stringify(known))
      await shot(page, 'walk-ticket-console-fr')
    },
    { language: 'fr', dark: true },
  )
}

/** What is left where no ticket opens: the form, and what was wrong stands above its button. */
async function typesInstead(page, said) {
  await page.getByRole('alert').filter({ hasText: said }).waitFor()
  await page.locator('input[autocomplete=username]').fill('tina@alpha.example')
  await page.locator('input[autocomplete=current-password]').fill(SECRET)
  await page.locator('button[type=submit]').click()
  await inMail(page)
  check('by password', (await session(page)).method === 'password')
}

const NO_TICKET = { en: 'Your browser has sent no ticket', fr: 'Votre navigateur n’a envoyé aucun ticket' }

/** The site is named by the policy; nobody has logged in to the domain. */
async function withoutTicket() {
  await asColleague(
    'FILE:/nonexistent/ticket',
    async (page, site) => {
      await page.goto(site + '/')
      await comesIn(page, 'fr')
      await page.getByRole('alert').filter({ hasText: NO_TICKET.fr }).waitFor()
      await shot(page, 'walk-ticket-none-fr')
      await typesInstead(page, NO_TICKET.fr)
    },
    { language: 'fr', width: 390, height: 844 },
  )
}

/** He has a ticket, and no policy names the site: the browser keeps it to itself. */
async function withoutPolicy() {
  await asColleague(
    TICKET_TINA,
    async (page, site) => {
      await page.goto(site + '/')
      await comesIn(page, 'en')
      await typesInstead(page, NO_TICKET.en)
    },
    { switches: POLICY.slice(1) },
  )
}

/** A domain whose tickets this server can read, and whose people it may not let in. */
async function ofAnotherRealm() {
  await asColleague(
    TICKET_OTHER,
    async (page, site) => {
      await page.goto(site + '/')
      await comesIn(page, 'en')
      await page.getByRole('alert').filter({ hasText: 'There is no mailbox for tina@BETA.LAN here.' }).waitFor()
      await shot(page, 'walk-ticket-other-realm')
      await typesInstead(page, 'The ticket of your company’s domain was not taken.')
    },
    { host: OTHER_HOST, krb5: KRB5_OTHER },
  )
}

/** Somebody of the right domain who has no mailbox. */
async function ofNobody() {
  await asColleague(
    TICKET_STRAY,
    async (page, site) => {
      await page.goto(site + '/')
      await comesIn(page, 'fr')
      await page.getByRole('alert').filter({ hasText: 'stray@ALPHA.LAN' }).waitFor()
      await shot(page, 'walk-ticket-nobody-fr')
      await typesInstead(page, 'n’a pas été accepté')
    },
    { language: 'fr', dark: true },
  )
}

export const ticketTests = [
  {
    name: 'ticket',
    open: async () => ({ context: { close: () => undefined } }),
    tests: [
      ['directory/a ticket opens webmail, and no password is typed', opensMail],
      ['directory/a ticket opens the console, and no password is typed', opensConsole],
      ['directory/without a ticket the form is there', withoutTicket],
      ['directory/a site that no policy names gets no ticket', withoutPolicy],
      ['directory/a ticket of another realm opens nothing', ofAnotherRealm],
      ['directory/a ticket of somebody without a mailbox opens nothing', ofNobody],
    ],
  },
]
