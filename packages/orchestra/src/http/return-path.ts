import { z } from 'zod'

const NOWHERE = 'http://orchestra.invalid'

/** Where a browser goes on after the login: a path of this server, whatever browsers make of slashes and backslashes. */
export const returnField = z.string().max(2_000).refine(isOwnPath, 'is no path of this server').default('/')

function isOwnPath(text: string): boolean {
  if (!/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(text) || !URL.canParse(text, NOWHERE)) return false
  const { origin, pathname } = new URL(text, NOWHERE)
  return origin === NOWHERE && !pathname.startsWith('//')
}
