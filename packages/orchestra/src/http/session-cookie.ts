import type { IncomingHttpHeaders } from 'node:http'
import { parseCookie, stringifySetCookie } from 'cookie'
import type { FastifyReply } from 'fastify'
import type { Site } from './site.ts'

/** A secret that a browser keeps, for no script to read and for no page elsewhere to use. */
export interface KeptSecret {
  read(headers: IncomingHttpHeaders, site: Site): string | undefined
  give(reply: FastifyReply, site: Site, secret: string): void
  take(reply: FastifyReply, site: Site): void
}

/** Of its session. */
export const sessionCookie = keptSecret('orchestra', 7 * 24 * 3_600)

/** Of a login that it began at a provider of identities. */
export const begunCookie = keptSecret('orchestra-login', 600)

/** @param longest seconds after which it is good for nothing in any case */
function keptSecret(plain: string, longest: number): KeptSecret {
  // A browser takes a name with this prefix from this very host alone, by TLS, so that no neighbour can put one there.
  const nameOf = ({ secure }: Site) => (secure ? `__Host-${plain}` : plain)
  const set = (reply: FastifyReply, site: Site, value: string, maxAge: number) => {
    const kept = { path: '/', httpOnly: true, sameSite: 'lax', secure: site.secure } as const
    reply.header('set-cookie', stringifySetCookie({ name: nameOf(site), value, maxAge, ...kept }))
  }
  return {
    read: ({ cookie }, site) => (cookie === undefined ? undefined : parseCookie(cookie)[nameOf(site)]),
    give: (reply, site, secret) => set(reply, site, secret, longest),
    take: (reply, site) => set(reply, site, '', 0),
  }
}
