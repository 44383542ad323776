import type { AddressInfo } from 'node:net'
import express from 'express'
import type { Orchestra } from 'orchestrajs'
import { routesOf } from './routes.ts'
import type { Sites } from './sites.ts'

/** An application that listens. */
export interface Served {
  url: string
  close(): Promise<void>
}

export async function serveByExpress(orchestra: Orchestra, sites: Sites): Promise<Served> {
  const app = express()
  app.use(express.json({ limit: '1mb' }))
  app.use(orchestra.express({ actor: (request: express.Request) => request.get('x-user') }))
  for (const { method, path, handle } of routesOf(orchestra, sites)) {
    app[method](path, async ({ params, body }, response) => {
      const answer = await handle({ id: Number(params.id), body })
      response.status(answer.status).json(answer.body)
    })
  }
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${port}`, close }
}
