// A browser's side of Web Push, by node's crypto: `keys` prints new keys; `open` reads a push from standard input, and prints what the
// browser would read and what VAPID says of its sender.
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto'

const url = (bytes) => Buffer.from(bytes).toString('base64url')
const bytes = (text) => Buffer.from(text, 'base64url')

function keys() {
  const own = createECDH('prime256v1')
  own.generateKeys()
  return { p256dh: url(own.getPublicKey()), private: url(own.getPrivateKey()), auth: url(randomBytes(16)) }
}

/** RFC 8188, 2.1 and RFC 8291, 3.4. */
function decrypt({ private: secret, auth, body }) {
  const all = Buffer.from(body, 'base64')
  const salt = all.subarray(0, 16)
  const size = all.readUInt32BE(16)
  const sender = all.subarray(21, 21 + all[20])
  const record = all.subarray(21 + all[20])
  const own = createECDH('prime256v1')
  own.setPrivateKey(bytes(secret))
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), own.getPublicKey(), sender])
  const key = hkdfSync('sha256', own.computeSecret(sender), bytes(auth), info, 32)
  const cek = hkdfSync('sha256', key, salt, 'Content-Encoding: aes128gcm\0', 16)
  const nonce = hkdfSync('sha256', key, salt, 'Content-Encoding: nonce\0', 12)
  const open = createDecipheriv('aes-128-gcm', Buffer.from(cek), Buffer.from(nonce))
  open.setAuthTag(record.subarray(-16))
  const plain = Buffer.concat([open.update(record.subarray(0, -16)), open.final()])
  if (record.length > size || plain.at(-1) !== 2) throw new Error('not one record, the last')
  return plain.subarray(0, -1).toString()
}

/** RFC 8292, 2 and 3. */
function sender(authorization) {
  const [, token, key] = /^vapid t=([^,]+), k=(.+)$/.exec(authorization)
  const [head, claims, signature] = token.split('.')
  const point = bytes(key)
  const jwk = { kty: 'EC', crv: 'P-256', x: url(point.subarray(1, 33)), y: url(point.subarray(33)) }
  const isSigned = verify('sha256', Buffer.from(`${head}.${claims}`),
    { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }, bytes(signature))
  return { isSigned, key, head: JSON.parse(bytes(head)), claims: JSON.parse(bytes(claims)) }
}

if (process.argv[2] === 'keys') {
  console.log(JSON.stringify(keys()))
} else {
  let text = ''
  for await (const piece of process.stdin) text += piece
  const push = JSON.parse(text)
  console.log(JSON.stringify({ text: decrypt(push), sender: sender(push.authorization) }))
}
