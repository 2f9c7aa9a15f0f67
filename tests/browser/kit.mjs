// What the browser tests share: Chromium, people who log in, and what must never happen on any page.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(new URL('../../admin-console/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

export const origin = process.env.CONSOLE
export const base = origin + '/admin'
export const PASSWORD = process.env.PASSWORD
// Without windows, which takes a third less of the processor; and whole, for what only that has.
const shell = process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell'
const chrome = process.env.CHROMIUM ?? '/usr/bin/chromium'
const PATIENCE_MS = 30_000

/** The process that serves us; 0 while there is none that answers, of which the command's exit status tells, too. */
export function webRole() {
  const said = spawnSync(process.env.BINARY, ['--data', process.env.DATA, 'status', '--json']).stdout.toString()
  const role = said.startsWith('{') ? JSON.parse(said).roles.find((r) => r.name === 'web') : undefined
  return role?.answers ? role.pid : 0
}
/** The process that was killed. */
export function killWebRole() {
  const pid = webRole()
  if (pid <= 0) throw new Error('there is no web role to kill')
  process.kill(pid, 'SIGKILL')
  return pid
}

// The test's certificate is trusted: without trust a browser keeps nothing, so that each page would load and compile all its scripts anew.
const SWITCHES = ['--no-sandbox', '--ignore-certificate-errors', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

const launch = (executablePath, more) => chromium.launch({ executablePath, args: [...SWITCHES, ...more] })

/** `more`: further switches of the browser. */
export const openBrowser = (...more) => launch(shell, more)
/** One that has notifications, too. */
export const openWholeBrowser = (...more) => launch(chrome, more)

/** Somebody at a computer of a company's domain: an ordinary window of a browser of its own, with that environment and those switches. `at`: where its pages come from. */
export async function colleague(folder, at, env, switches, options = {}) {
  const context = await chromium.launchPersistentContext(folder, { executablePath: chrome, args: [...SWITCHES, ...switches], env: { ...process.env, ...env }, ...asContext(options) })
  await withoutWorker(context)
  return onAPage(context, at)
}

/** Somebody at a browser of its own that may ask its push service, which `switches` say where to find. */
export async function awake(folder, switches) {
  const background = '--disable-background-networking'
  const args = ['--headless=new', ...SWITCHES.filter((s) => s !== background), ...switches]
  const context = await chromium.launchPersistentContext(folder, { executablePath: chrome, args, ignoreDefaultArgs: ['--headless', background], ...asContext({}) })
  return onAPage(context, origin)
}

export function check(what, condition, detail = '') {
  if (!condition) throw new Error(`${what}${detail === '' ? '' : `: ${detail}`}`)
}

/** As a browser that keeps no pages: all of them come from the server. */
export const withoutWorker = (context) => context.addInitScript(() => delete Navigator.prototype.serviceWorker)

/** Somebody at a screen. `faults` collects what no page may do. `worker`: the pages may keep themselves in the browser. `at`: where they come from. */
export async function person(browser, { width, height, dark, language, worker = false, at = origin } = {}) {
  const context = await browser.newContext(asContext({ width, height, dark, language }))
  if (!worker) await withoutWorker(context)
  return onAPage(context, at)
}

const asContext = ({ width = 1440, height = 900, dark = false, language = 'en' }) => ({ ignoreHTTPSErrors: true, viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', locale: language === 'fr' ? 'fr-FR' : 'en-GB', reducedMotion: 'reduce' })

/** A page on which it is seen what no page may do; `at`: where all comes from. */
async function onAPage(context, at) {
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await context.newPage()
  const faults = []
  page.on('pageerror', (e) => faults.push(`script fault: ${e.message}`))
  page.on('console', (m) => {
    if (m.type() === 'error' && !/status of (401|403|404|409|412|503)/.test(m.text())) faults.push(`console: ${m.text()}`)
    if (/Content Security Policy|Trusted ?Type/i.test(m.text())) faults.push(`policy: ${m.text()}`)
  })
  page.on('dialog', (d) => {
    faults.push(`a dialog of the browser opened: ${d.message()}`)
    void d.dismiss()
  })
  page.on('request', (r) => {
    if (!r.url().startsWith(at + '/') && !/^(data|blob|about):/.test(r.url())) faults.push(`asked ${r.url()}`)
  })
  return { context, page, faults }
}

export async function logIn(page, login, password = PASSWORD) {
  await page.locator('input[type=email]').fill(login)
  await page.locator('input[autocomplete=current-password]').fill(password)
  await page.locator('button[type=submit]').click()
  await page.locator('main#content').waitFor()
}

export async function administrator(browser, options = {}, login = 'ada@example.org') {
  const who = await person(browser, options)
  await who.page.goto(base + '/')
  await logIn(who.page, login)
  return who
}

/** Until nothing is loading any more. */
export async function settled(page) {
  await page.locator('h1').first().waitFor()
  await page.waitForFunction(() => !document.querySelector('[role=status][aria-label=Loading], [role=status][aria-label=Chargement], .mantine-Skeleton-root, [data-loading]'), undefined, { timeout: PATIENCE_MS })
  await page.waitForTimeout(150)
}

// Rules that axe itself calls moderate or less, and that cost time; the last one would fetch every style sheet anew.
const NOT_ASKED = ['region', 'heading-order', 'landmark-unique', 'skip-link', 'aria-allowed-role', 'table-duplicate-name', 'no-autoplay-audio']
const AXE = { resultTypes: ['violations'], preload: false, rules: Object.fromEntries(NOT_ASKED.map((name) => [name, { enabled: false }])) }

// The tree and the folders stand beside every page, and are most of what axe would look at: once for each who has a context.
const TREE = 'nav[class*=side]'
const knownTrees = new WeakSet()

// What stands behind it is inert, and looked at where no dialog is open.
const MODAL = '[role=dialog][aria-modal=true]'

/** What axe calls serious or critical: of the dialog where one is open, of the page where none is. */
export async function axe(page) {
  const isModal = (await page.locator(MODAL).count()) > 0
  const exclude = !isModal && knownTrees.has(page.context()) ? [TREE] : []
  if (!isModal && (await page.locator(TREE).count())) knownTrees.add(page.context())
  await page.evaluate(axeSource)
  const result = await page.evaluate(([within, options]) => globalThis.axe.run(within, options), [{ include: [[isModal ? MODAL : 'html']], exclude }, AXE])
  return result.violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${v.id} (${v.nodes.length}): ${v.nodes[0].target.join(' ')} ${v.nodes[0].any[0]?.message ?? v.help}`)
}

/** A picture for people to look at, where all looks are asked for. */
export async function picture(page, name, options = {}) {
  if (process.env.ALL_LOOKS === '1') await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, ...options })
}

/** Nothing that must never happen has happened. */
export async function innocent({ page, faults }) {
  check('a name ran as script', (await page.evaluate(() => globalThis.__hostile)) === undefined)
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  check('wider than the screen', wide <= 1, `${wide} px`)
  const unsaid = await page.evaluate(() => /\b(?:tab|kind|state|only|sort|pane|done|eg|tip|use|step|role|scope|permission|error|tree|verdict|result|for)\.[a-z][\w.-]*\b(?!@)/.exec(document.body.innerText)?.[0] ?? '')
  check('a text is missing in the catalogue', unsaid === '', unsaid)
  check('faults', faults.length === 0, faults.join('; '))
}
