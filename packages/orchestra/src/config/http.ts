import { checkOptions, type NamesOf } from '../options.ts'
import { checkPositive, invalid } from './check.ts'
import { checkNetworks } from './networks.ts'
import { checkOidc, type OidcConfig, type OidcOptions } from './oidc.ts'
import { checkProxyUser, type ProxyUserConfig, type ProxyUserOptions, proxyUserNames } from './proxy-user.ts'

/** How people reach the API. */
export interface HttpOptions {
  /** Where browsers find it, where that is not the address that it listens at: `https://orchestra.example.org`, in front of which TLS ends. */
  url?: string
  /** Networks of the proxies in front of it: what they say of where a request comes from is believed. `['127.0.0.1']` */
  proxies?: readonly string[]
  /** Providers of identities by which people log in, beside names and passwords. */
  oidc?: readonly OidcOptions[]
  /** A proxy that says who somebody is; default none. */
  proxyUser?: ProxyUserOptions
  /** Requests that one user or token may make in a minute; default 1,200. */
  requests?: number
  /** Streams that one user or token may have open at once; default 5. */
  streams?: number
}

/** The same, checked. */
export interface HttpConfig {
  readonly url: string | null
  readonly proxies: readonly string[]
  readonly oidc: readonly OidcConfig[]
  readonly proxyUser: ProxyUserConfig | null
  readonly requests: number
  readonly streams: number
}

export const httpNames: NamesOf<HttpOptions> = {
  url: true,
  proxies: true,
  oidc: true,
  proxyUser: proxyUserNames,
  requests: true,
  streams: true,
}

export function checkHttp(options: HttpOptions = {}): HttpConfig {
  checkOptions('the configuration: `http`', options, httpNames)
  const { url, proxies = [], oidc = [], proxyUser, requests = 1_200, streams = 5 } = options
  return Object.freeze({
    url: url === undefined ? null : checkUrl(url),
    proxies: Object.freeze(checkNetworks('http.proxies', proxies)),
    oidc: Object.freeze(checkOidc(oidc)),
    proxyUser: proxyUser === undefined ? null : checkProxyUser(proxyUser),
    requests: checkPositive('http.requests', requests),
    streams: checkPositive('http.streams', streams),
  })
}

/** An origin alone: what is below it is of the API. */
function checkUrl(text: unknown): string {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url !== undefined && `${url.origin}/` === url.href && /^https?:$/.test(url.protocol)
  if (isPlain) return url.origin
  throw invalid(
    `\`http.url\` is ${JSON.stringify(text)}`,
    'Write scheme and host alone: https://orchestra.example.org',
  )
}
