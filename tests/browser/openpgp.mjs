// Signatures of OpenPGP: what is said of them, a key that is taken by one click, and taken out again in the settings.
import { check, innocent, origin } from './kit.mjs'
import { EMMA, jmap, reader, row, settledMail, until } from './mail-kit.mjs'

const WORDS = {
  en: {
    untrusted: 'Signed (OpenPGP) with a key that came along', take: 'Trust this key of zoe@friend.example', verified: /^Signed Key/, changed: 'The signature does not hold. The message was changed after it was signed.',
    another: 'The signature is that of zoe@friend.example, not of this sender.', encrypted: 'This message is encrypted (OpenPGP).', partial: 'Only a part of this message is signed (OpenPGP).', keys: 'Keys for signatures (OpenPGP)',
    remove: 'Remove the key of zoe@friend.example', unknown: 'Signed (OpenPGP) with a key that is not known here',
    owner: 'Whose key it is', wrong: 'This is no address.',
  },
  fr: {
    untrusted: 'Signé (OpenPGP) avec une clé jointe', take: 'Faire confiance à cette clé de zoe@friend.example', verified: /^Signé Clé/, changed: 'La signature n’est pas valable. Le message a été modifié après sa signature.',
    another: 'La signature est celle de zoe@friend.example, et non de cet expéditeur.', encrypted: 'Ce message est chiffré (OpenPGP).', partial: 'Une partie seulement de ce message est signée (OpenPGP).', keys: 'Clés pour les signatures (OpenPGP)',
    remove: 'Retirer la clé de zoe@friend.example', unknown: 'Signé (OpenPGP) avec une clé inconnue ici',
    owner: 'Propriétaire de la clé', wrong: 'Ce n’est pas une adresse.',
  },
}

async function shows(page, subject, words) {
  await page.goto(`${origin}/mail/me/archive?q=${encodeURIComponent(`subject:"${subject}"`)}`)
  await settledMail(page)
  await row(page, subject).click()
  await page.getByRole('heading', { level: 2, name: subject }).waitFor()
  await page.locator('article').getByText(words).first().waitFor()
}

/** The sender's key as it stands in a letter: bytes, without an armour. */
async function keyOf(page, subject) {
  const { ids } = await jmap(page, 'Email/query', { filter: { subject: `"${subject}"` } })
  const { list } = await jmap(page, 'Email/get', { ids, properties: ['header:Autocrypt:asRaw'] })
  return Buffer.from(/keydata=([\s\S]*)/.exec(list[0]['header:Autocrypt:asRaw'])[1].replace(/\s/g, ''), 'base64')
}

async function trusts(who, language) {
  const { page } = who
  const say = WORDS[language]
  const shot = (name) => page.screenshot({ path: `${process.env.SHOTS}/mail-openpgp-${name}-${language}.png` })
  await shows(page, 'PGP whole', say.untrusted)
  await shot('untrusted')
  await page.getByRole('button', { name: say.take }).click()
  await page.locator('article').getByText(say.verified).first().waitFor()
  const { list } = await jmap(page, 'OpenPgpKey/get', { ids: null })
  check('the key is kept', list.length === 1 && list[0].address === 'zoe@friend.example', JSON.stringify(list))
  check('no file of it is shown', (await page.getByText('signature.asc').count()) === 0)
  await shot('verified')
  await shows(page, 'PGP commented', say.verified)
  const text = await page.locator('article').innerText()
  check('what was signed, and nothing of its armour', text.includes('The offer holds.\n- dash') && !/PGP SIGN|Comment|Pay to me/.test(text), text)
  await shot('commented')
  await shows(page, 'PGP changed', say.changed)
  await shot('changed')
  await shows(page, 'PGP forged', say.another)
  await shows(page, 'PGP partial', say.partial)
  await shows(page, 'PGP sealed', say.encrypted)
  await shot('encrypted')
  await page.goto(`${origin}/settings/senders`)
  await page.getByRole('heading', { name: say.keys }).waitFor()
  await page.getByRole('button', { name: say.remove }).waitFor()
  await page.getByRole('button', { name: say.remove }).scrollIntoViewIfNeeded()
  await shot('settings')
  const file = { name: 'zoe.asc', mimeType: 'application/pgp-keys', buffer: Buffer.from('no key') }
  await page.getByLabel(say.owner).fill('nobody')
  await page.locator('input[type=file]').setInputFiles(file)
  await page.getByText(say.wrong).waitFor()
  await page.getByRole('button', { name: say.remove }).click()
  await until('it is gone', async () => (await jmap(page, 'OpenPgpKey/get', { ids: null })).list.length === 0)
  await page.getByLabel(say.owner).fill('zoe@friend.example')
  await page.locator('input[type=file]').setInputFiles({ name: 'zoe.gpg', mimeType: '', buffer: await keyOf(page, 'PGP whole') })
  await page.getByRole('button', { name: say.remove }).click()
  await until('taken from a file, and gone again', async () => (await jmap(page, 'OpenPgpKey/get', { ids: null })).list.length === 0)
  await shows(page, 'PGP changed', say.unknown)
  await innocent(who)
}

export const openPgpTests = [
  { name: 'mail/openpgp/en', open: (browser) => reader(browser, {}, EMMA), tests: [['mail/openpgp/en', (who) => trusts(who, 'en')]] },
  {
    name: 'mail/openpgp/fr',
    open: (browser) => reader(browser, { width: 390, height: 844, language: 'fr', dark: true }),
    tests: [['mail/openpgp/fr', (who) => trusts(who, 'fr')]],
  },
]
