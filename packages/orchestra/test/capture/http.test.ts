import type { AddressInfo } from 'node:net'
import express from 'express'
import Fastify from 'fastify'
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sourceOf } from '../../src/capture/http.ts'
import { currentUnit, expressUnits, fastifyUnits, installCapture, wrapPool } from '../../src/capture/index.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { changes, openPool, site, siteTables } from './support.ts'

interface App {
  url: string
  close(): Promise<void>
}

type Start = (pool: pg.Pool) => Promise<App>

async function writeTwice(pool: pg.Pool, domain: unknown): Promise<string | undefined> {
  await pool.query('insert into site (domain) values ($1)', [domain])
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('insert into site (domain) values ($1)', [domain])
    await client.query('commit')
  } finally {
    client.release()
  }
  return currentUnit()?.id
}

async function startExpress(pool: pg.Pool): Promise<App> {
  const app = express()
  const users = new WeakMap<express.Request, string>()
  app.use(expressUnits<express.Request>({ actor: (request) => users.get(request) }))
  // A router may bring it once more.
  app.use(expressUnits())
  app.use((request, _response, next) => {
    users.set(request, request.get('x-user') ?? 'nobody')
    next()
  })
  app.use(express.json())
  app.post('/sites', async (request, response) => {
    response.json({ unit: await writeTwice(pool, request.body.domain) })
  })
  app.post('/streamed', (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      void writeTwice(pool, Buffer.concat(chunks).toString()).then((unit) => response.json({ unit }))
    })
  })
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

async function startFastify(pool: pg.Pool): Promise<App> {
  const app = Fastify()
  const users = new WeakMap<object, string>()
  fastifyUnits(app, { actor: (request) => users.get(request) })
  fastifyUnits(app)
  app.addHook('preHandler', async (request) => {
    users.set(request, String(request.headers['x-user'] ?? 'nobody'))
  })
  app.post<{ Body: { domain: string } }>('/sites', async (request) => ({
    unit: await writeTwice(pool, request.body.domain),
  }))
  app.addContentTypeParser('text/plain', (_request, payload, done) => done(null, payload))
  app.post<{ Body: AsyncIterable<Buffer> }>('/streamed', async (request) => {
    const chunks: Buffer[] = []
    for await (const chunk of request.body) chunks.push(chunk)
    return { unit: await writeTwice(pool, Buffer.concat(chunks).toString()) }
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { url, close: () => app.close() }
}

const frameworks: [string, Start][] = [
  ['Express', startExpress],
  ['Fastify', startFastify],
]

describe.each(frameworks)('%s', (_name, start) => {
  describeStores('a request', (open) => {
    let store: Store
    let pool: pg.Pool
    let app: App

    beforeEach(async () => {
      store = await open()
      await store.query(siteTables)
      await installCapture(store, [site])
      pool = openPool(store.databaseUrl, 2)
      app = await start(wrapPool(pool))
    })

    afterEach(async () => {
      await app.close()
      await pool.end()
    })

    function post(path: string, user: string, body: string, type: string): Promise<Response> {
      const headers = { 'content-type': type, 'x-user': user, connection: 'close' }
      return fetch(app.url + path, { method: 'POST', headers, body })
    }

    test('is one unit, with its actor and source, and names it in a header', async () => {
      const response = await post('/sites?token=secret', 'eva', '{"domain":"a"}', 'application/json')
      const unit = response.headers.get('orchestra-unit')
      expect(await response.json()).toEqual({ unit })
      const rows = await changes(store)
      expect(rows).toHaveLength(2)
      for (const row of rows)
        expect(row).toMatchObject({ unit_id: unit, actor: 'eva', source: 'POST /sites' })
    })

    test('is a unit of its own among others at the same time', async () => {
      const users = ['a', 'b', 'c', 'd', 'e', 'f']
      const responses = await Promise.all(
        users.map((user) => post('/sites', user, `{"domain":"${user}"}`, 'application/json')),
      )
      const units = responses.map((response) => response.headers.get('orchestra-unit'))
      expect(new Set(units).size).toBe(users.length)
      const rows = await changes(store)
      for (const [index, user] of users.entries()) {
        expect(rows.filter((row) => row.actor === user).map((row) => row.unit_id)).toEqual([
          units[index],
          units[index],
        ])
      }
    })

    test('that reads its body as a stream is one unit too', async () => {
      const response = await post('/streamed', 'eva', 'x'.repeat(200_000), 'text/plain')
      const unit = response.headers.get('orchestra-unit')
      for (const row of await changes(store))
        expect(row).toMatchObject({ unit_id: unit, source: 'POST /streamed' })
      expect(await changes(store)).toHaveLength(2)
    })
  })
})

test('the source of a request leaves out what may be secret', () => {
  expect(sourceOf('PUT', '/sites/12?token=x#y')).toBe('PUT /sites/12')
  expect(sourceOf(undefined, undefined)).toBe('GET ')
})
