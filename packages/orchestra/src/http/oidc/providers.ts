import { readFile } from 'node:fs/promises'
import * as client from 'openid-client'
import type { Proofs, ProvenIdentity } from '../../access/index.ts'
import type { OidcConfig, SecretPlace } from '../../config/oidc.ts'
import { isOrchestraError, messageOf, OrchestraError } from '../../errors.ts'
import { identityOf } from './claims.ts'
import { declined, failed } from './refusals.ts'

/** Milliseconds after which it is asked again what a provider offers. */
const KNOWN_FOR = 3_600_000
/** Seconds that one answer of it may take. */
const PATIENCE = 10

interface Known {
  asked: Promise<client.Configuration>
  until: number
}

/** The providers of identities of the configuration, each asked what it offers when somebody first wants to come in by it. */
export class Providers {
  readonly #configs: ReadonlyMap<string, OidcConfig>
  readonly #environment: NodeJS.ProcessEnv
  readonly #known = new Map<string, Known>()
  readonly #closing = new AbortController()

  constructor(configs: readonly OidcConfig[], environment: NodeJS.ProcessEnv) {
    this.#configs = new Map(configs.map((config) => [config.name, config]))
    this.#environment = environment
  }

  get names(): string[] {
    return [...this.#configs.keys()]
  }

  /** Asks all of them what they offer; answers why those cannot be asked that cannot. */
  async unreachable(): Promise<{ provider: string; error: OrchestraError }[]> {
    const asked = await Promise.all(
      [...this.#configs.values()].map(async (config) => {
        const error = await this.#reach(config).then(
          () => undefined,
          (cause: unknown) => (isOrchestraError(cause) ? cause : failed(config.name, cause)),
        )
        return error === undefined ? [] : [{ provider: config.name, error }]
      }),
    )
    return asked.flat()
  }

  /**
   * Where a browser goes to say who somebody is.
   * @throws OrchestraError ORC_PROVIDER_UNKNOWN, ORC_PROVIDER_FAILED
   */
  async addressOf(name: string, { state, nonce, verifier }: Proofs, redirect: string): Promise<URL> {
    const config = this.#named(name)
    return client.buildAuthorizationUrl(await this.#reach(config), {
      redirect_uri: redirect,
      scope: config.scopes.join(' '),
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
  }

  /**
   * Who came back from it. Issuer, audience, signature, nonce and times are checked, and nothing of it is kept but who it is.
   * @param answer the address that the browser came back to
   * @throws OrchestraError ORC_PROVIDER_UNKNOWN, ORC_PROVIDER_FAILED, ORC_LOGIN_DECLINED
   */
  async identify(name: string, { state, nonce, verifier }: Proofs, answer: URL): Promise<ProvenIdentity> {
    const config = this.#named(name)
    const reached = await this.#reach(config)
    try {
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier }
      const tokens = await client.authorizationCodeGrant(reached, answer, checks)
      const claims = tokens.claims()
      if (claims === undefined) throw declined(name, 'it says nothing of who somebody is')
      const said = identityOf(config, claims)
      if (said.isComplete || reached.serverMetadata().userinfo_endpoint === undefined) return said.identity
      // Many providers tell more there than in what they sign.
      const more = await client.fetchUserInfo(reached, tokens.access_token, claims.sub)
      return identityOf(config, { ...more, ...claims }).identity
    } catch (cause) {
      if (isOrchestraError(cause)) throw cause
      throw refusalOf(name, cause)
    }
  }

  /** @throws OrchestraError ORC_PROVIDER_UNKNOWN, ORC_PROVIDER_FAILED */
  async reach(name: string): Promise<void> {
    await this.#reach(this.#named(name))
  }

  /** Waits for nobody any more. */
  close(): void {
    this.#closing.abort()
  }

  /** @throws OrchestraError ORC_PROVIDER_UNKNOWN */
  #named(name: string): OidcConfig {
    const config = this.#configs.get(name)
    if (config !== undefined) return config
    throw new OrchestraError('ORC_PROVIDER_UNKNOWN', `There is no provider of identities ${name}`, {
      hint: 'The configuration names them: `http.oidc`',
    })
  }

  /** One that cannot be asked is asked again by the next who wants to come in. */
  async #reach(config: OidcConfig): Promise<client.Configuration> {
    const { name } = config
    const known = this.#known.get(name)
    if (known !== undefined && known.until > Date.now()) return known.asked
    const asked = this.#discover(config)
    this.#known.set(name, { asked, until: Date.now() + KNOWN_FOR })
    asked.catch(() => this.#known.delete(name))
    return asked
  }

  async #discover(config: OidcConfig): Promise<client.Configuration> {
    const { name, issuer, clientId, clientSecret } = config
    const secret = clientSecret === null ? undefined : await this.#read(name, clientSecret)
    const url = new URL(issuer)
    try {
      return await client.discovery(url, clientId, undefined, authenticationBy(secret), {
        timeout: PATIENCE,
        [client.customFetch]: (address, options) => this.#fetch(address, options),
        // What it says of somebody is to be signed by it, whoever handed it over.
        execute: [
          client.enableNonRepudiationChecks,
          ...(url.protocol === 'http:' ? [client.allowInsecureRequests] : []),
        ],
      })
    } catch (cause) {
      throw failed(name, cause)
    }
  }

  #fetch(address: string, { signal, ...options }: client.CustomFetchOptions): Promise<Response> {
    const signals = [this.#closing.signal, ...(signal === undefined ? [] : [signal])]
    return fetch(address, { ...(options as RequestInit), signal: AbortSignal.any(signals) })
  }

  async #read(name: string, place: SecretPlace): Promise<string> {
    const found =
      'env' in place
        ? (this.#environment[place.env] ?? '')
        : await readFile(place.file, 'utf8').catch((cause: unknown) => {
            throw failed(name, cause, `its secret cannot be read: ${messageOf(cause)}`)
          })
    if (found.trim() !== '') return found.trim()
    const where = 'env' in place ? `the variable ${place.env}` : place.file
    throw failed(name, undefined, `${where}, where its secret should be, is empty`)
  }
}

/** A provider that does not say which ways it takes takes the header. */
function authenticationBy(secret: string | undefined): client.ClientAuth {
  if (secret === undefined) return client.None()
  const [byHeader, byBody] = [client.ClientSecretBasic(secret), client.ClientSecretPost(secret)]
  return (server, metadata, body, headers) => {
    const takes = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const way = takes.includes('client_secret_basic') ? byHeader : byBody
    return way(server, metadata, body, headers)
  }
}

/** Whether it declined, or said what cannot be believed, or could not be asked. */
function refusalOf(name: string, cause: unknown): OrchestraError {
  if (cause instanceof client.AuthorizationResponseError)
    return declined(name, `it says ${said(cause.error)}`)
  if (cause instanceof client.ResponseBodyError) return declined(name, `it says ${said(cause.error)}`)
  const code = cause instanceof client.ClientError ? cause.code : undefined
  const why = code === undefined ? undefined : reasons[code]
  return why === undefined ? failed(name, cause) : declined(name, why)
}

/** Codes of OAuth are words; anything else was made up by whoever wrote the address. */
function said(code: string): string {
  return /^[a-z_]{1,60}$/.test(code) ? code : 'what is no code of OAuth'
}

const reasons: Readonly<Record<string, string>> = {
  OAUTH_JWT_CLAIM_COMPARISON_FAILED:
    'what it says is of another issuer, for another client, or of another login',
  OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED: 'what it says is of somebody else',
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED: 'what it says has expired, or is not valid yet: compare the clocks',
  OAUTH_INVALID_RESPONSE: 'what it says is not signed by it, or of another issuer or login',
  OAUTH_KEY_SELECTION_FAILED: 'what it says is signed by a key that it does not show',
  OAUTH_UNSUPPORTED_OPERATION: 'what it says is signed in a way that is not taken',
  OAUTH_PARSE_ERROR: 'what it says cannot be read',
}
