import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer } from 'node:http'
import { CLIENT, closed, listening } from './provider.ts'

type Claims = Record<string, unknown>

/** What a provider of identities says, made up at each login. */
export interface Said {
  claims?: (right: Claims) => Claims
  key?: KeyObject
  algorithm?: string
  userinfo?: Claims
  /** Instead of all of it. */
  body?: string
}

const own = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const foreignKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

/** A provider that listens, and lies as it is told to. */
export async function runLiar(): Promise<{
  issuer: string
  say: (said: Said & { nonce: string }) => void
  close: () => Promise<void>
}> {
  const server = createServer()
  const issuer = await listening(server)
  let told: Said & { nonce: string } = { nonce: '' }
  const answers: Readonly<Record<string, () => string>> = {
    '/.well-known/openid-configuration': () =>
      JSON.stringify({
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        userinfo_endpoint: `${issuer}/me`,
        jwks_uri: `${issuer}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        code_challenge_methods_supported: ['S256'],
      }),
    '/keys': () =>
      JSON.stringify({
        keys: [{ ...own.publicKey.export({ format: 'jwk' }), kid: 'own', use: 'sig', alg: 'RS256' }],
      }),
    '/token': () =>
      told.body ?? JSON.stringify({ access_token: 'x', token_type: 'Bearer', id_token: token(issuer, told) }),
    '/me': () => JSON.stringify(told.userinfo ?? { sub: 'ana' }),
  }
  server.on('request', (request, response) => {
    request.resume()
    const make = answers[request.url ?? '']
    response.writeHead(make === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(make?.() ?? '{}')
  })
  const say = (said: typeof told) => {
    told = said
  }
  return { issuer, say, close: () => closed(server) }
}

function token(
  issuer: string,
  { nonce, claims = (right) => right, key = own.privateKey, algorithm = 'RS256' }: Said & { nonce: string },
) {
  const now = Math.floor(Date.now() / 1_000)
  const right = {
    iss: issuer,
    aud: CLIENT.id,
    sub: 'ana',
    nonce,
    iat: now,
    exp: now + 300,
    preferred_username: 'ana',
    groups: ['ops'],
  }
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${encode({ alg: algorithm, kid: 'own' })}.${encode(claims(right))}`
  return `${text}.${algorithm === 'none' ? '' : sign('sha256', Buffer.from(text), key).toString('base64url')}`
}
