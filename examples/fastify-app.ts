/**
 * Shows: a Fastify application that refuses a change which could not be applied, before it commits.
 *
 * `unit.plan()` answers inside the open transaction what would be done where, and throws for objects that do not fit
 * their schema. The request rolls back, and nothing was ever promised to anybody.
 */
import fastify, { type FastifyInstance } from 'fastify'
import { defineBackend, defineConfig, defineModel, isOrchestraError, type Orchestra } from 'orchestrajs'
import type pg from 'pg'
import { z } from 'zod'

export const tables = 'create table mailbox (id serial primary key, address text not null)'

const Mailbox = defineModel({
  name: 'mailbox',
  table: 'mailbox',
  schema: z.object({ id: z.int(), address: z.email() }),
})

const maildir = defineBackend({
  name: 'maildir',
  model: Mailbox,
  save: (script, mailbox) => script.directory(`mail/${mailbox.address}`),
  delete: (script, mailbox) => script.absent(`mail/${mailbox.address}`, { recursive: true }),
})

export default defineConfig({ models: [Mailbox], backends: [maildir] })

export function createApp(orchestra: Orchestra, pool: pg.Pool): FastifyInstance {
  const database = orchestra.pool(pool)
  const app = fastify()
  orchestra.fastify(app)

  app.post<{ Body: { address: string } }>('/mailboxes', async (request, reply) => {
    const client = await database.connect()
    try {
      await client.query('begin')
      await client.query('insert into mailbox (address) values ($1)', [request.body.address])
      const plan = await orchestra.currentUnit()?.plan()
      await client.query('commit')
      return reply.status(201).send({ servers: plan?.operations.map(({ server }) => server) })
    } catch (error) {
      await client.query('rollback')
      if (!isOrchestraError(error, 'ORC_OBJECT_INVALID')) throw error
      return reply.status(422).send({ error: error.message })
    } finally {
      client.release()
    }
  })
  return app
}
