// What a browser is told that it may do, and what another site may.
import https from 'node:https'
import { gunzipSync } from 'node:zlib'
import { administrator, base, check, origin, settled } from './kit.mjs'

/** A request as another program would make it. */
function ask(method, path, headers = {}, body = undefined) {
  return new Promise((resolve, reject) => {
    const request = https.request(origin + path, { method, headers, rejectUnauthorized: false }, (answer) => {
      const parts = []
      answer.on('data', (d) => parts.push(d))
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

async function headersOfPages() {
  const { status, headers } = await ask('GET', '/admin/')
  const policy = headers['content-security-policy'] ?? ''
  check('the page is there', status === 200, status)
  for (const word of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"])
    check('policy', policy.includes(word), word)
  check('no exception', !/unsafe-|https?:|\*/.test(policy), policy)
  check('nosniff', headers['x-content-type-options'] === 'nosniff')
  check('one policy only', !policy.includes(','), policy)
  check('asked about each time', headers['cache-control'] === 'no-cache')
}

async function files() {
  const page = await ask('GET', '/admin/recipients/ada@example.org')
  check('a place inside is answered by the application', page.status === 200 && page.headers['content-type'].startsWith('text/html'))
  const script = /src="(\/admin\/assets\/[^"]+\.js)"/.exec(page.body.toString())?.[1]
  check('its script is a file', script !== undefined)
  const plain = await ask('GET', script)
  check('for ever', /immutable/.test(plain.headers['cache-control'] ?? ''))
  check('typed', plain.headers['content-type'].startsWith('text/javascript'))
  const packed = await ask('GET', script, { 'Accept-Encoding': 'gzip' })
  check('gzip', packed.headers['content-encoding'] === 'gzip' && gunzipSync(packed.body).equals(plain.body))
  const brotli = await ask('GET', script, { 'Accept-Encoding': 'gzip, deflate, br' })
  check('brotli', brotli.headers['content-encoding'] === 'br' && brotli.body.length < packed.body.length)
  check('forms have tags of their own', brotli.headers.etag !== packed.headers.etag && plain.headers.vary === 'Accept-Encoding')
  const again = await ask('GET', script, { 'If-None-Match': plain.headers.etag })
  check('not sent again', again.status === 304 && again.body.length === 0, again.status)
  check('no other asset', (await ask('GET', '/admin/assets/none.js')).status === 404)
  check('only read', (await ask('POST', '/admin/')).status === 405)
  check('the slash', (await ask('GET', '/admin')).headers.location === '/admin/')
  for (const path of ['/admin/../etc/passwd', '/admin/%2e%2e/%2e%2e/etc/passwd', '/admin/assets/..%2findex.html'])
    check('outside of the folder', !(await ask('GET', path)).body.toString().includes('root:'), path)
}

async function otherSites(who) {
  const cookies = await who.context.cookies()
  const session = cookies.find((c) => c.name === '__Host-chappe')
  check('the session is of this host, unreadable to script, not sent from elsewhere', session?.httpOnly && session.secure && session.sameSite === 'Strict')
  check('script sees no cookie', (await who.page.evaluate(() => document.cookie)) === '')
  const cookie = `__Host-chappe=${session.value}`
  const body = JSON.stringify({ name: 'Forged' })
  for (const from of [{}, { Origin: 'https://elsewhere.example' }, { Origin: 'null' }, { Origin: origin.replace('https', 'http') }]) {
    const forged = await ask('POST', '/api/v1/organisations', { Cookie: cookie, 'Content-Type': 'application/json', ...from }, body)
    check('a change asked for by another site', forged.status === 403, `${JSON.stringify(from)} ${forged.status}`)
  }
  const all = await ask('GET', '/api/v1/organisations', { Cookie: cookie })
  check('nothing was done', !all.body.toString().includes('Forged'))
}

/** Markup and script that somehow came into the page stay dead. */
async function injected(who) {
  const { page } = who
  const outcome = await page.evaluate(() => {
    const refused = []
    try {
      document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.__hostile=99">')
    } catch {
      refused.push('markup')
    }
    try {
      const script = document.createElement('script')
      script.text = 'window.__hostile=98'
      document.body.append(script)
    } catch {
      refused.push('script')
    }
    try {
      setTimeout('window.__hostile=97')
    } catch {
      refused.push('text as code')
    }
    const style = document.createElement('style')
    style.textContent = 'body { visibility: hidden }'
    document.head.append(style)
    return { refused, visible: getComputedStyle(document.body).visibility }
  })
  await page.waitForTimeout(300)
  check('refused', outcome.refused.join() === 'markup,script,text as code', outcome.refused.join())
  check('a style element has no effect', outcome.visible === 'visible')
  check('nothing ran', (await page.evaluate(() => globalThis.__hostile)) === undefined)
  who.faults.length = 0
}

const BUDGET = 250 * 1024

/** Script that is fetched before the list of mailboxes shows, as gzip. */
async function weight(who) {
  await who.page.goto(base + '/recipients')
  await settled(who.page)
  const scripts = await who.page.evaluate(() => performance.getEntriesByType('resource').map((r) => r.name).filter((n) => n.endsWith('.js')))
  let bytes = 0
  for (const url of scripts) bytes += (await ask('GET', new URL(url).pathname, { 'Accept-Encoding': 'gzip' })).body.length
  console.log(`policy: ${scripts.length} scripts, ${Math.round(bytes / 1024)} KiB gzip before the list shows`)
  check('script before the list shows', bytes <= BUDGET, `${bytes} bytes`)
}

export const policyTests = [
  {
    name: 'policy',
    open: (browser) => administrator(browser),
    tests: [
      ['policy/headers', headersOfPages],
      ['policy/files', files],
      ['policy/weight', weight],
      ['policy/other-sites', otherSites],
      ['policy/injected', injected],
    ],
  },
]
