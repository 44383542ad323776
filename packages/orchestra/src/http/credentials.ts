import type { IncomingHttpHeaders } from 'node:http'
import { authenticateSession, authenticateToken } from '../access/index.ts'
import type { Queryable } from '../store/index.ts'
import type { Authenticate } from './principal.ts'
import { sessionCookie } from './session-cookie.ts'
import type { Site } from './site.ts'

/** Whoever gives a token that the store knows, from where it may be used; else whose session it is. */
export function byCredentials(db: Queryable, site: Site): Authenticate {
  return async ({ headers, address, again = false }) => {
    if (headers.authorization !== undefined) {
      const token = bearerOf(headers)
      return token === undefined ? undefined : { acting: await authenticateToken(db, { token, address }) }
    }
    const secret = sessionCookie.read(headers, site)
    if (secret === undefined) return undefined
    return { acting: await authenticateSession(db, { secret, notes: !again }), byCookie: true }
  }
}

/** The token that a request brings. */
export function bearerOf({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
}
