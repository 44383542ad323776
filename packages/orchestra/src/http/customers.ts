import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import { type Claim, readChanges, readToken } from '../customers/index.ts'
import { OrchestraError } from '../errors.ts'
import { Bell, type Store } from '../store/index.ts'
import { bearerOf } from './credentials.ts'
import type { StreamEvent } from './endpoint.ts'
import { toJson } from './json.ts'
import { type Limit, stranger } from './limits.ts'
import { sendEvents } from './stream.ts'

const CHANGES = '/embed/v1/changes'
const ELEMENT = '/embed/v1/orchestra-changes.js'

interface CustomerOptions {
  store: Store
  config: Config
  limit: Limit
  /** The store for streams. */
  streaming: Store
  closing: AbortSignal
  problemOf: (error: unknown, request: FastifyRequest) => object
}

/** Streams that one customer may have. */
const MOST_STREAMS = 5

/** They come by a token of their own, and by nothing else. */
const byOwnToken = { anonymous: 'uncounted' } as const

export function addCustomers(app: FastifyInstance, options: CustomerOptions): void {
  const { store, config, closing, problemOf } = options
  const element = readFileSync(new URL('orchestra-changes.browser.js', import.meta.url))
  app.get(ELEMENT, { config: byOwnToken }, async (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(element),
  )
  const streams = new Map<string, number>()
  app.get(CHANGES, { config: byOwnToken }, async (request, reply) => {
    const claim = await claimOf(request, reply, options)
    if (!request.headers.accept?.includes('text/event-stream'))
      return reply
        .type('application/json; charset=utf-8')
        .send(toJson(await readChanges({ store, config }, claim)))
    const end = counted(streams, claim.subject)
    reply.raw.once('close', end)
    const leaving = new AbortController()
    reply.raw.once('close', () => leaving.abort())
    const signal = AbortSignal.any([leaving.signal, closing, AbortSignal.timeout(claim.expires - Date.now())])
    return sendEvents(reply, follow(options, claim, signal), {
      signal,
      problemOf: (error) => problemOf(error, request),
    })
  })
}

/**
 * Customers are counted each for himself, wherever they come from: in front of them may be one proxy for all. Whoever has no token is
 * counted by his address.
 */
async function claimOf(
  request: FastifyRequest,
  reply: FastifyReply,
  { store, limit }: CustomerOptions,
): Promise<Claim> {
  const claim = await readToken(store, bearerOf(request.headers) ?? '').catch(async (error) => {
    await limit(request, reply, stranger(request))
    throw error
  })
  await limit(request, reply, `customer:${claim.subject}`)
  return claim
}

/** @throws OrchestraError ORC_CUSTOMER_STREAMS */
function counted(streams: Map<string, number>, subject: string): () => void {
  const before = streams.get(subject) ?? 0
  if (before >= MOST_STREAMS)
    throw new OrchestraError(
      'ORC_CUSTOMER_STREAMS',
      `There are ${MOST_STREAMS} streams for this customer already`,
      {
        hint: 'Close one, or ask without a stream',
      },
    )
  streams.set(subject, before + 1)
  return () => {
    const now = (streams.get(subject) ?? 1) - 1
    if (now === 0) streams.delete(subject)
    else streams.set(subject, now)
  }
}

const CHANNELS = ['orchestra_settled', 'orchestra_wake']
/** Milliseconds between two looks: at least, because changes come in crowds, and at most, because time passes. */
const SHORTEST = 1_000
const LONGEST = 15_000

/** All changes whenever one is another, until the token expires or nobody listens. */
async function* follow(
  { store, streaming, config }: CustomerOptions,
  claim: Claim,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const bell = new Bell(streaming, CHANNELS, LONGEST)
  const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  let told = ''
  try {
    while (!signal.aborted) {
      const rung = bell.wait()
      const changes = await readChanges({ store, config }, claim)
      const text = toJson(changes)
      if (text !== told) yield { id: '', event: 'changes', data: changes }
      told = text
      await Promise.race([Promise.all([rung, sleep(SHORTEST, undefined, { ref: false })]), ended])
    }
  } finally {
    await bell.close()
  }
}
