import { isIP } from 'node:net'
import { checkOptions, type NamesOf } from '../options.ts'
import { checkName, checkUnique, invalid } from './check.ts'

/** Where a secret is that stands in no configuration: in a variable of the environment, or in a file. */
export type SecretPlace = { env: string } | { file: string }

/** A provider of identities by which people log in: OpenID Connect, by code with PKCE. */
export interface OidcOptions {
  /** Names it, in the address to come in by and before its groups: `keycloak/ops`. */
  name: string
  /** As its tokens name it: `https://id.example.org/realms/main`. */
  issuer: string
  /** What it knows Orchestra as. */
  clientId: string
  /** `{ env: 'OIDC_SECRET' }` or `{ file: '/run/secrets/oidc' }`; left out for a client without one. */
  clientSecret?: SecretPlace
  /** What it is asked for; default `openid profile`. */
  scopes?: readonly string[]
  /** Which of its claims tell what: a name, or the way to one inside of others, such as `['realm_access', 'roles']`. */
  claims?: {
    /** What people call him; default `preferred_username`. */
    name?: Claim
    /** His groups; default `groups`. */
    groups?: Claim
  }
}

export type Claim = string | readonly string[]

/** The same, checked. */
export interface OidcConfig {
  readonly name: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: SecretPlace | null
  readonly scopes: readonly string[]
  readonly claims: { readonly name: readonly string[]; readonly groups: readonly string[] }
}

const names: NamesOf<OidcOptions> = {
  name: true,
  issuer: true,
  clientId: true,
  clientSecret: { env: true, file: true },
  scopes: true,
  claims: { name: true, groups: true },
}

export function checkOidc(providers: unknown): OidcConfig[] {
  if (!Array.isArray(providers))
    throw invalid('`http.oidc` is not a list', 'Write `oidc: [{ name, issuer, clientId, clientSecret }]`')
  const checked = (providers as OidcOptions[]).map(checkProvider)
  checkUnique('provider', checked)
  return checked
}

function checkProvider(options: OidcOptions): OidcConfig {
  checkOptions('the configuration: `http.oidc`', options, names)
  const { name, issuer, clientId, clientSecret, scopes = ['openid', 'profile'], claims = {} } = options
  checkName('provider', name)
  const where = `provider \`${name}\``
  if (typeof clientId !== 'string' || clientId === '')
    throw invalid(`${where} has no \`clientId\``, 'Write what it knows Orchestra as')
  return Object.freeze({
    name,
    issuer: checkIssuer(where, issuer),
    clientId,
    clientSecret: clientSecret === undefined ? null : checkSecret(where, clientSecret),
    scopes: Object.freeze(checkScopes(where, scopes)),
    claims: Object.freeze({
      name: checkClaim(where, claims.name ?? 'preferred_username'),
      groups: checkClaim(where, claims.groups ?? 'groups'),
    }),
  })
}

/** What it says is believed, so nobody on the way may say it: by TLS, or on this machine. */
function checkIssuer(where: string, issuer: unknown): string {
  const url = typeof issuer === 'string' && URL.canParse(issuer) ? new URL(issuer) : undefined
  const isPlain = url !== undefined && url.search === '' && url.hash === '' && url.username === ''
  if (isPlain && (url.protocol === 'https:' || (url.protocol === 'http:' && isOwn(url.hostname))))
    return String(issuer)
  throw invalid(
    `${where} has the issuer ${JSON.stringify(issuer)}`,
    'Write its address with https, as its tokens name it: https://id.example.org/realms/main',
  )
}

function isOwn(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'))
}

function checkSecret(where: string, place: SecretPlace): SecretPlace {
  const [[, name] = [], ...more] = typeof place === 'object' && place !== null ? Object.entries(place) : []
  if (typeof name === 'string' && name !== '' && more.length === 0) return Object.freeze({ ...place })
  throw invalid(
    `${where} does not say where its \`clientSecret\` is`,
    "Write { env: 'OIDC_SECRET' } or { file: '/run/secrets/oidc' }: the secret itself stands in no configuration",
  )
}

/** Without `openid` it would say nothing of who somebody is. */
function checkScopes(where: string, scopes: unknown): string[] {
  const isList = Array.isArray(scopes) && scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))
  if (isList && scopes.includes('openid')) return [...scopes]
  throw invalid(`${where} has no scope \`openid\``, "Write `scopes: ['openid', 'profile', 'groups']`")
}

function checkClaim(where: string, claim: Claim): readonly string[] {
  const path = typeof claim === 'string' ? [claim] : claim
  if (Array.isArray(path) && path.length > 0 && path.every((part) => typeof part === 'string' && part !== ''))
    return Object.freeze([...path])
  throw invalid(
    `${where} has the claim ${JSON.stringify(claim)}`,
    "Write its name, or the way there: ['realm_access', 'roles']",
  )
}
