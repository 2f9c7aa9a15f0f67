// Runs all of a part that the filter, or ONLY, names (COUNT: only says of how many groups); the last line is "browser: N passed, N failed".
import { consolePageTests } from './console-pages.mjs'
import { openBrowser } from './kit.mjs'
import { companyTests } from './companies.mjs'
import { mailPageTests } from './mail-pages.mjs'
import { mailWalkTests } from './mail-walks.mjs'
import { loginTests, pageTests } from './pages.mjs'
import { policyTests } from './policy.mjs'
import { hostileTests } from './hostile.mjs'
import { interruptedTests } from './interrupted.mjs'
import { keyTests } from './keys.mjs'
import { laterTests } from './later.mjs'
import { offlineTests } from './offline.mjs'
import { pushTests } from './push.mjs'
import { openPgpTests } from './openpgp.mjs'
import { searchTests } from './searches.mjs'
import { settingsTests } from './settings.mjs'
import { ticketTests } from './tickets.mjs'
import { walkTests } from './walks.mjs'
import { writingTests } from './writing.mjs'

const parts = {
  console: () => [...policyTests, ...loginTests(), ...pageTests().slice(0, 1)],
  administration: () => [...pageTests().slice(1), ...walkTests, ...consolePageTests],
  mail: () => [...mailPageTests(), ...laterTests, ...searchTests, ...openPgpTests, ...offlineTests, ...pushTests],
  reading: () => [...mailWalkTests, ...hostileTests],
  writing: () => [...writingTests, ...interruptedTests, ...settingsTests],
  directory: () => [...companyTests(), ...ticketTests, ...keyTests],
}
const filters = (process.env.FILTER ?? '').split(',')
const only = process.env.ONLY
const isWanted = (name) => (only ? name === only : filters.some((f) => name.includes(f)))
const verbose = process.env.VERBOSE === '1'
let passed = 0
let failed = 0

const chosen = parts[process.env.PART]()
  .map((group) => ({ ...group, tests: group.tests.filter(([name]) => isWanted(name)) }))
  .filter((group) => group.tests.length > 0)
if (process.env.COUNT === '1') {
  console.log(chosen.length)
  process.exit(0)
}

const browser = await openBrowser()
for (const { tests, ...group } of chosen) {
  let who
  try {
    who = await group.open(browser).catch(() => group.open(browser)) // what is tested comes after it
  } catch (problem) {
    for (const [name] of tests) console.log(`FAILED ${name}: ${problem.message.split('\n')[0]}`)
    failed += tests.length
    continue
  }
  for (const [name, run] of tests) {
    const began = Date.now()
    try {
      await run(who, browser)
      passed++
      if (verbose) console.log(`ok     ${name} ${((Date.now() - began) / 1000).toFixed(1)} s`)
    } catch (problem) {
      failed++
      console.log(`FAILED ${name}: ${problem.message.slice(0, 600)}`)
    }
  }
  await who.context.close()
}
await browser.close()
console.log(`browser: ${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
