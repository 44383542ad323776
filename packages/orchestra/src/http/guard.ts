import type { IncomingHttpHeaders } from 'node:http'
import { OrchestraError } from '../errors.ts'
import { isLoopback } from './address.ts'
import type { Principal } from './principal.ts'
import type { Site } from './site.ts'

/** Methods that change nothing. */
const safe: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * A page whose name was made to lead to this machine after it was loaded asks under its own name: only names that this server goes by
 * are answered.
 * @throws OrchestraError ORC_HTTP_HOST
 */
export function assertHost({ host }: IncomingHttpHeaders, names: ReadonlySet<string>): void {
  const name = hostName(host ?? '')
  if (name !== undefined && (isLoopback(name) || names.has(name))) return
  throw new OrchestraError('ORC_HTTP_HOST', 'This server does not go by the host that the request names', {
    hint: 'Ask for it by the address that it listens at',
  })
}

/** The name in `web1:4480` or `[::1]:4480`, in small letters; undefined where none can be read. */
function hostName(host: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/?#@\s]+))(?::\d{1,5})?$/i.exec(host) ?? []
  return (bracketed ?? plain)?.toLowerCase()
}

/**
 * Browsers say which page asks. What changes something is not done for a page of another origin; programs say nothing of it.
 * @throws OrchestraError ORC_HTTP_ORIGIN
 */
export function assertOrigin(method: string, headers: IncomingHttpHeaders, site: Site): void {
  if (safe.has(method)) return
  const said = headers['sec-fetch-site']
  const isOwn = said === undefined || said === 'same-origin' || said === 'none'
  if (isOwn && isSameOrigin(headers, site)) return
  throw new OrchestraError('ORC_HTTP_ORIGIN', 'A page of another origin asked for it, so nothing was done', {
    hint: 'Ask from a page of this server, or from a program',
  })
}

/**
 * A cookie, and what a proxy in front says, go along with whatever has the browser ask. So what changes something says that a page of
 * this server asks, which no page elsewhere can say.
 * @throws OrchestraError ORC_HTTP_ORIGIN
 */
export function assertOwnPage(
  { byCookie, byProxy }: Pick<Principal, 'byCookie' | 'byProxy'>,
  method: string,
  headers: IncomingHttpHeaders,
): void {
  if (byCookie !== true && byProxy !== true) return
  if (safe.has(method) || headers['sec-fetch-site'] === 'same-origin') return
  if (headers['sec-fetch-site'] === undefined && headers.origin !== undefined) return
  throw new OrchestraError('ORC_HTTP_ORIGIN', 'Nothing says that a page of this server asked for it', {
    hint: 'Send Origin with the address of this server beside the cookie, or use a token',
  })
}

/** Where TLS ends in front of this server, a page that came without it is another origin. */
function isSameOrigin({ origin, host }: IncomingHttpHeaders, { origin: own }: Site): boolean {
  if (origin === undefined) return true
  if (!URL.canParse(origin) || new URL(origin).host !== host?.toLowerCase()) return false
  return own === undefined || new URL(own).host !== new URL(origin).host || own === origin
}

/** What browsers may do with an answer: nothing but show it. */
export const guardHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'private, no-cache',
}
