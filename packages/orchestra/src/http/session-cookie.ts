import type { IncomingHttpHeaders } from 'node:http'
import { parseCookie, type SetCookie, stringifySetCookie } from 'cookie'
import type { FastifyReply } from 'fastify'
import type { Site } from './site.ts'

/** Seconds after which a session has ended in any case. */
const LONGEST = 7 * 24 * 3_600

/** A browser takes a name with this prefix from this very host alone, by TLS, so that no neighbour can put one there. */
const nameOf = ({ secure }: Site) => (secure ? '__Host-orchestra' : 'orchestra')

/** The secret that a browser has of its session. */
export function sessionSecret({ cookie }: IncomingHttpHeaders, site: Site): string | undefined {
  return cookie === undefined ? undefined : parseCookie(cookie)[nameOf(site)]
}

/** Gives a browser the secret of its session, for no script to read and for no page elsewhere to use. */
export function giveSession(reply: FastifyReply, site: Site, secret: string): void {
  setCookie(reply, { ...kept(site), value: secret, maxAge: LONGEST })
}

export function takeSession(reply: FastifyReply, site: Site): void {
  setCookie(reply, { ...kept(site), value: '', maxAge: 0 })
}

function setCookie(reply: FastifyReply, cookie: SetCookie): void {
  reply.header('set-cookie', stringifySetCookie(cookie))
}

function kept(site: Site) {
  const { secure } = site
  return { name: nameOf(site), path: '/', httpOnly: true, sameSite: 'lax', secure } as const
}
