import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Limited, siteOfAddress } from '../access/index.ts'
import type { Principal } from './principal.ts'

const MINUTE = 60_000
/** Requests a minute of an address from which nobody is known. */
const OF_STRANGERS = 300

/** Counts a request, and refuses it where there were too many of the same. */
export type Limit = (request: FastifyRequest, reply: FastifyReply, key: string) => Promise<void>

/** By whom requests and streams are counted; undefined where nobody is asked who he is. */
export function counted({ acting }: Principal): string | undefined {
  if (!('grants' in acting)) return undefined
  if (acting.kind === 'application') return acting.name
  return acting.kind === 'token' ? `token:${acting.by}` : `user:${acting.accountId}`
}

/** People behind one address are counted as one, for as long as nobody knows who they are. */
export function stranger({ ip }: FastifyRequest): string {
  return `address:${siteOfAddress(ip)}`
}

/** A bucket for each user, each token, and each address of strangers. */
export function limiting(app: FastifyInstance, requests: number): Limit {
  const keys = new WeakMap<FastifyRequest, string>()
  const most = (key: string) => (key.startsWith('address:') ? OF_STRANGERS : requests)
  let check: ReturnType<FastifyInstance['createRateLimit']> | undefined
  app.register(rateLimit, { global: false }).after(() => {
    check = app.createRateLimit({
      timeWindow: MINUTE,
      max: (_request, key) => most(key),
      keyGenerator: (request) => keys.get(request) ?? '',
    })
  })
  return async (request, reply, key) => {
    keys.set(request, key)
    const counts = await check?.(request)
    if (counts === undefined || counts.isAllowed) return
    const { max, remaining, ttlInSeconds, isExceeded } = counts
    reply.headers({
      'ratelimit-limit': max,
      'ratelimit-remaining': remaining,
      'ratelimit-reset': ttlInSeconds,
    })
    if (!isExceeded) return
    throw new Limited('ORC_HTTP_LIMITED', `More than ${max} requests within a minute`, {
      seconds: ttlInSeconds,
      hint: `Wait ${ttlInSeconds} seconds`,
    })
  }
}
