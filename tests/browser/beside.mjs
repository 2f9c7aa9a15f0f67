// What somebody does in both webmails, and how long it takes until he sees it. See beside beside this file.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openBrowser } from './kit.mjs'
import { Chappe, Roundcube } from './webmails.mjs'

const ROUNDS = Number(process.env.ROUNDS)
const ONLY = (process.env.ONLY ?? '').split(';').filter(Boolean)
const BIG = Number(process.env.BIG)
const POLL_ROUNDS = Math.min(ROUNDS, 2) // the peer looks once a minute
const HALF = 0.5

/** Name, unit, what ours should not pass, and what is done on either. */
const rows = [
  ['cold browser: Inbox of 1,000 is shown', 'ms', 400, (who) => who.cold('inbox')],
  [`cold browser: folder of ${BIG} is shown`, 'ms', 450, (who) => who.cold('big')],
  ['cold browser: everything can be done with the Inbox', 'ms', 400, (who) => who.coldWhole('inbox')],
  ['cold browser: a message clicked at once is read', 'ms', 500, (who, i) => who.coldRead(i)],
  [`warm reload, folder of ${BIG}`, 'ms', 250, (who) => who.reload('big')],
  ['open a small message', 'ms', 100, (who, i) => who.open('small', i)],
  ['open a message with an attachment', 'ms', 100, (who, i) => who.open('attachment', i)],
  ['open a newsletter', 'ms', 100, (who, i) => who.open('newsletter', i)],
  [`search the subject in ${BIG}`, 'ms', 200, (who, i) => who.search('subject', `report ${3 * Math.floor((BIG / 3) * (0.1 + (0.8 * i) / 20))}`)],
  [`search the text in ${BIG}`, 'ms', 300, (who, i) => who.search('text', `rare${i % Math.max(1, Math.floor(BIG / 5000))}`)],
  ['the next page, or a screen further', 'ms', 40, (who) => who.next()],
  [`jump into the middle of ${BIG}`, 'ms', 140, (who, i) => who.jump(0.3 + 0.03 * i)],
  ['write: click to editable, plain in Roundcube', 'ms', 150, (who) => who.write('plain')],
  ['write: click to editable, rich in both', 'ms', 300, (who) => who.write('rich')],
  ['new mail shown without a click', 'ms', 1000, (who, i) => who.news(i), POLL_ROUNDS],
  ['fetched by a cold browser, in all', 'KiB', 300, (who) => who.fetched('big', () => true), 1],
  ['fetched by a cold browser, scripts and styles', 'KiB', 250, (who) => who.fetched('big', (type) => type === 'Script' || type === 'Stylesheet'), 1],
]

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]
const figure = (value) => (value === undefined ? '-' : Math.round(value).toLocaleString('en'))

async function measured([name, unit, aim, once, rounds = ROUNDS], targets) {
  const taken = Object.fromEntries(targets.map((t) => [t.name, []]))
  for (let i = 0; i < rounds; i++)
    for (const target of targets)
      try {
        taken[target.name].push(await once(target, i))
      } catch (problem) {
        console.log(`  ${name}: ${target.name}: ${problem.message.split('\n')[0]}`)
      }
  const medians = Object.fromEntries(Object.entries(taken).map(([who, values]) => [who, median(values)]))
  const [ours, theirs] = targets.map((t) => medians[t.name])
  const ratio = ours !== undefined && theirs ? ours / theirs : null
  console.log(`${ratio !== null && ratio <= HALF ? 'ok  ' : 'SLOW'} ${name.padEnd(46)} ${figure(ours).padStart(7)} beside ${figure(theirs).padStart(7)} ${unit.padEnd(3)} ${ratio === null ? '' : `= ${ratio.toFixed(2)}`} (aim ${aim}; ${targets.map((t) => taken[t.name].map(Math.round).join(' ')).join(' | ')})`)
  return { name, unit, aim, rounds: taken, medians, ratio }
}

const browser = await openBrowser()
const targets = [new Chappe(browser), new Roundcube(browser)]
for (const target of targets) await target.enter()
const results = []
for (const row of rows) if (ONLY.length === 0 || ONLY.some((word) => row[0].includes(word))) results.push(await measured(row, targets))
await browser.close()

const load = { before: Number(process.env.BEGAN_AT_LOAD) }
writeFileSync(join(process.env.OUT, 'beside.json'), JSON.stringify({ messages: BIG, rounds: ROUNDS, load, results }, null, 1))
const line = (r) => `| ${r.name} | ${targets.map((t) => `${figure(r.medians[t.name])} ${r.unit}`).join(' | ')} | ${r.ratio?.toFixed(2) ?? '-'} | ${r.aim} ${r.unit} |`
writeFileSync(join(process.env.OUT, 'beside.md'), `| work | ${targets.map((t) => t.name).join(' | ')} | ratio | aim |\n|---|---|---|---|---|\n${results.map(line).join('\n')}\n`)
console.log(`written: ${process.env.OUT}/beside.md and beside.json; load before ${load.before}`)
process.exit(results.every((r) => r.ratio !== null) ? 0 : 1)
