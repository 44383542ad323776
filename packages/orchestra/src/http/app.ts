import { randomUUID } from 'node:crypto'
import Fastify, {
  type FastifyContextConfig,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteOptions,
} from 'fastify'
import { Limited } from '../access/index.ts'
import { OrchestraError } from '../errors.ts'
import { assertMayAsk, ChangedMeanwhile } from '../operate/index.ts'
import type { Store } from '../store/index.ts'
import { answer, BASE } from './answer.ts'
import { type Answered, watchAnswers } from './answered.ts'
import { type Asker, askBy, type Surroundings } from './asking.ts'
import { addCustomers } from './customers.ts'
import type { Door, Entering } from './door.ts'
import { doors } from './doors/index.ts'
import { meDoor } from './doors/me.ts'
import type { Ask, Endpoint, Given } from './endpoint.ts'
import { endpoints } from './endpoints/index.ts'
import { readerOf } from './given.ts'
import { guardHeaders } from './guard.ts'
import { expectedVersions } from './if-match.ts'
import { toJson } from './json.ts'
import { isLeftToWorker, leaveToWorker } from './leave-to-worker.ts'
import { limiting } from './limits.ts'
import { Providers } from './oidc/providers.ts'
import { OnceOnly } from './once-only.ts'
import { OpenStreams, watchPermission } from './open-streams.ts'
import { openApi } from './openapi.ts'
import type { RequestPart } from './pointer.ts'
import { preferenceOf } from './prefer.ts'
import type { Authenticate, Principal } from './principal.ts'
import { isUnexpected, type Problem, toProblem } from './problem.ts'
import { isLooking, problemPage, problemPolicy } from './problem-page.ts'
import { approachOf, receive } from './reception.ts'
import { addScreens } from './screens.ts'
import { sharingListener } from './shared-listening.ts'
import { type Site, siteOf } from './site.ts'
import { sendEvents } from './stream.ts'

export interface AppOptions extends Surroundings {
  authenticate: Authenticate
  /** Names beside those of the loopback that the server goes by, in small letters; `any` where somebody else has looked. */
  hosts: ReadonlySet<string> | 'any'
  /** Told of what nobody expected; whoever asked is told the id of his request only. */
  onError: (error: unknown, requestId: string) => void
  /** Told of each request when it was answered. */
  onAnswered?: (answered: Answered) => void
  /** By which providers of identities people come in; else those of the configuration. */
  providers?: Providers
  /** Milliseconds in which a request has to be there as a whole. */
  patience?: number
  /** Milliseconds after which it is looked again whether a stream may go on. */
  looksAgain?: number
}

/** Bytes of a body. */
const MOST_BYTES = 1_000_000
/** Milliseconds, where nothing else is said. */
const REQUEST_PATIENCE = 30_000
const LOOKS_AGAIN = 30_000
/** Characters of one part of a path: an object's name, percent-encoded. */
const LONGEST_PART = 16_384

/** The API as a server that does not listen yet. */
export function createApp(options: AppOptions): FastifyInstance {
  const { patience = REQUEST_PATIENCE } = options
  const app = Fastify({
    bodyLimit: MOST_BYTES,
    requestTimeout: patience,
    // Node would give the head of a request a minute, and look twice a minute whose time is over.
    http: { headersTimeout: patience, connectionsCheckingInterval: Math.ceil(patience / 6) },
    // What a proxy says of where a request comes from is believed of those alone that are named.
    trustProxy: [...options.config.http.proxies],
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: LONGEST_PART },
    frameworkErrors: (error, request, reply) => void sendProblem(options, error, request, reply),
  })
  // JSON only: a form of a page elsewhere can send text.
  app.removeContentTypeParser('text/plain')
  const { http } = options.config
  const site = siteOf(http)
  const limit = limiting(app, http.requests)
  const { whoAsks, known } = receive(app, { ...options, site, limit })
  if (options.onAnswered !== undefined) watchAnswers(app, known, options.onAnswered)
  app.setErrorHandler((error, request, reply) => sendProblem(options, error, request, reply))
  app.setNotFoundHandler(async (request, reply) => sendProblem(options, nothingThere(), request, reply))
  addHealth(app, options)
  addOpenApi(app)
  // Whom the application vouches for comes in there.
  const opens = options.hosts === 'any' ? [meDoor] : doors
  const providers = options.providers ?? new Providers(http.oidc, options.environment)
  const signIn = options.hosts !== 'any'
  addScreens(app, { signIn, providers: signIn ? providers.names : [] })
  const closing = new AbortController()
  app.addHook('preClose', async () => {
    closing.abort()
    providers.close()
  })
  const streams = new OpenStreams(http.streams)
  const once = new OnceOnly(options.store, options.onError)
  const shared = { whoAsks, site, once, closing, streaming: sharingListener(options.store), streams }
  for (const endpoint of endpoints) addEndpoint(app, endpoint, options, shared)
  const { store, config } = options
  for (const door of opens) addDoor(app, door, { store, config, site, streams, providers, limit, whoAsks })
  addCustomers(app, {
    ...options,
    limit,
    streaming: shared.streaming,
    closing: closing.signal,
    problemOf: (error, request) => problemFor(options, error, request),
  })
  refuseOthers(app)
  return app
}

/** What all endpoints have in common. */
interface Shared {
  whoAsks: (request: FastifyRequest) => Principal
  /** Aborts when the server closes: streams would never end by themselves. */
  closing: AbortController
  site: Site
  once: OnceOnly
  /** The store for streams. */
  streaming: Store
  streams: OpenStreams
}

/** A browser that reads a stream again says where it was. */
function queryOf({ resumes }: Endpoint, { query, headers }: FastifyRequest): unknown {
  const last = headers['last-event-id']
  if (resumes === null || typeof last !== 'string' || last === '') return query
  return { ...(query as object), [resumes.name]: resumes.from(last) }
}

function addEndpoint(
  app: FastifyInstance,
  endpoint: Endpoint,
  options: AppOptions,
  { whoAsks, site, once, closing, streaming, streams }: Shared,
): void {
  const surroundings = { ...options, store: streaming }
  const read = readerOf(endpoint)
  app.route({
    method: endpoint.method,
    url: routeOf(endpoint.path),
    // Before a body is read: who may not do it need not be listened to.
    onRequest: async (request) => assertMayAsk(whoAsks(request).acting, endpoint.verb.name),
    onSend: async (request, reply, payload) => {
      await once.sent(request, reply, payload)
      return payload
    },
    handler: async (request, reply) => {
      const { params, body } = request
      const given = read({ params, query: queryOf(endpoint, request), body })
      const principal = whoAsks(request)
      const versions = expectedVersions(endpoint, endpoint.input(given), request.headers['if-match'])
      const answered = await once.before(endpoint, principal, request, reply)
      if (answered !== undefined) return answered
      const left = AbortSignal.any([leavingOf(reply), closing.signal])
      const askerUntil = (signal: AbortSignal): Asker => ({
        principal,
        address: request.ip,
        agrees: endpoint.agrees(given),
        versions,
        signal,
      })
      const asking = (signal: AbortSignal): Ask => {
        const asker = askerUntil(signal)
        return (verb, input) => askBy(surroundings, verb, input, asker)
      }
      if (isLeftToWorker(endpoint, options.holds, preferenceOf(request.headers.prefer)))
        return leaveToWorker({
          request,
          reply,
          endpoint,
          given,
          asker: askerUntil(left),
          surroundings,
          site,
          waiting: streaming,
        })
      const { tells } = endpoint
      const answering = { request, reply, endpoint, given, store: options.store }
      if (tells === null && !isWaiting(given)) return answer({ ...answering, ask: asking(left) })
      const stream = streams.open(principal)
      const signal = AbortSignal.any([left, stream.signal])
      if (tells === null) return answer({ ...answering, ask: asking(signal) }).finally(stream.close)
      const look = () => options.authenticate({ ...approachOf(request), again: true })
      const every = options.looksAgain ?? LOOKS_AGAIN
      const unwatch = watchPermission(principal, look, { every, end: stream.end })
      try {
        const ask = asking(signal)
        const output = await ask(endpoint.verb, endpoint.input(given))
        const problemOf = (error: unknown) => problemFor(options, error, request)
        await sendEvents(reply, tells(output, given, ask), { signal, problemOf })
      } finally {
        unwatch()
        stream.close()
      }
    },
  })
}

/** Who waits for what is not there yet holds as much as a stream does: he is counted with those. */
function isWaiting({ query }: Given): boolean {
  return typeof query.wait === 'number' && query.wait > 0
}

/** Whoever comes in or leaves is answered for himself: nobody on the way keeps that. */
function addDoor(
  app: FastifyInstance,
  door: Door,
  around: Omit<Entering, 'request' | 'reply' | 'given' | 'whoAsks'> & Pick<Shared, 'whoAsks'>,
): void {
  const read = readerOf(door)
  const { raw, status = 200 } = door
  const route: RouteOptions = {
    method: door.method,
    url: routeOf(door.path),
    ...(raw === undefined ? {} : { bodyLimit: raw.bytes }),
    config: {
      ...(door.anonymous ? { anonymous: true } : {}),
      ...(door.leads === true ? { leads: true } : {}),
    },
    handler: async (request, reply) => {
      const { params, query, body } = request
      const given = read({ params, query, body: raw === undefined ? body : {} })
      const entering = { ...around, request, reply, given, whoAsks: () => around.whoAsks(request) }
      reply.header('cache-control', 'no-store')
      const answered = await door.enter(entering)
      if (reply.sent) return reply
      return reply.code(status).type('application/json; charset=utf-8').send(toJson(answered))
    },
  }
  if (raw === undefined) app.route(route)
  else app.register(async (apart) => takeBytes(apart).route(route))
}

/** What a body is called is no concern of whoever reads its bytes. */
function takeBytes(app: FastifyInstance): FastifyInstance {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  return app
}

/** `/servers/{server}` as the router writes it. */
function routeOf(path: string): string {
  return `${BASE}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`
}

/** Aborts when whoever asked has left before the answer was sent. */
function leavingOf(reply: FastifyReply): AbortSignal {
  const leaving = new AbortController()
  reply.raw.once('close', () => leaving.abort())
  return leaving.signal
}

const HEALTH = `${BASE}/health`
const OPENAPI = `${BASE}/openapi.json`

/** For whoever watches the process: says nothing that is worth knowing to anybody else. */
function addHealth(app: FastifyInstance, { store, hosts }: AppOptions): void {
  // Inside of an application it is the application that is watched.
  const config: FastifyContextConfig = hosts === 'any' ? {} : { anonymous: 'uncounted' }
  app.get(HEALTH, { config }, async (_request, reply) => {
    const ready = await store.query('select 1').then(
      () => true,
      () => false,
    )
    return reply.code(ready ? 200 : 503).send({ live: true, ready })
  })
}

function addOpenApi(app: FastifyInstance): void {
  const document = JSON.stringify(openApi(endpoints, doors))
  app.get(OPENAPI, async (_request, reply) => reply.type('application/json; charset=utf-8').send(document))
}

const everyMethod = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** Whoever takes another method than what a path has is told which it has. */
function refuseOthers(app: FastifyInstance): void {
  const paths = new Map<string, string[]>([
    [HEALTH, ['GET']],
    [OPENAPI, ['GET']],
  ])
  for (const { method, path } of [...endpoints, ...doors])
    paths.set(routeOf(path), [...(paths.get(routeOf(path)) ?? []), method])
  for (const [url, methods] of paths) {
    const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ')
    const others = everyMethod.filter((method) => !methods.includes(method))
    const refuse = async (_request: FastifyRequest, reply: FastifyReply) => {
      reply.header('allow', allow)
      throw wrongMethod(allow)
    }
    app.route({ method: others, url, onRequest: refuse, handler: refuse })
  }
}

function problemFor({ onError }: AppOptions, error: unknown, request: FastifyRequest): Problem {
  if (isUnexpected(error)) onError(error, request.id)
  return toProblem(error, request.id, (field) => placeIn(request, field))
}

/** Where an endpoint takes a field of its verb: what is not given would be in the body, of those that have one. */
function placeIn({ method, params, query }: FastifyRequest, field: string): RequestPart {
  if (Object.hasOwn(params ?? {}, field)) return 'path'
  return method === 'GET' || Object.hasOwn(query ?? {}, field) ? 'query' : 'body'
}

async function sendProblem(
  options: AppOptions,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const problem = problemFor(options, error, request)
  if (error instanceof ChangedMeanwhile) reply.header('etag', `"${error.present}"`)
  if (error instanceof Limited) reply.header('retry-after', error.seconds)
  reply.headers({ ...guardHeaders, 'request-id': request.id }).code(problem.status)
  const { leads } = request.routeOptions.config
  if (leads === true && isLooking(request.headers.accept))
    return void (await reply
      .header('content-security-policy', problemPolicy)
      .type('text/html; charset=utf-8')
      .send(problemPage(problem)))
  await reply.type('application/problem+json; charset=utf-8').send(JSON.stringify(problem))
}

function nothingThere(): OrchestraError {
  return new OrchestraError('ORC_HTTP_UNKNOWN', 'Nothing is at this path', {
    hint: `${OPENAPI} tells what there is`,
  })
}

function wrongMethod(allow: string): OrchestraError {
  return new OrchestraError('ORC_HTTP_METHOD', 'What is at this path does not take this method', {
    hint: `It takes ${allow}`,
  })
}
