import { connect } from 'node:net'
import { beforeEach, expect, it } from 'vitest'
import { permissions } from '../../src/access/permissions.ts'
import { everything } from '../../src/access/scope.ts'
import { nameOf } from '../../src/http/endpoint.ts'
import { endpoints } from '../../src/http/endpoints/index.ts'
import { listen } from '../../src/http/listen.ts'
import { anybody } from '../../src/http/principal.ts'
import { leastFor } from '../../src/operate/permissions.ts'
import { askerOf } from '../operate/world.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { type Api, below, useApis } from './api.ts'

const refusedPaths: readonly [path: string, status: number, code: string][] = [
  ['/nothing', 404, 'ORC_HTTP_UNKNOWN'],
  ['/servers/gone', 404, 'ORC_SERVER_UNKNOWN'],
  ['/routes/77', 404, 'ORC_ROUTE_UNKNOWN'],
  ['/logs/77', 404, 'ORC_LOG_UNKNOWN'],
  ['/logs/77/output', 404, 'ORC_LOG_UNKNOWN'],
  ['/logs/77/script', 404, 'ORC_LOG_UNKNOWN'],
  ['/units/0000', 404, 'ORC_UNIT_UNKNOWN'],
  ['/objects/site:77/explain', 404, 'ORC_OBJECT_UNKNOWN'],
  ['/objects/car:77/explain', 404, 'ORC_MODEL_UNKNOWN'],
  ['/syncs/77', 404, 'ORC_SYNC_UNKNOWN'],
  ['/logs?backend=gone', 404, 'ORC_BACKEND_UNKNOWN'],
  ['/events?cursor=3:9', 400, 'ORC_INPUT_INVALID'],
  ['/servers?cursor=a%0Ab', 400, 'ORC_INPUT_INVALID'],
  ['/logs?cursor=3:9', 400, 'ORC_INPUT_INVALID'],
  ['/placements?cursor=3:9', 400, 'ORC_USAGE'],
  ['/servers/%ff', 400, 'ORC_HTTP_MALFORMED'],
]

const refusedBodies: readonly [type: string, payload: string, status: number, code: string][] = [
  ['application/json', '{', 400, 'ORC_HTTP_MALFORMED'],
  ['application/json', '', 400, 'ORC_HTTP_MALFORMED'],
  ['application/json', '{"__proto__": {"reason": 1}}', 400, 'ORC_HTTP_MALFORMED'],
  ['application/json', '[]', 400, 'ORC_INPUT_INVALID'],
  ['application/json', '"text"', 400, 'ORC_INPUT_INVALID'],
  ['application/json', `{"reason": "${'a'.repeat(1_000_001)}"}`, 413, 'ORC_HTTP_TOO_LARGE'],
  ['text/plain', '{}', 415, 'ORC_HTTP_NOT_JSON'],
  ['application/x-www-form-urlencoded', 'reason=1', 415, 'ORC_HTTP_NOT_JSON'],
  ['multipart/form-data; boundary=x', '--x--', 415, 'ORC_HTTP_NOT_JSON'],
]

describePostgres('a request', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()
  let world: World
  let api: Api
  beforeEach(async () => {
    world = await build({})
    api = apiOf(world, { hosts: new Set(['orchestra.example']) })
  })

  const statusOf = async (request: Parameters<Api['ask']>[0]) => {
    const response = await api.ask(request)
    return [response.statusCode, response.body === '' ? null : response.json().code]
  }
  const hold = { method: 'POST', url: below('/servers/here/hold') } as const

  it('is answered for hosts that the server goes by', async () => {
    const own = [
      '127.0.0.1',
      '127.0.0.1:80',
      'localhost:4480',
      'LOCALHOST',
      '[::1]:4480',
      'orchestra.example:4480',
    ]
    for (const host of own) {
      const response = await api.ask({ url: below('/status'), headers: { host } })
      expect([host, response.statusCode]).toEqual([host, 200])
    }
  })

  it('is refused for any other host', async () => {
    const hosts = [
      'evil.example',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      'evil@localhost',
      '2130706433',
      '0.0.0.0',
      'localhost:80:80',
      'localhost/x',
    ]
    for (const host of hosts)
      for (const path of ['/status', '/health', '/nothing']) {
        const asked = await statusOf({ url: below(path), headers: { host } })
        expect([host, path, ...asked]).toEqual([host, path, 421, 'ORC_HTTP_HOST'])
      }
  })

  it('of another origin changes nothing', async () => {
    const foreign = [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none', origin: 'http://evil.example' },
    ]
    for (const headers of foreign)
      expect([headers, ...(await statusOf({ ...hold, headers }))]).toEqual([headers, 403, 'ORC_HTTP_ORIGIN'])
    expect((await api.ask(below('/servers/here'))).json().held).toBe(null)
  })

  it('of its own origin does what it asks, and no page elsewhere is let read anything', async () => {
    const headers = { origin: 'http://127.0.0.1:4480', 'sec-fetch-site': 'same-origin' }
    const response = await api.ask({ ...hold, headers })
    expect(response.statusCode).toBe(200)
    expect(Object.keys(response.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it('is answered with headers that let a browser do nothing with it', async () => {
    for (const url of [below('/status'), below('/nothing'), '/%', below('/logs/x')]) {
      const { headers } = await api.ask(url)
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['content-security-policy']).toContain("default-src 'none'")
      expect(headers['request-id']).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  it('is told what is wrong with it, and where', async () => {
    const response = await api.ask(below('/logs?limit=201&colour=red&since=yesterday'))
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    expect(response.json()).toMatchObject({
      type: 'urn:orchestra:error:ORC_INPUT_INVALID',
      status: 400,
      code: 'ORC_INPUT_INVALID',
      requestId: response.headers['request-id'],
      errors: [
        { pointer: '/query/since' },
        { pointer: '/query/limit', detail: 'is more than 200' },
        { pointer: '/query/colour', detail: 'is not known here' },
      ],
    })
    const posted = await api.ask({ ...hold, body: { reason: 1, 'a/b~c': 1 } })
    expect(posted.json().errors).toEqual([
      { pointer: '/body/reason', detail: 'is not text' },
      { pointer: '/body/a~1b~0c', detail: 'is not known here' },
    ])
  })

  it('for what is not there, or cannot be read, is told so', async () => {
    for (const [path, status, code] of refusedPaths)
      expect([path, ...(await statusOf(below(path)))]).toEqual([path, status, code])
  })
  it('by a method that a path does not take is told which it takes', async () => {
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH'] as const) {
      const response = await api.ask({ method, url: below('/status'), payload: 'x'.repeat(10) })
      expect([response.statusCode, response.headers.allow]).toEqual([405, 'GET, HEAD'])
    }
    const paths = new Set(endpoints.map(({ path }) => path))
    for (const path of paths) {
      const response = await api.ask({ method: 'PUT', url: below(path) })
      expect([path, response.statusCode]).toEqual([path, 405])
    }
  })

  it('with a body that is no JSON, or too much of it, changes nothing', async () => {
    for (const [type, payload, status, code] of refusedBodies) {
      const asked = await statusOf({ ...hold, headers: { 'content-type': type }, payload })
      expect([type, payload.slice(0, 40), ...asked]).toEqual([type, payload.slice(0, 40), status, code])
    }
    expect((await api.ask(below('/servers/here'))).json().held).toBe(null)
  })

  it('for what has not changed is answered 304 without a body', async () => {
    const first = await api.ask(below('/servers/here'))
    const tag = String(first.headers.etag)
    // What it is the version of for If-Match, and what is told of it here.
    expect(tag).toMatch(/^"[0-9a-f]{24}\.[\w-]{32}"$/)
    const tags = [tag, `W/${tag}`, `"other", ${tag}`, '*']
    for (const header of tags) {
      const again = await api.ask({ url: below('/servers/here'), headers: { 'if-none-match': header } })
      expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', tag])
    }
    await api.ask(hold)
    const after = await api.ask({ url: below('/servers/here'), headers: { 'if-none-match': tag } })
    expect(after.statusCode).toBe(200)
    expect(after.headers.etag).not.toBe(tag)
  })

  it('of nobody who is known is refused before its body is read, everywhere but at /health', async () => {
    api = apiOf(world, { authenticate: async () => undefined })
    for (const { method, path } of endpoints) {
      const response = await api.ask({ method, url: below(path) })
      expect([path, response.statusCode]).toEqual([path, 401])
      expect(response.headers['www-authenticate']).toContain('Bearer')
    }
    expect(await statusOf(below('/openapi.json'))).toEqual([401, 'ORC_HTTP_ANONYMOUS'])
    expect((await api.ask(below('/health'))).json()).toEqual({ live: true, ready: true })
  })

  it('of somebody who may not is refused, with the permission that it takes', async () => {
    for (const endpoint of endpoints) {
      const least = leastFor(endpoint.verb.name)
      // What somebody asked for himself is his to see; test/http/requests has that it is nobody else's.
      if (least.length === 0) continue
      const others = permissions.filter((permission) => !least.includes(permission))
      const grants = [{ permissions: new Set(others), scope: everything }]
      const acting = { kind: 'user', name: 'bob', grants, accountId: 1, by: 1 } as const
      api = apiOf(world, { authenticate: async () => ({ acting }) })
      const response = await api.ask({ method: endpoint.method, url: below(endpoint.path), payload: '{' })
      expect([nameOf(endpoint), response.statusCode]).toEqual([nameOf(endpoint), 403])
      expect(response.json().code).toBe('ORC_FORBIDDEN')
      expect(response.json().detail).toContain(least === 'command' ? 'on the machine' : least[0])
    }
  })

  it('that goes wrong inside is told nothing but its id', async () => {
    const query = async () => {
      throw new Error('secret of the inside')
    }
    api = apiOf(world, { store: { ...world.store, query } })
    const response = await api.ask(below('/servers'))
    expect([response.statusCode, response.json().code]).toEqual([500, 'ORC_INTERNAL'])
    expect(response.body).not.toContain('secret')
    expect(api.troubles).toMatchObject([{ message: 'secret of the inside' }])
    expect((await api.ask(below('/health'))).statusCode).toBe(503)
  })

  it('that is no HTTP at all harms nobody', async () => {
    const { store, config, load, environment } = askerOf(world)
    const asking = { store, config, load, environment, authenticate: anybody() }
    const surroundings = { ...asking, holds: 'store', onError: () => {} } as const
    const listening = await listen({ ...surroundings, host: '127.0.0.1', port: 0 })
    try {
      const socket = connect(Number(new URL(listening.url).port), '127.0.0.1')
      socket.end('\u0000\u0001 hello\r\n\r\n')
      const answer = await socket.toArray()
      expect(Buffer.concat(answer).toString()).toMatch(/^HTTP\/1\.1 400 /)
      expect((await fetch(`${listening.url}/api/v1/health`)).status).toBe(200)
    } finally {
      await listening.close()
    }
  })
})
