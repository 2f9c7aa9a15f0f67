// What the tab keeps while somebody reads one message after the other. See bench-mail beside this file.
import { readFileSync } from 'node:fs'
import { openBrowser, origin } from './kit.mjs'
import { reader, rows, settledMail } from './mail-kit.mjs'

const READS = Number(process.env.READS)
const LOOKS = 8
const MOST_HEAP_MIB = 10
const MOST_NODES = 2000
const browser = await openBrowser()
const root = await browser.newBrowserCDPSession()
const { page, faults } = await reader(browser, {}, process.env.LOGIN)
const probe = await page.context().newCDPSession(page)
await probe.send('Performance.enable')
await probe.send('HeapProfiler.enable')

const MIB = 1024 * 1024
/** Of all pages of this browser: there is one. */
async function resident() {
  const { processInfo } = await root.send('SystemInfo.getProcessInfo')
  const pages = processInfo.filter((p) => p.type === 'renderer').map((p) => readFileSync(`/proc/${p.id}/status`, 'utf8'))
  return pages.reduce((sum, text) => sum + Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024, 0)
}
/** After the collector has been there, which is what counts. */
async function look(read) {
  for (let i = 0; i < 3; i++) await probe.send('HeapProfiler.collectGarbage')
  const { metrics } = await probe.send('Performance.getMetrics')
  const of = (name) => metrics.find((m) => m.name === name).value
  const now = { read, heap: of('JSHeapUsedSize') / MIB, nodes: of('Nodes'), listeners: of('JSEventListeners'), frames: of('Frames'), rss: await resident() }
  console.log(`     ${String(read).padStart(5)} read: heap ${now.heap.toFixed(1)} MiB, ${now.nodes} nodes, ${now.listeners} listeners, ${now.frames} frames, process ${now.rss.toFixed(0)} MiB`)
  return now
}
const open = () => location.pathname.split('/')[4]
/** The next one, by the key for it, until its text is there. */
async function next(before) {
  await page.keyboard.press('j')
  const shown = await page.waitForFunction((old) => {
    const now = location.pathname.split('/')[4]
    return now && now !== old && document.querySelector('article p, article iframe') ? now : false
  }, before, { polling: 'raf', timeout: 60_000 })
  return shown.jsonValue()
}

await page.goto(`${origin}/mail/me/${process.env.FOLDER_ID ?? 'inbox'}`)
await settledMail(page)
await rows(page).first().click()
let id = await page.waitForFunction(() => document.querySelector('article p, article iframe') && location.pathname.split('/')[4], undefined, { polling: 'raf' }).then((h) => h.jsonValue())
const seen = [await look(0)]
for (let n = 1; n <= READS; n++) {
  id = await next(id)
  if (n % Math.floor(READS / LOOKS) === 0) seen.push(await look(n))
}
console.log(`     the last one was ${await page.evaluate(open)}`)
// The first quarter fills what is kept on purpose: rows near the screen, messages read within the last minutes.
const [from, to] = [seen[LOOKS / 4], seen.at(-1)]
const grew = to.heap - from.heap
const nodes = to.nodes - from.nodes
const good = grew <= MOST_HEAP_MIB && nodes <= MOST_NODES && faults.length === 0
console.log(`${good ? 'ok  ' : 'GROWS'} from ${from.read} to ${to.read} messages read: heap ${grew.toFixed(1)} MiB (at most ${MOST_HEAP_MIB}), nodes ${nodes} (at most ${MOST_NODES}), process ${(to.rss - from.rss).toFixed(0)} MiB${faults.length > 0 ? `; ${faults.slice(0, 3).join('; ')}` : ''}`)
await browser.close()
process.exit(good ? 0 : 1)
