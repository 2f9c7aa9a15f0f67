// Times of the lists of mailboxes and of domains, from the click to what can be used. See bench beside this file.
import { administrator, base, openBrowser, settled } from './kit.mjs'

const TIMES = 5
const browser = await openBrowser()
const { page } = await administrator(browser)
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
const rows = () => page.locator('[role=row][data-index]')

async function timed(name, prepare, act) {
  const taken = []
  for (let i = 0; i < TIMES; i++) {
    await prepare(i)
    const began = performance.now()
    await act(i)
    taken.push(performance.now() - began)
  }
  console.log(`${name}: ${Math.round(median(taken))} ms (${taken.map(Math.round).join(' ')})`)
  return median(taken)
}

const opened = await timed(
  'the list can be used',
  async () => {
    await page.goto(base + '/organisations')
    await settled(page)
  },
  async () => {
    await page.goto(base + '/recipients')
    await rows().nth(10).waitFor()
  },
)
await timed(
  'sorted by name',
  async () => {
    await page.goto(base + '/recipients')
    await rows().first().waitFor()
  },
  async () => {
    await page.getByRole('columnheader').getByRole('button', { name: 'Name' }).click()
    await page.waitForURL(/sort=name/)
    await rows().first().waitFor()
  },
)
await timed(
  'something rare is found',
  async () => {
    await page.goto(base + '/recipients')
    await rows().first().waitFor()
  },
  async () => {
    await page.getByLabel('Find by name or address').fill('zephyrine')
    await page.locator('[role=row]').filter({ hasText: 'rare@example.org' }).waitFor()
  },
)
const domains = await timed(
  'the domains can be used',
  async () => {
    await page.goto(base + '/organisations')
    await settled(page)
  },
  async () => {
    await page.goto(base + '/domains')
    await rows().nth(10).waitFor()
  },
)
await timed(
  'one of them is found',
  async () => {},
  async (i) => {
    await page.getByLabel('Find a domain').fill(`d199${i}.`)
    await page.locator('[role=row]').filter({ hasText: `d199${i}.example.com` }).waitFor()
  },
)
await browser.close()
process.exit(opened <= 1000 && domains <= 1000 ? 0 : 1)
