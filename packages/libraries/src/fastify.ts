import fastify, { type FastifyRequest } from 'fastify'
import type { Orchestra } from 'orchestrajs'
import type { Served } from './express.ts'
import { type RequestBody, routesOf } from './routes.ts'
import type { Sites } from './sites.ts'

interface Parts {
  Params: { id: string }
  Body: RequestBody
}

export async function serveByFastify(orchestra: Orchestra, sites: Sites): Promise<Served> {
  const app = fastify({ forceCloseConnections: true })
  orchestra.fastify(app, { actor: (request: FastifyRequest) => String(request.headers['x-user']) })
  for (const { method, path, handle } of routesOf(orchestra, sites)) {
    app[method]<Parts>(path, async ({ params, body }, reply) => {
      const answer = await handle({ id: Number(params.id), body })
      return reply.status(answer.status).send(answer.body)
    })
  }
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { url, close: () => app.close() }
}
