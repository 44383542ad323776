import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Config } from '../config/config.ts'
import { OrchestraError } from '../errors.ts'
import { checkOptions, type NamesOf } from '../options.ts'
import type { Store } from '../store/index.ts'
import { createApp } from './app.ts'
import { type Authorize, byApplication } from './authorize.ts'
import { handedOver, handOver, payloadOf } from './handover.ts'
import { warn } from './offer.ts'

export interface ConsoleOptions<Request = IncomingMessage> {
  /**
   * Says who makes a request, and what he may; whoever it does not name is not let in. It is given the request of the framework:
   * Express', Fastify's, or Hono's context. What it throws, and an answer that takes too long, let nobody in.
   */
  authorize: Authorize<Request>
  /** What stands before all paths, where the framework does not cut it off: `/orchestra`. Express and Fastify do. */
  base?: string
  /** Milliseconds that `authorize` may take; default 10 seconds. */
  patience?: number
  /** Told of what nobody expected, and of what `authorize` threw; default a warning of the process. */
  onError?: (error: unknown, requestId: string) => void
}

const consoleNames: NamesOf<ConsoleOptions> = { authorize: true, base: true, patience: true, onError: true }

/** The API inside of an application: a handler for Node's requests, which is Express' too, and one for each other framework. */
export interface Console {
  (request: NodeRequest, response: ServerResponse, next?: (error?: unknown) => void): void
  /** A plugin for Fastify: `app.register(console.fastify, { prefix: '/orchestra' })`. */
  fastify(app: FastifyScope): Promise<void>
  /** A handler for Hono on Node: `app.all('/orchestra/*', console.hono)`, with `base`. */
  hono(context: HonoContext): Promise<Response>
  /** Ends all streams, and answers nothing any more. `orchestra.close()` does the same. */
  close(): Promise<void>
}

/** Node's request, with what Express leaves on it. */
type NodeRequest = IncomingMessage & { baseUrl?: string; originalUrl?: string; body?: unknown }

/** What is needed of an instance of Fastify, of whichever release. */
export interface FastifyScope {
  prefix: string
  removeAllContentTypeParsers(): void
  addContentTypeParser: unknown
  all(path: string, handler: (request: FastifyRequest, reply: FastifyReply) => void): unknown
}

/** Its overloads differ from release to release. */
type AddParser = (
  type: string,
  parser: (request: unknown, payload: unknown, done: (error: null) => void) => void,
) => unknown

interface FastifyRequest {
  raw: IncomingMessage
}

interface FastifyReply {
  raw: ServerResponse
  hijack(): unknown
}

/** What is needed of Hono's context. */
export interface HonoContext {
  env: unknown
  req: { arrayBuffer(): Promise<ArrayBuffer> }
}

/** Milliseconds. */
const USUAL_PATIENCE = 10_000

/** @throws OrchestraError ORC_AUTHORIZE_MISSING, ORC_OPTION_UNKNOWN */
export async function createConsole<Request>(
  { store, config }: { store: Store; config: Config },
  options: ConsoleOptions<Request>,
): Promise<Console> {
  if (options != null) checkOptions('orchestra.console()', options, consoleNames)
  // Types forbid it, and plain JavaScript has none.
  if (typeof options?.authorize !== 'function') throw unguarded()
  const { authorize, base = '', patience = USUAL_PATIENCE, onError = warn } = options
  const app = createApp({
    store,
    config,
    load: async () => ({ config, path: '' }),
    environment: process.env,
    holds: store.keyring.hasKey ? 'key' : 'store',
    // The application decides by which names it goes.
    hosts: 'any',
    authenticate: byApplication({ db: store, authorize, patience, onError }),
    onError,
  })
  app.addHook('preParsing', async ({ raw }, _reply, payload) => payloadOf(raw, payload))
  app.addHook('onSend', async ({ raw }, reply) => {
    const location = reply.getHeader('location')
    if (typeof location === 'string') reply.header('location', `${handedOver(raw)?.base ?? ''}${location}`)
  })
  await app.ready()
  const route = (request: IncomingMessage, response: ServerResponse) => app.routing(request, response)
  return Object.assign(nodeHandler(route, base), {
    fastify: fastifyPlugin(route),
    hono: honoHandler(route, base),
    close: () => app.close(),
  })
}

type Route = (request: IncomingMessage, response: ServerResponse) => void

function nodeHandler(route: Route, base: string) {
  return (request: NodeRequest, response: ServerResponse, next?: (error?: unknown) => void): void => {
    const url = cutOff(request.url ?? '/', base)
    if (url === undefined) {
      if (next === undefined) notHere(response)
      else next()
      return
    }
    const { body, baseUrl = '' } = request
    const whole = `${baseUrl}${base}`
    handOver(request, { base: whole, endsOpen: endsOpen(request, whole), asked: request, body })
    request.url = url
    route(request, response)
  }
}

/** Whether nothing follows the base in the address that was asked for: Express has made a slash of that. */
function endsOpen({ originalUrl, url = '/' }: NodeRequest, base: string): boolean {
  const [path = '/'] = (originalUrl ?? url).split('?')
  return base !== '' && path === base
}

/** What follows the base; undefined for what is not below it. */
function cutOff(url: string, base: string): string | undefined {
  const rest = url.startsWith(base) ? url.slice(base.length) : undefined
  if (rest === undefined || rest.startsWith('/')) return rest
  return rest === '' || rest.startsWith('?') ? `/${rest}` : undefined
}

function notHere(response: ServerResponse): void {
  response.writeHead(404).end()
}

/** The body is left to the API, whatever the application does with those of its own routes. */
function fastifyPlugin(route: Route) {
  return async (app: FastifyScope): Promise<void> => {
    app.removeAllContentTypeParsers()
    const add = app.addContentTypeParser as AddParser
    add.call(app, '*', (_request, _payload, done) => done(null))
    const parts = app.prefix.split('/').length - 1
    const handle = (request: FastifyRequest, reply: FastifyReply): void => {
      const { raw } = request
      const { base, rest } = splitPath(raw.url ?? '/', parts)
      handOver(raw, { base, endsOpen: endsOpen(raw, base), asked: request })
      raw.url = rest
      reply.hijack()
      route(raw, reply.raw)
    }
    app.all('/', handle)
    app.all('/*', handle)
  }
}

/** A prefix may have parameters: it is so many parts of the path, whatever they are. */
function splitPath(url: string, parts: number): { base: string; rest: string } {
  const [path = '', ...query] = url.split(/(?=\?)/)
  const all = path.split('/')
  const rest = `/${all.slice(parts + 1).join('/')}`
  return { base: all.slice(0, parts + 1).join('/'), rest: `${rest}${query.join('')}` }
}

/** By Node's own request and response, which the server of Hono for Node has below it. */
function honoHandler(route: Route, base: string) {
  return async (context: HonoContext): Promise<Response> => {
    const { incoming, outgoing } = (context.env ?? {}) as {
      incoming?: IncomingMessage
      outgoing?: ServerResponse
    }
    if (incoming === undefined || outgoing === undefined) throw notOnNode()
    const url = cutOff(incoming.url ?? '/', base)
    if (url === undefined) return new Response(null, { status: 404 })
    const body = incoming.readableDidRead ? Buffer.from(await context.req.arrayBuffer()) : undefined
    handOver(incoming, { base, endsOpen: endsOpen(incoming, base), asked: context, body })
    incoming.url = url
    route(incoming, outgoing)
    return alreadySent()
  }
}

/** What Hono takes for an answer that is not its own to send. */
function alreadySent(): Response {
  const response = new Response(null, { headers: { 'x-hono-already-sent': 'true' } })
  // Its server has a quicker kind of response, which it sends unseen until somebody has looked into it.
  void response.body
  return response
}

function unguarded(): OrchestraError {
  return new OrchestraError('ORC_AUTHORIZE_MISSING', 'orchestra.console() was not told who may use it', {
    hint: 'Give { authorize: (request) => ... }, which answers { name, role } for whoever may, and null for all others',
  })
}

function notOnNode(): OrchestraError {
  return new OrchestraError('ORC_USAGE', 'orchestra.console() works in Hono on Node alone', {
    hint: 'Serve the application by @hono/node-server',
  })
}
