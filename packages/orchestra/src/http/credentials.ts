import type { IncomingHttpHeaders } from 'node:http'
import { authenticateProxied, authenticateSession, authenticateToken } from '../access/index.ts'
import type { HttpConfig } from '../config/http.ts'
import type { Store } from '../store/index.ts'
import type { Authenticate } from './principal.ts'
import { proxyUserOf } from './proxy-user.ts'
import { sessionCookie } from './session-cookie.ts'
import { siteOf } from './site.ts'

/** Whoever gives a token that the store knows, from where it may be used; else whom a proxy names; else whose session it is. */
export function byCredentials(store: Store, http: Pick<HttpConfig, 'url' | 'proxyUser'>): Authenticate {
  const site = siteOf(http)
  return async (approach) => {
    const { headers, address, again = false } = approach
    if (headers.authorization !== undefined) {
      const token = bearerOf(headers)
      return token === undefined ? undefined : { acting: await authenticateToken(store, { token, address }) }
    }
    const named = http.proxyUser === null ? undefined : proxyUserOf(approach, http.proxyUser)
    if (named !== undefined) return { acting: await authenticateProxied(store, named), byProxy: true }
    const secret = sessionCookie.read(headers, site)
    if (secret === undefined) return undefined
    return { acting: await authenticateSession(store, { secret, notes: !again }), byCookie: true }
  }
}

/** The token that a request brings. */
export function bearerOf({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
}
