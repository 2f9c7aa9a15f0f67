// Every page of webmail, in every look. A new page: one line.
import { mkdirSync } from 'node:fs'
import { axe, check, innocent, origin, person, picture } from './kit.mjs'
import { reader, rows, settledMail } from './mail-kit.mjs'
import { looks } from './pages.mjs'

const first = async (page) => {
  await rows(page).first().click()
  await page.locator('article').first().waitFor()
}
const menu = (name) => async (page) => {
  await page.getByRole('button', { name }).first().click()
  await page.getByRole('menu').waitFor()
}

/** [address, what is done there before one looks] */
const pages = {
  inbox: ['/mail/me/inbox'],
  conversation: ['/mail/me/inbox', first],
  'inbox-unread': ['/mail/me/inbox?only=unread'],
  'inbox-flagged-files': ['/mail/me/inbox?only=flagged+files'],
  'inbox-by-sender': ['/mail/me/inbox?sort=from+up'],
  'inbox-order': ['/mail/me/inbox', menu(/^(Order|Ordre)$/)],
  'inbox-view': ['/mail/me/inbox', menu(/^(View|Affichage)$/)],
  'inbox-selected': ['/mail/me/inbox', async (page) => {
    await rows(page).nth(1).focus()
    for (const key of ['Space', 'Shift+ArrowDown', 'Shift+ArrowDown']) await page.keyboard.press(key)
  }],
  'message-menu': ['/mail/me/inbox', async (page) => {
    await first(page)
    await page.locator('article').last().getByRole('button', { name: /^(More for this|Plus pour ce)/ }).click()
    await page.getByRole('menu').waitFor()
  }],
  'message-source': ['/mail/me/inbox', async (page) => {
    await first(page)
    await page.locator('article').last().getByRole('button', { name: /^(More for this|Plus pour ce)/ }).click()
    await page.getByRole('menuitem', { name: /source/ }).click()
    await page.getByRole('dialog').locator('code').waitFor()
  }],
  'move-dialog': ['/mail/me/inbox', async (page) => {
    await first(page)
    await page.keyboard.press('v')
    await page.getByRole('dialog').getByRole('option').first().waitFor()
  }],
  keys: ['/mail/me/inbox', async (page) => {
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
  }],
  drafts: ['/mail/me/drafts'],
  sent: ['/mail/me/sent'],
  junk: ['/mail/me/junk', first],
  'folder-empty': ['/mail/me/trash'],
  'shared-mailbox': ['/mail/me/inbox', async (page) => {
    const link = page.getByRole('navigation').getByRole('link', { name: /Orders/ })
    if (!(await link.isVisible())) await page.getByRole('button', { name: /^(Folders and menu|Dossiers et menu)$/ }).click()
    await page.getByRole('link', { name: /Orders/ }).last().click()
    await page.getByText('Order 4700').first().waitFor()
  }],
  'public-folder': ['/mail/me/inbox', async (page) => {
    const link = page.getByRole('navigation').getByRole('link', { name: 'Board', exact: true })
    if (!(await link.isVisible())) await page.getByRole('button', { name: /^(Folders and menu|Dossiers et menu)$/ }).click()
    await page.getByRole('region', { name: /^(Public folders|Dossiers publics)$/ }).last().waitFor()
    await page.getByRole('link', { name: 'Board', exact: true }).last().click()
    await page.getByText('Canteen closed on Friday').first().waitFor()
  }],
  search: ['/mail/me/all?q=train'],
  'search-none': ['/mail/me/all?q=nothingiscalledso'],
  'search-help': ['/mail/me/inbox', async (page) => {
    await page.keyboard.press('/')
    await page.keyboard.type('from:marc')
    await page.waitForURL(/q=from/)
  }],
  help: ['/help/reading'],
  'help-settings': ['/help/settings'],
  'no-folder': ['/mail/me/nothing'],
  'no-message': ['/mail/me/inbox/Mnothing'],
}

/** Names, subjects, texts and folders that attack. */
const hostile = {
  'hostile-list': ['/mail/me/inbox', async (page) => {
    const link = page.getByRole('navigation').getByRole('link', { name: 'Hostile', exact: true })
    if (!(await link.isVisible())) await page.getByRole('button', { name: /^(Folders and menu|Dossiers et menu)$/ }).click()
    await page.getByRole('link', { name: 'Hostile', exact: true }).last().click()
    await rows(page).first().waitFor()
  }],
  'hostile-search': ['/mail/me/all?q=' + encodeURIComponent('<img src=x onerror=window.__hostile=90>')],
  'hostile-search-found': ['/mail/me/all?q=onerror', first],
}

async function look(who, [path, act], name, withAxe) {
  const { page } = who
  who.faults.length = 0
  await page.goto(origin + path)
  if (name.startsWith('no-message')) await page.locator('main h2').first().waitFor()
  else await settledMail(page)
  await act?.(page)
  await page.waitForTimeout(250)
  await picture(page, `mail-${name}`)
  await innocent(who)
  if (!withAxe) return
  const found = await axe(page)
  check('axe', found.length === 0, found.join(' | '))
}

/** Each hostile message is opened, with its details. */
async function hostileMessages(who) {
  const { page } = who
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto(origin + '/mail/me/inbox')
  await settledMail(page)
  await page.getByRole('link', { name: 'Hostile', exact: true }).click()
  await rows(page).first().waitFor()
  for (let i = 0; i < 18; i++) {
    await rows(page).nth(Math.min(i, (await rows(page).count()) - 1)).click()
    await page.locator('article').first().waitFor()
    await page.waitForTimeout(80)
  }
  await page.locator('article button[aria-expanded=false]').first().click()
  await innocent(who)
}

/** [name, run] of each page in each look. */
export function mailPageTests() {
  mkdirSync(process.env.SHOTS, { recursive: true })
  return looks.flatMap((l) => [
    {
      name: `mail/${l.name}`,
      open: (browser) => person(browser, l),
      tests: [
        [
          `mail/${l.name}/login`,
          async (who) => {
            await who.page.goto(origin + '/')
            await who.page.locator('input[type=email]').waitFor()
            await picture(who.page, `mail-login.${l.name}`)
            await innocent(who)
            check('axe', (await axe(who.page)).length === 0)
          },
        ],
      ],
    },
    {
      name: `mail/${l.name}`,
      open: (browser) => reader(browser, l),
      tests: Object.entries(pages).map(([name, page]) => [`mail/${l.name}/${name}`, (who) => look(who, page, `${name}.${l.name}`, l.axe)]),
    },
    {
      name: `mail/${l.name}/hostile`,
      open: (browser) => reader(browser, l, 'hostile@letters.example'),
      tests: [
        ...Object.entries(hostile).map(([name, page]) => [`mail/${l.name}/${name}`, (who) => look(who, page, `${name}.${l.name}`, l.axe)]),
        ...(l === looks[0] ? [[`mail/${l.name}/hostile-messages`, hostileMessages]] : []),
      ],
    },
  ])
}
