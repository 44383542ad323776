import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  beginOnce,
  endOnce,
  forgetOnce,
  type KeptAnswer,
  keepAlive,
  keyOf,
  loseOnce,
  type Once,
} from '../requests/index.ts'
import type { Store } from '../store/index.ts'
import { type Endpoint, nameOf } from './endpoint.ts'
import type { Principal } from './principal.ts'
import { RequestFault } from './problem.ts'

/** Headers that belong to an answer, whoever gets it when. */
const KEPT = ['content-type', 'location', 'etag', 'cache-control', 'retry-after']

interface Working {
  once: Once
  tellsSecret: boolean
  stop: () => void
}

/** Does what is asked for under a key once, and answers the same whenever it is asked for again. */
export class OnceOnly {
  readonly #store: Store
  readonly #onError: (error: unknown, requestId: string) => void
  readonly #working = new WeakMap<FastifyRequest, Working>()

  constructor(store: Store, onError: (error: unknown, requestId: string) => void) {
    this.#store = store
    this.#onError = onError
  }

  /** What was answered before, sent again; undefined for what is to be done now. */
  async before(
    endpoint: Endpoint,
    { acting }: Principal,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply | undefined> {
    const key = endpoint.kind === 'act' ? keyIn(request.headers['idempotency-key']) : undefined
    if (key === undefined) return undefined
    const { url, body, headers, id } = request
    const once: Once = {
      askerKey: keyOf(acting),
      route: nameOf(endpoint),
      key,
      asked: JSON.stringify([url, body ?? null, headers['if-match'] ?? null]),
      secret: endpoint.verb.secret === true,
    }
    const answer = await beginOnce(this.#store, once)
    if (answer !== undefined) return replay(reply, answer)
    const stop = keepAlive(this.#store, once, (error) => this.#onError(error, id))
    this.#working.set(request, { once, stop, tellsSecret: endpoint.tellsSecret })
    return undefined
  }

  /** Keeps what is being sent. Whoever asked is answered also where that fails. */
  async sent(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<void> {
    const working = this.#working.get(request)
    if (working === undefined) return
    this.#working.delete(request)
    working.stop()
    await this.#keep(working, reply, payload).catch((error: unknown) => this.#onError(error, request.id))
  }

  async #keep({ once, tellsSecret }: Working, reply: FastifyReply, payload: unknown): Promise<void> {
    const { statusCode: status } = reply
    // What nobody expected may have happened before or after it was done.
    if (status === 500) return loseOnce(this.#store, once)
    if (status >= 400) return forgetOnce(this.#store, once)
    const answer = { status, headers: headersOf(reply), body: String(payload ?? '') }
    await endOnce(this.#store, once, tellsSecret ? null : answer)
  }
}

function keyIn(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const key = String(header).replace(/^"(.*)"$/, '$1')
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key
  throw new RequestFault([
    {
      pointer: '/header/Idempotency-Key',
      detail: 'is not 1 to 255 characters without spaces, such as a UUID',
    },
  ])
}

function replay(reply: FastifyReply, { status, headers, body }: KeptAnswer): FastifyReply {
  return reply.code(status).headers(headers).header('idempotency-replayed', 'true').send(body)
}

function headersOf(reply: FastifyReply): Record<string, string> {
  const set = KEPT.flatMap((name) => {
    const value = reply.getHeader(name)
    return value === undefined ? [] : [[name, String(value)]]
  })
  return Object.fromEntries(set)
}
