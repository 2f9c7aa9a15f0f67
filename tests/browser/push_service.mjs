// What Chromium's push service (Google's FCM) is to a browser, as far as a browser asks: it checks in, registers, and keeps a connection open
// by which messages come (google_apis/gcm: checkin.proto, android_checkin.proto, mcs.proto). On loopback; the browser is told by switches.
import { execFileSync } from 'node:child_process'
import { createCipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'

const VERSION = 41
const TAGS = { ping: 0, pong: 1, login: 2, loggedIn: 3, message: 8 }

// ---- protocol buffers

const varint = (n) => {
  const bytes = []
  for (; n > 127; n = Math.floor(n / 128)) bytes.push((n % 128) | 128)
  return Buffer.from([...bytes, n])
}
const text = (field, value) => {
  const bytes = Buffer.from(value)
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes])
}
const number = (field, value) => Buffer.concat([varint(field * 8), varint(value)])
const fixed = (field, value) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return Buffer.concat([varint(field * 8 + 1), bytes])
}

/** A varint at the beginning of `bytes`: its value and length; null where it is not whole. */
function readVarint(bytes) {
  for (let i = 0, value = 0; i < bytes.length; i++) {
    value += (bytes[i] & 127) * 128 ** i
    if (bytes[i] < 128) return [value, i + 1]
  }
  return null
}

function certificate() {
  const folder = mkdtempSync(join(tmpdir(), 'chappe-push-'))
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=127.0.0.1', '-days', '2'], { stdio: 'ignore' })
  const made = { key: readFileSync(key), cert: readFileSync(cert) }
  rmSync(folder, { recursive: true })
  return made
}

/** As RFC 8291 has it, in one record, for the keys of a subscription. */
export function encrypted(keys, words) {
  const [theirs, auth] = [Buffer.from(keys.p256dh, 'base64url'), Buffer.from(keys.auth, 'base64url')]
  const own = createECDH('prime256v1')
  const ours = own.generateKeys()
  const salt = randomBytes(16)
  const derive = (secret, with_, info, size) => Buffer.from(hkdfSync('sha256', secret, with_, info, size))
  const secret = derive(own.computeSecret(theirs), auth, Buffer.concat([Buffer.from('WebPush: info\0'), theirs, ours]), 32)
  const cipher = createCipheriv('aes-128-gcm', derive(secret, salt, 'Content-Encoding: aes128gcm\0', 16), derive(secret, salt, 'Content-Encoding: nonce\0', 12))
  const record = Buffer.concat([cipher.update(Buffer.concat([Buffer.from(words), Buffer.from([2])])), cipher.final(), cipher.getAuthTag()])
  const size = Buffer.alloc(4)
  size.writeUInt32BE(4096)
  return Buffer.concat([salt, size, Buffer.from([ours.length]), ours, record])
}

const listening = (server) => new Promise((go) => server.listen(0, '127.0.0.1', () => go(server.address().port)))

/** `registered`: what each browser registered with, by its token. */
export async function pushService() {
  const secret = certificate()
  const registered = new Map()
  const links = new Set()
  const answer = (request, response) => {
    const parts = []
    request.on('data', (d) => parts.push(d))
    request.on('end', () => {
      if (request.url === '/checkin') return response.end(Buffer.concat([number(1, 1), fixed(7, 4711n), fixed(8, 42n)]))
      const form = new URLSearchParams(Buffer.concat(parts).toString())
      const token = `token-${registered.size + 1}`
      registered.set(token, Object.fromEntries(form))
      return response.end(`token=${token}`)
    })
  }
  const web = https.createServer(secret, answer)
  const mcs = tls.createServer(secret, (link) => {
    let rest = Buffer.alloc(0)
    let isOpen = false
    links.add(link)
    link.on('error', () => {}).on('close', () => links.delete(link))
    link.on('data', (more) => {
      rest = Buffer.concat([rest, more])
      if (!isOpen && rest.length > 0) {
        link.write(Buffer.from([VERSION]))
        rest = rest.subarray(1)
        isOpen = true
      }
      for (let size; rest.length > 1 && (size = readVarint(rest.subarray(1))) && rest.length >= 1 + size[1] + size[0]; ) {
        if (rest[0] === TAGS.login) send(link, TAGS.loggedIn, text(1, 'chappe-test'))
        if (rest[0] === TAGS.ping) send(link, TAGS.pong, Buffer.alloc(0))
        rest = rest.subarray(1 + size[1] + size[0])
      }
    })
  })
  const send = (link, tag, bytes) => link.write(Buffer.concat([Buffer.from([tag]), varint(bytes.length), bytes]))
  const [webPort, mcsPort] = [await listening(web), await listening(mcs)]
  let count = 0
  return {
    registered,
    switches: [`--gcm-checkin-url=https://127.0.0.1:${webPort}/checkin`, `--gcm-registration-url=https://127.0.0.1:${webPort}/register`, `--gcm-mcs-endpoint=https://127.0.0.1:${mcsPort}`],
    /** As what a server posted to the address of the token. */
    deliver(token, body, encoding) {
      const { app, sender, 'X-subtype': subtype } = registered.get(token)
      const data = [['subtype', subtype], ['content-encoding', encoding]].map(([key, value]) => text(7, Buffer.concat([text(1, key), text(2, value)])))
      const stanza = Buffer.concat([text(2, String(++count)), text(3, sender), text(5, app), ...data, text(9, `p${count}`), number(17, 60), text(21, body)])
      for (const link of links) send(link, TAGS.message, stanza)
    },
    close() {
      for (const link of links) link.destroy()
      web.close()
      mcs.close()
    },
  }
}
