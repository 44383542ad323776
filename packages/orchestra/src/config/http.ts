import ipaddr from 'ipaddr.js'
import { checkOptions, type NamesOf } from '../options.ts'
import { checkPositive, invalid } from './check.ts'
import { checkOidc, type OidcConfig, type OidcOptions } from './oidc.ts'

/** How people reach the API. */
export interface HttpOptions {
  /** Where browsers find it, where that is not the address that it listens at: `https://orchestra.example.org`, in front of which TLS ends. */
  url?: string
  /** Networks of the proxies in front of it: what they say of where a request comes from is believed. `['127.0.0.1']` */
  proxies?: readonly string[]
  /** Providers of identities by which people log in, beside names and passwords. */
  oidc?: readonly OidcOptions[]
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
  readonly requests: number
  readonly streams: number
}

export const httpNames: NamesOf<HttpOptions> = {
  url: true,
  proxies: true,
  oidc: true,
  requests: true,
  streams: true,
}

export function checkHttp(options: HttpOptions = {}): HttpConfig {
  checkOptions('the configuration: `http`', options, httpNames)
  const { url, proxies = [], oidc = [], requests = 1_200, streams = 5 } = options
  return Object.freeze({
    url: url === undefined ? null : checkUrl(url),
    proxies: Object.freeze(checkNetworks('http.proxies', proxies)),
    oidc: Object.freeze(checkOidc(oidc)),
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

/** Somebody who names all networks believes what anybody says. */
export function checkNetworks(where: string, networks: unknown): string[] {
  if (!Array.isArray(networks))
    throw invalid(`\`${where}\` is not a list`, "Write networks: ['127.0.0.1', '10.0.0.0/8']")
  for (const network of networks) {
    const range = typeof network === 'string' ? rangeOf(network) : undefined
    if (range === undefined)
      throw invalid(
        `\`${where}\`: ${JSON.stringify(network)} is no network`,
        'Write an address or a range of them: 127.0.0.1, 10.0.0.0/8, fd00::/8',
      )
    if (range.bits === 0)
      throw invalid(`\`${where}\`: ${network} is everybody`, 'Name the proxies alone: their addresses')
  }
  return [...networks]
}

function rangeOf(text: string): { bits: number } | undefined {
  const [address = '', bits, ...more] = text.split('/')
  const whole = ipaddr.IPv4.isValidFourPartDecimal(address) ? 32 : ipaddr.IPv6.isValid(address) ? 128 : 0
  if (whole === 0 || more.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined
  const count = bits === undefined ? whole : Number(bits)
  return count > whole ? undefined : { bits: count }
}
