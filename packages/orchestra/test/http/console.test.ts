import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { serve } from '@hono/node-server'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Authorize, Console, ConsoleOptions } from '../../src/http/index.ts'
import { Orchestra } from '../../src/orchestra.ts'
import { describePostgres, testKey } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

/** The header by which the application of these tests knows its people, as its framework tells it. */
type Asked = { headers: Record<string, unknown> } | { req: { header(name: string): string | undefined } }

function whoAsks(request: Asked): string | undefined {
  return 'req' in request
    ? request.req.header('x-person')
    : (request.headers['x-person'] as string | undefined)
}

const authorize: Authorize<Asked> = async (request) => {
  const name = whoAsks(request)
  if (name === 'mallory') throw new Error('the secret of the application')
  if (name === 'sleeper') return new Promise(() => undefined)
  if (name === 'nobody' || name === undefined) return null
  return { name, role: name === 'ana' ? 'operator' : 'viewer' }
}

const wrongBodies = [
  ['application/json', '{"reason": 1}', 400],
  ['text/plain', '{}', 415],
  ['application/x-www-form-urlencoded', 'reason=1', 415],
] as const

const everywhere = ['/servers', '/health', '/openapi.json', '/nothing', '/events/stream', '']

const refused = [
  ['nobody', 401, everywhere],
  ['mallory', 403, everywhere],
  ['sleeper', 403, ['/servers']],
] as const

type Opened = (options?: { base?: string }) => Promise<Console>

describePostgres('the console inside of an application', (open) => {
  const build = useWorlds(open)
  let world: World
  let orchestra: Orchestra
  const troubles: unknown[] = []
  const closing: (() => unknown)[] = []
  beforeEach(async () => {
    world = await build({})
    const { store, config, directory } = world
    orchestra = await Orchestra.open(config, { databaseUrl: store.databaseUrl, key: testKey, directory })
  })
  afterEach(async () => {
    await orchestra.close()
    await Promise.all(closing.splice(0).map((close) => close()))
    troubles.splice(0)
  })

  const opened = (options: Partial<ConsoleOptions<Asked>> = {}) =>
    orchestra.console<Asked>({ authorize, onError: (error) => troubles.push(error), ...options })

  const listening = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener).listen(0, '127.0.0.1')
    closing.push(() => server.close().closeAllConnections())
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`
  }

  const frameworks: Readonly<Record<string, (make: Opened) => Promise<string>>> = {
    express: async (make) => {
      const app = express()
      app.use('/orchestra', await make())
      return `${await listening(app)}/orchestra`
    },
    'express that has read the body': async (make) => {
      const app = express().use(express.json(), express.text(), express.urlencoded())
      app.use('/a/b', await make())
      return `${await listening(app)}/a/b`
    },
    'fastify, below a prefix with a parameter': async (make) => {
      const app = Fastify()
      closing.push(() => app.close())
      await app.register((await make()).fastify, { prefix: '/of/:tenant/orchestra' })
      return `${await app.listen({ port: 0 })}/of/acme/orchestra`
    },
    hono: async (make) => {
      const app = new Hono()
      const console = await make({ base: '/orchestra' })
      app.all('/orchestra/*', console.hono)
      return new Promise((resolve) => {
        const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
          resolve(`http://127.0.0.1:${port}/orchestra`),
        )
        closing.push(() => server.close())
      })
    },
    'hono that has read the body': async (make) => {
      const app = new Hono()
      const console = await make({ base: '/orchestra' })
      app.use(async (context, next) => {
        await context.req.text()
        await next()
      })
      app.all('/orchestra/*', console.hono)
      return new Promise((resolve) => {
        const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
          resolve(`http://127.0.0.1:${port}/orchestra`),
        )
        closing.push(() => server.close())
      })
    },
    'a server of Node': async (make) => `${await listening(await make({ base: '/x' }))}/x`,
  }

  const asking =
    (url: string) =>
    async (person: string, path: string, init: RequestInit = {}) => {
      const headers = { 'x-person': person, ...(init.headers as Record<string, string>) }
      const response = await fetch(`${url}/api/v1${path}`, { ...init, headers })
      const text = await response.text()
      return { status: response.status, headers: response.headers, text }
    }
  const json = { 'content-type': 'application/json' }

  const isAnswered = async (url: string) => {
    const ask = asking(url)
    const listed = await ask('bo', '/servers?limit=1')
    expect([listed.status, listed.text]).toEqual([200, expect.stringContaining('"here"')])
    // Held by a body, read by the framework or not, and told where it is found below the application.
    const body = JSON.stringify({ reason: 'disk — new' })
    const held = await ask('ana', '/servers/here/hold', { method: 'POST', headers: json, body })
    expect([held.status, held.text]).toEqual([200, expect.stringContaining('disk — new')])
    const [entry] = await world.store.query(
      'select actor, action from orchestra.audit order by id desc limit 1',
    )
    expect(entry).toEqual({ actor: 'application:ana', action: 'server.hold' })
    expect((await ask('ana', '/servers/here/release', { method: 'POST' })).status).toBe(200)
    const synced = await ask('ana', '/syncs', { method: 'POST', headers: json, body: '{"mode":"check"}' })
    expect(synced.headers.get('location')).toMatch(new RegExp(`^${new URL(url).pathname}/api/v1/syncs/\\d+$`))
    for (const [type, wrong, status] of wrongBodies) {
      const headers = { 'content-type': type }
      const refused = await ask('ana', '/servers/here/hold', { method: 'POST', headers, body: wrong })
      expect([type, refused.status]).toEqual([type, status])
    }
    expect((await ask('bo', '/servers/here/hold', { method: 'POST' })).status).toBe(403)
    expect(troubles).toEqual([])
  }

  const isRefused = async (url: string) => {
    const ask = asking(url)
    for (const [person, status, paths] of refused)
      for (const path of paths) {
        const answer = await ask(person, path)
        expect([person, path, answer.status]).toEqual([person, path, status])
        expect(answer.text).not.toMatch(/secret|here|token/i)
      }
    expect(troubles.map(String)).toContain('Error: the secret of the application')
  }

  it.each(Object.keys(frameworks))(
    'answers in %s whom the application names, and nobody else',
    async (name) => {
      let made: Console | undefined
      const make: Opened = async (options) => {
        made = await opened({ ...options, patience: 500 })
        return made
      }
      const url = (await frameworks[name]?.(make)) ?? ''
      await isAnswered(url)
      await isRefused(url)
      const stream = await fetch(`${url}/api/v1/events/stream`, { headers: { 'x-person': 'bo' } })
      expect(stream.headers.get('content-type')).toContain('text/event-stream')
      await made?.close()
      expect(await stream.text()).toMatch(/^(|id: .*)$/s)
    },
  )

  it('takes no answer for somebody that is not clearly somebody', async () => {
    const answers: unknown[] = [
      true,
      'ana',
      {},
      { name: 'ana' },
      { role: 'admin' },
      { name: 'ana', role: 'gone' },
      { name: '', role: 'admin' },
      { name: 'a\nb', role: 'admin' },
      { name: 'ana', role: 'admin', server: ['here'] },
      { name: 'ana', role: 'admin', servers: 'here' },
      { name: 'ana', role: 'admin', servers: undefined },
      { name: 'ana', role: 'admin', servers: null },
    ]
    let answer: unknown
    const authorized = opened({ authorize: () => answer as never })
    const ask = asking(await listening(await authorized))
    for (answer of answers) {
      const asked = await ask('', '/servers')
      expect([answer, asked.status, JSON.parse(asked.text).code]).toEqual([
        answer,
        403,
        'ORC_AUTHORIZE_FAILED',
      ])
    }
    // What he may not see is nowhere to him.
    for (answer of [
      { name: 'ana', role: 'viewer', servers: [] },
      { name: 'ana', role: 'viewer', servers: ['x'] },
    ])
      expect((await ask('', '/servers/here')).status).toBe(404)
    answer = { name: 'ana', role: 'viewer', servers: ['here'] }
    expect((await ask('', '/servers/here')).status).toBe(200)
  })

  it('is not made without saying who may use it', async () => {
    for (const options of [undefined, null, {}, { authorize: true }, { authorize: undefined }])
      await expect(orchestra.console(options as never)).rejects.toMatchObject({
        code: 'ORC_AUTHORIZE_MISSING',
      })
    await expect(orchestra.console({ authorise: () => null } as never)).rejects.toMatchObject({
      code: 'ORC_OPTION_UNKNOWN',
    })
  })

  it('leaves what is not below its base to the application', async () => {
    const console = await opened({ base: '/x' })
    const url = await listening((request, response) =>
      console(request, response, () => response.end('its own')),
    )
    for (const [path, text] of [
      ['/', 'its own'],
      ['/xy', 'its own'],
      ['/x', /<h1>Orchestra|<title>Orchestra/],
      ['/x?a', /<h1>Orchestra|<title>Orchestra/],
      ['/x/nothing', /ORC_HTTP_UNKNOWN/],
    ] as const)
      expect(await (await fetch(`${url}${path}`, { headers: { 'x-person': 'bo' } })).text()).toMatch(text)
  })
})
