import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Principal } from './principal.ts'

/** A request that was answered, for a log: nothing of what was asked or answered is in it but names of what it was about. */
export interface Answered {
  requestId: string
  method: string
  /** As the table of endpoints has it; null where nothing is. */
  route: string | null
  status: number
  milliseconds: number
  /** As whom the audit knows whoever asked; null for nobody. */
  by: string | null
  address: string
  server?: string
  backend?: string
  unit?: string
  object?: string
  log?: string
  hook?: string
}

/** Parts of a path that say what a request is about. */
const subjects = ['server', 'backend', 'unit', 'object', 'log', 'hook'] as const
/** Characters of one that are told. */
const LONGEST = 300

/** Tells of each request when it has been answered; who watches the process alone asks too often for that. */
export function watchAnswers(
  app: FastifyInstance,
  whoAsks: (request: FastifyRequest) => Principal | undefined,
  onAnswered: (answered: Answered) => void,
): void {
  app.addHook('onResponse', async (request, reply) => {
    const { routeOptions, id: requestId, method, ip: address } = request
    if (routeOptions.config.anonymous === 'uncounted' && reply.statusCode < 400) return
    onAnswered({
      ...{ requestId, method, address, route: routeOptions.url ?? null, status: reply.statusCode },
      milliseconds: Math.round(reply.elapsedTime),
      by: whoAsks(request)?.acting.name ?? null,
      ...aboutOf(request.params),
    })
  })
}

function aboutOf(params: unknown): Partial<Record<(typeof subjects)[number], string>> {
  const given = (params ?? {}) as Readonly<Record<string, unknown>>
  const named = subjects.flatMap((name) => {
    const value = given[name]
    return typeof value === 'string' ? [[name, value.slice(0, LONGEST)]] : []
  })
  return Object.fromEntries(named)
}
