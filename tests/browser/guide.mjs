// The pictures of the user's guide, in each of its languages, below docs/user-guide. See pictures beside this file.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openBrowser, origin, settled } from './kit.mjs'
import { reader, row, settledMail } from './mail-kit.mjs'
import { smallPng } from './small_png.mjs'

const dialog = (page) => page.getByRole('dialog').last()
const conversation = async (page) => {
  await page.goto(`${origin}/mail/me/inbox`)
  await settledMail(page)
  await row(page, 'Trip to Lyon').click()
  await page.locator('article').first().waitFor()
}

/** name: what is done before the picture is taken. */
const shots = {
  inbox: conversation,
  later: async (page) => {
    await conversation(page)
    await page.keyboard.press('b')
    await dialog(page).waitFor()
  },
  search: async (page) => {
    await page.goto(`${origin}/mail/me/all?q=telegraph`)
    await page.locator('mark').first().waitFor()
    await row(page, 'Trip to Lyon').click()
    await page.locator('article').first().waitFor()
  },
  writing: async (page, fr) => {
    await page.goto(`${origin}/mail/me/inbox`)
    await settledMail(page)
    await page.getByRole('button', { name: fr ? 'Nouveau message' : 'New message' }).first().click()
    await dialog(page).getByRole('combobox', { name: fr ? 'À' : 'To', exact: true }).fill('felix@letters.example')
    await page.keyboard.press('Enter')
    await dialog(page).getByLabel(fr ? 'Objet' : 'Subject').fill(fr ? 'Le déjeuner de jeudi' : 'Lunch on Thursday')
    await dialog(page).getByRole('textbox', { name: fr ? 'Texte du message' : 'Text of the message' }).click()
    await page.keyboard.type(fr ? 'Bonjour Félix, on se retrouve à midi ?' : 'Hello Félix, shall we meet at noon?')
    await dialog(page).getByText(fr ? 'Enregistré' : 'Saved', { exact: true }).waitFor()
  },
  settings: async (page, fr) => {
    await dialog(page).getByRole('button', { name: fr ? 'Jeter le brouillon' : 'Discard the draft' }).click()
    await dialog(page).waitFor({ state: 'detached' })
    await page.goto(`${origin}/settings/general`)
    await settled(page)
  },
  rule: async (page) => {
    await page.goto(`${origin}/settings/rules?dialog=add`)
    await dialog(page).waitFor()
  },
  delegate: async (page, fr) => {
    await page.goto(`${origin}/settings/delegates`)
    await settled(page)
    await page.getByRole('combobox', { name: fr ? 'Ajouter quelqu’un' : 'Add somebody' }).fill('felix')
    await page.getByRole('option', { name: /Félix/ }).click()
    await dialog(page).getByRole('combobox', { name: fr ? 'Dans tous les dossiers' : 'In all folders' }).click()
    await page.getByRole('option', { name: fr ? 'Lecteur' : 'Reader' }).click()
  },
}

const browser = await openBrowser()
for (const language of ['en', 'fr']) {
  const { page, context } = await reader(browser, { width: 1200, height: 740, language })
  for (const [name, act] of Object.entries(shots)) {
    await act(page, language === 'fr')
    await page.waitForTimeout(400) // what moves has come to rest
    const bytes = smallPng(await page.screenshot())
    writeFileSync(join(process.env.GUIDE, language, `${name}.png`), bytes)
    console.log(`${language}/${name} ${Math.round(bytes.length / 1024)} KB`)
  }
  await context.close()
}
await browser.close()
