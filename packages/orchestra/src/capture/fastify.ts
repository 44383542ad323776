import { checkOptions } from '../options.ts'
import type { Actor } from './actor.ts'
import { type RequestStream, type ResponseStream, requestNames, requestUnit, unitHeader } from './http.ts'

/** What the hook needs of Fastify's request. */
export interface FastifyRequest {
  method: string
  url: string
  raw: RequestStream
}

export interface FastifyReply {
  raw: ResponseStream
  header(name: string, value: string): unknown
}

/** What is needed of a Fastify instance. */
export interface FastifyApp<Request> {
  addHook(name: 'onRequest', hook: (request: Request, reply: FastifyReply, done: () => void) => void): unknown
}

export interface FastifyUnitOptions<Request> {
  /** Who makes the request; asked when something is written, so authentication may come later. */
  actor?: (request: Request) => Actor
}

/**
 * Makes everything one request changes one unit of work, and names it in the header `Orchestra-Unit`. Call it on the
 * instance whose routes it is for, before they are added.
 */
export function fastifyUnits<Request extends FastifyRequest>(
  app: FastifyApp<Request>,
  options: FastifyUnitOptions<Request> = {},
): void {
  checkOptions('orchestra.fastify()', options, requestNames)
  app.addHook('onRequest', (request, reply, done) => {
    const { method, url, raw } = request
    const actor = () => options.actor?.(request)
    const where = 'orchestra.fastify()'
    requestUnit({ method, url, request: raw, response: reply.raw, actor, where }, (unit) => {
      reply.header(unitHeader, unit.id)
      done()
    })
  })
}
