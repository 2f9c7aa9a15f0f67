/*
 * An OpenID provider for tests: oidc-provider over HTTPS on loopback, where nobody types anything: who is named as login_hint is
 * logged in, and denies where the name begins with "deny".
 *
 * Standard input: one line of JSON with port, certificate and key (files), clients and accounts. Prints "ready" once it listens.
 * Beside the protocol: POST /test/rotate makes new keys, the old ones are gone; POST /test/sign {header, claims} signs whatever is
 * asked, with the key of that algorithm, with none, or with the public key as a secret.
 */
import Provider from 'oidc-provider'
import * as jose from 'jose'
import { createServer } from 'node:https'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA']
let generation = 0

async function makeKeys() {
  generation += 1
  const keys = {}
  for (const alg of ALGORITHMS) {
    const pair = await jose.generateKeyPair(alg, { extractable: true, modulusLength: 2048 })
    keys[alg] = { ...(await jose.exportJWK(pair.privateKey)), kid: `${alg}-${generation}`, alg, use: 'sig' }
  }
  return keys
}

function configuration(settings, keys) {
  const claimsOf = (id) => ({ sub: id, email: id, email_verified: !id.startsWith('unverified'), preferred_username: id.split('@')[0] })
  return {
    clients: settings.clients,
    jwks: { keys: Object.values(keys) },
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => claimsOf(id) }),
    extraTokenClaims: (_, token) => (token.accountId ? { email: token.accountId } : undefined),
    enabledJWA: { idTokenSigningAlgValues: ALGORITHMS },
    ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Grant: 600, Interaction: 60, Session: 600 },
    cookies: { keys: ['tests only'] },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
      grant.addOIDCScope('openid email profile')
      for (const resource of [ctx.oidc.params.resource ?? []].flat()) grant.addResourceScope(resource, 'mail')
      await grant.save()
      return grant
    },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => {
          const alg = ALGORITHMS.find((name) => resource.endsWith(name))
          return { scope: 'mail', audience: 'mail', accessTokenFormat: alg ? 'jwt' : 'opaque', ...(alg && { jwt: { sign: { alg } } }) }
        },
      },
    },
  }
}

const read = async (request) => {
  const pieces = []
  for await (const piece of request) pieces.push(piece)
  return JSON.parse(Buffer.concat(pieces).toString() || '{}')
}

async function sign({ header, claims }, keys) {
  const encode = (value) => jose.base64url.encode(JSON.stringify(value))
  if (header.alg === 'none') return `${encode(header)}.${encode(claims)}.`
  if (header.alg === 'HS256') {
    const { d, p, q, dp, dq, qi, ...open } = keys.RS256
    return new jose.SignJWT(claims).setProtectedHeader({ kid: open.kid, ...header }).sign(new TextEncoder().encode(JSON.stringify(open)))
  }
  return new jose.SignJWT(claims).setProtectedHeader({ kid: keys[header.alg].kid, ...header }).sign(await jose.importJWK(keys[header.alg], header.alg))
}

const settings = JSON.parse(await new Promise((done) => createInterface({ input: process.stdin }).once('line', done)))
const issuer = `https://127.0.0.1:${settings.port}`
let keys = await makeKeys()
let provider = new Provider(issuer, configuration(settings, keys))

async function interact(request, response) {
  const { params } = await provider.interactionDetails(request, response)
  const result = params.login_hint?.startsWith('deny') ? { error: 'access_denied' } : { login: { accountId: params.login_hint } }
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
}

async function answer(request, response) {
  if (request.url.startsWith('/interaction/')) return interact(request, response)
  if (request.url === '/test/rotate') {
    keys = await makeKeys()
    provider = new Provider(issuer, configuration(settings, keys))
    return response.end('{}')
  }
  if (request.url === '/test/sign') return response.end(await sign(await read(request), keys))
  return provider.callback()(request, response)
}

createServer({ cert: readFileSync(settings.certificate), key: readFileSync(settings.key) }, (request, response) => {
  answer(request, response).catch((error) => {
    response.statusCode = 500
    response.end(String(error))
  })
}).listen(settings.port, '127.0.0.1', () => console.log('ready'))
