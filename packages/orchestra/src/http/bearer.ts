import { authenticateToken } from '../access/index.ts'
import type { Queryable } from '../store/index.ts'
import type { Authenticate } from './principal.ts'

/** Whoever gives a token that the store knows, from where it may be used. */
export function byToken(db: Queryable): Authenticate {
  return async ({ headers, address }) => {
    const [, token] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? []
    if (token === undefined) return undefined
    return { acting: await authenticateToken(db, { token, address }) }
  }
}
