import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isOrchestraError, OrchestraError } from '../errors.ts'
import { assertHost, assertOrigin, assertOwnPage, guardHeaders } from './guard.ts'
import { counted, type Limit, stranger } from './limits.ts'
import type { Approach, Authenticate, Principal } from './principal.ts'
import type { Site } from './site.ts'
import { statusOf } from './status-of.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Nobody is asked who he is; `uncounted` for whoever watches the process. */
    anonymous?: true | 'uncounted'
    /** A browser is led there, and shows what is wrong to whoever sits before it. */
    leads?: true
  }
}

interface Receiving {
  authenticate: Authenticate
  hosts: ReadonlySet<string> | 'any'
  site: Site
  limit: Limit
}

/** Who made a request. */
export interface Received {
  /** @throws OrchestraError ORC_HTTP_ANONYMOUS */
  whoAsks: (request: FastifyRequest) => Principal
  known: (request: FastifyRequest) => Principal | undefined
}

/** Finds out who comes before anything else is done; answers who it was. */
export function receive(app: FastifyInstance, receiving: Receiving): Received {
  const { hosts, site, limit } = receiving
  const known = new WeakMap<FastifyRequest, Principal>()
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...guardHeaders, 'request-id': request.id })
    if (hosts !== 'any') assertHost(request.headers, hosts)
    assertOrigin(request.method, request.headers, site)
    const { anonymous } = request.routeOptions.config
    if (anonymous === 'uncounted') return
    if (anonymous === true) return limit(request, reply, stranger(request))
    const principal = await whoComes(request, reply, receiving)
    assertOwnPage(principal, request.method, request.headers)
    const key = counted(principal)
    if (key !== undefined) await limit(request, reply, key)
    known.set(request, principal)
  })
  const whoAsks = (request: FastifyRequest) => {
    const principal = known.get(request)
    if (principal === undefined) throw nobody()
    return principal
  }
  return { whoAsks, known: (request) => known.get(request) }
}

/** Whoever is not known is counted by his address. */
async function whoComes(
  request: FastifyRequest,
  reply: FastifyReply,
  { authenticate, limit }: Receiving,
): Promise<Principal> {
  try {
    const principal = await authenticate(approachOf(request))
    if (principal !== undefined) return principal
    reply.header('www-authenticate', 'Bearer realm="orchestra"')
    throw nobody()
  } catch (error) {
    if (isOrchestraError(error) && statusOf[error.code] === 401)
      await limit(request, reply, stranger(request))
    throw error
  }
}

/** What is known of a request before anything of it is done. */
export function approachOf({ headers, ip: address, id: requestId, socket, raw }: FastifyRequest): Approach {
  return { headers, address, requestId, raw, peer: socket.remoteAddress ?? address }
}

function nobody(): OrchestraError {
  return new OrchestraError('ORC_HTTP_ANONYMOUS', 'Nobody is known who asks', {
    hint: 'Log in, or send Authorization: Bearer TOKEN',
  })
}
