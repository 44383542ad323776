import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, errorCodes, OrchestraError } from '../errors.ts'
import { canBeHandedOver, handOver, NotAgreed, patience, requestEnded } from '../operate/index.ts'
import { type Moved, PlanStale } from '../plan/index.ts'
import type { RequestFailure, RequestView } from '../requests/index.ts'
import type { Store } from '../store/index.ts'
import { BASE, sendAnswer } from './answer.ts'
import { type Asker, type Holds, isHeld, type Surroundings } from './asking.ts'
import type { Endpoint, Given } from './endpoint.ts'
import { assertOrigin, assertOwnPage } from './guard.ts'
import { toJson } from './json.ts'
import { type Preference, preferenceOf } from './prefer.ts'
import type { Site } from './site.ts'

interface Leaving {
  request: FastifyRequest
  reply: FastifyReply
  endpoint: Endpoint
  given: Given
  asker: Asker
  surroundings: Surroundings
  site: Site
  /** The store by which many can wait at once. */
  waiting: Store
}

/** Whether a worker is to do it: this process cannot, or whoever asks would rather not wait for as long as it takes. */
export function isLeftToWorker({ verb }: Endpoint, holds: Holds, preference: Preference): boolean {
  return canBeHandedOver(verb) && (preference.async || !isHeld(holds, verb))
}

/** Leaves a verb to a worker, and answers with where it is to be asked for, or with its answer if that comes in time. */
export async function leaveToWorker(leaving: Leaving): Promise<FastifyReply> {
  const { request, reply, endpoint, given, asker, surroundings, site, waiting } = leaving
  // It makes something also where it only reads: no page elsewhere may have that done.
  assertOrigin('POST', request.headers, site)
  assertOwnPage(asker.principal, 'POST', request.headers)
  const { principal, agrees, versions, signal } = asker
  const caller = { principal: principal.acting, store: surroundings.store }
  const { verb } = endpoint
  const id = await handOver({
    verb,
    given: endpoint.input(given),
    caller,
    agrees,
    versions,
    address: request.ip,
  })
  const { wait } = preferenceOf(request.headers.prefer)
  if (wait > 0) reply.header('preference-applied', `wait=${wait}`)
  const view = await requestEnded(waiting, id, patience(wait, signal))
  if (view.state === 'done') return sendAnswer(leaving, view.result)
  if (view.error !== null) throw errorOf(view.error)
  return sendView(reply, view)
}

function sendView(
  reply: FastifyReply,
  { notes: _, result: __, error: ___, ...summary }: RequestView,
): FastifyReply {
  return reply
    .code(202)
    .header('location', `${BASE}/requests/${summary.id}`)
    .header('retry-after', '1')
    .type('application/json; charset=utf-8')
    .send(toJson(summary))
}

/** The same error as if this process had done it. */
function errorOf({ code, message, hint, refused, moved }: RequestFailure): OrchestraError {
  if (refused === true) return new NotAgreed(message, hint ?? '')
  if (moved !== undefined) return new PlanStale(message, moved as readonly Moved[])
  const known: ErrorCode = Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'ORC_INTERNAL'
  return new OrchestraError(known, message, hint === null ? {} : { hint })
}
