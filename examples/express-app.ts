/**
 * Shows: an Express application that waits until its change has arrived on the servers, and tells its user what happened.
 *
 * The middleware makes everything that one request changes one unit of work, across its transactions.
 */
import express, { type Express } from 'express'
import { defineBackend, defineConfig, defineModel, type Orchestra } from 'orchestrajs'
import type pg from 'pg'
import { z } from 'zod'

export const tables = 'create table site (id serial primary key, domain text not null unique)'

const Site = defineModel({
  name: 'site',
  table: 'site',
  schema: z.object({ id: z.int(), domain: z.string().regex(/^[a-z0-9.-]+$/) }),
})

const marker = defineBackend({
  name: 'marker',
  model: Site,
  save: (script, site) => script.file(`site-${site.id}`, `${site.domain}\n`),
  delete: (script, site) => script.absent(`site-${site.id}`),
})

export default defineConfig({ models: [Site], backends: [marker] })

export function createApp(orchestra: Orchestra, pool: pg.Pool): Express {
  const database = orchestra.pool(pool)
  const app = express()
  app.use(express.json())
  app.use(orchestra.express({ actor: (request: express.Request) => request.get('x-user') }))

  app.post('/sites', async (request, response) => {
    const { rows } = await database.query('insert into site (domain) values ($1) returning id', [
      request.body.domain,
    ])
    const outcome = await orchestra.currentUnit()?.settled({ timeout: 10_000 })
    const servers = outcome?.operations.map(({ server, outcome, error }) => ({ server, outcome, error }))
    response.status(outcome?.state === 'settled' ? 201 : 202).json({ ...rows[0], servers })
  })
  return app
}
