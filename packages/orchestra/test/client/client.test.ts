import { readFileSync } from 'node:fs'
import {
  request as connect,
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterEach, beforeEach, expect, expectTypeOf, test } from 'vitest'
import { clientTablePath, generateClientTable } from '../../../../docs/generate/client.ts'
import { consoleFiltersPath, generateConsoleFilters } from '../../../../docs/generate/console-filters.ts'
import { addToken } from '../../src/access/index.ts'
import { type ApiError, Client } from '../../src/client/index.ts'
import { pauseBefore } from '../../src/client/patience.ts'
import { nameOf } from '../../src/http/endpoint.ts'
import { endpoints } from '../../src/http/endpoints/index.ts'
import { byCredentials, type Listening, listen } from '../../src/http/index.ts'
import { createLogWriter } from '../../src/logs/index.ts'
import { requestsBy } from '../../src/operate/index.ts'
import type { ServerView } from '../../src/operate/server-view.ts'
import { addLog } from '../logs/fixtures.ts'
import { askerOf } from '../operate/world.ts'
import { until } from '../support/processes.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

const source = join(import.meta.dirname, '../../src/client')

test('what the client is typed by is current: `node docs/generate.ts` writes it', () => {
  expect(readFileSync(clientTablePath, 'utf8')).toBe(generateClientTable())
})

test('what the console completes queries with is current: `node docs/generate.ts` writes it', () => {
  expect(readFileSync(consoleFiltersPath, 'utf8')).toBe(generateConsoleFilters())
})

test('whatever is given has one place in a request, which its name and the method tell', () => {
  for (const endpoint of endpoints) {
    const [params, query, body] = [endpoint.params, endpoint.query, endpoint.body].map(({ shape }) =>
      Object.keys(shape),
    )
    const all = [...(params ?? []), ...(query ?? []), ...(body ?? [])]
    expect([nameOf(endpoint), new Set(all).size]).toEqual([nameOf(endpoint), all.length])
    const sends = endpoint.method === 'POST' || endpoint.method === 'PATCH'
    expect([nameOf(endpoint), (sends ? query : body)?.length]).toEqual([nameOf(endpoint), 0])
  }
})

test('the client is made for browsers without anything of Node, and is small', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(source, 'index.ts')],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    minify: true,
    write: false,
    metafile: true,
  })
  const [bundle] = outputFiles
  expect(Object.keys(metafile.inputs).filter((path) => !path.includes('src/client/'))).toEqual([])
  expect(bundle?.text).not.toMatch(/node:|require\(|process\.|Buffer/)
  expect(bundle?.contents.length).toBeLessThan(8_000)
})

test('who is turned away comes back later and later, not all at once, and not before he is told to', () => {
  const usual = { first: 200, most: 10_000 }
  expect([1, 2, 3].map((tried) => pauseBefore(tried, usual, null, 0))).toEqual([100, 200, 400])
  expect([1, 2, 3].map((tried) => pauseBefore(tried, usual, null, 1))).toEqual([200, 400, 800])
  expect(pauseBefore(60, usual, null, 1)).toBe(10_000)
  expect(pauseBefore(1, usual, 30, 0.5)).toBe(30_000)
})

/** What stands between: passes on what it is asked, as far as it is let. */
interface Between {
  url: string
  /** Answers the next requests so instead of passing them on, or breaks them off. */
  spoil: (...with_: (number | 'break')[]) => void
  /** Breaks off every answer that is under way. */
  cut: () => void
  /** What came: the method, the path and the headers. */
  came: { method: string; path: string; headers: IncomingMessage['headers'] }[]
}

describePostgres('the client', (open) => {
  const worlds = useWorlds(open)
  let world: World
  let api: Listening
  let between: Between & { server: Server }
  let client: Client
  let token: string
  beforeEach(async () => {
    world = await worlds({ servers: ['web1', 'web2', 'web3'] })
    const { config, load, environment } = askerOf(world)
    api = await listen({
      ...{ store: world.store, config, load, environment, holds: 'store', host: '127.0.0.1', port: 0 },
      authenticate: byCredentials(world.store, config.http),
      onError: () => undefined,
    })
    between = await standBetween(api.url)
    token = (await addToken(world.store, { name: 'ci', role: 'operator', days: 1 }, { by: 'test' })).token
    client = new Client({ url: between.url, token, patience: { first: 1, most: 5 } })
  }, 120_000)
  afterEach(async () => {
    between.cut()
    between.server.close()
    await api.close()
  })

  const failure = async (asked: Promise<unknown>): Promise<ApiError> => {
    const error: unknown = await asked.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ name: 'ApiError' })
    return error as ApiError
  }

  test('asks by the names of the table, typed by the verbs, and walks lists page by page', async () => {
    const server = await client.ask('GET /servers/{server}', { server: 'web1' })
    expectTypeOf(server.name).toEqualTypeOf<string>()
    expect(server).toMatchObject({ name: 'web1', held: null })
    await client.ask('POST /servers/{server}/hold', { server: 'web2', reason: 'new disk' })
    const page = await client.ask('GET /servers', { q: 'is:held' })
    expectTypeOf(page.items[0]).toEqualTypeOf<ServerView | undefined>()
    expect([page.count, page.items.map(({ name }) => name)]).toEqual([1, ['web2']])
    const names: string[] = []
    for await (const { name } of client.items('GET /servers', { limit: 1 })) names.push(name)
    expect(names).toEqual(['web1', 'web2', 'web3'])
    // @ts-expect-error: a server is called by its name
    await failure(client.ask('GET /servers/{server}', { name: 'web1' }))
    // @ts-expect-error: there is no such endpoint
    await failure(client.ask('GET /nothing'))
    const hostile = await failure(client.ask('GET /servers/{server}', { server: '../status?x=#' }))
    expect(hostile).toMatchObject({ status: 404, code: 'ORC_SERVER_UNKNOWN' })
    const told = new Client({ url: `${between.url}/api/v1/`, token })
    expect(await told.ask('GET /servers/{server}', { server: 'web1' })).toEqual(server)
  })

  test('waits for what the API leaves to a worker: for its answer, or for why there is none', async () => {
    const gone = client.ask('POST /servers/check', {})
    const isLeft = async () => (await client.ask('GET /requests', {})).items.length > 0
    await until('it is left to a worker', isLeft)
    await client.ask('POST /requests/{request}/cancel', { request: 1 })
    expect(await failure(gone)).toMatchObject({ message: 'Request 1 was cancelled' })
    const waiting = new AbortController()
    const abandoned = client.ask('POST /servers/check', {}, { signal: waiting.signal })
    waiting.abort(new Error('enough'))
    await expect(abandoned).rejects.toThrow('enough')

    const { config, store, errors } = world
    await world.work({ doRequest: requestsBy({ store, config, onError: (one) => errors.push(one) }) })
    const [facts] = await client.ask('POST /servers/{server}/check', { server: 'web1' })
    expectTypeOf(facts?.server).toEqualTypeOf<string | undefined>()
    expect(facts).toMatchObject({ server: 'web1', state: 'ok' })
    const admin = (await addToken(store, { name: 'all', role: 'admin', days: 1 }, { by: 'test' })).token
    const all = new Client({ url: between.url, token: admin })
    expect(await all.ask('GET /trash')).toEqual({ items: [], next: null, count: 0, countIsExact: true })
    const unknown = await failure(client.ask('POST /servers/{server}/check', { server: 'web9' }))
    expect(unknown).toMatchObject({ code: 'ORC_SERVER_UNKNOWN', hint: expect.any(String) })
  })

  test('throws what the API says is wrong: code, hint, status and place', async () => {
    const wrong = await failure(client.ask('GET /servers', { q: 'serve:x' }))
    expect(wrong).toMatchObject({
      status: 400,
      code: 'ORC_QUERY_INVALID',
      hint: expect.stringContaining('server'),
      requestId: expect.any(String),
      errors: [{ pointer: '/query/q', from: 0, to: 5 }],
    })
    const stranger = new Client({ url: between.url, token: `${token}x` })
    expect(await failure(stranger.ask('GET /servers'))).toMatchObject({ status: 401 })
    expect(await failure(client.ask('GET /audit'))).toMatchObject({ status: 403, code: 'ORC_FORBIDDEN' })
    const nowhere = new Client({ url: 'http://127.0.0.1:9', patience: { tries: 2, first: 1 } })
    expect(await failure(nowhere.ask('GET /servers'))).toMatchObject({ status: 0, code: null })
    between.spoil(418)
    expect(await failure(client.ask('GET /status'))).toMatchObject({ status: 418, code: null })
    const ended = AbortSignal.abort(new Error('enough'))
    await expect(client.ask('GET /servers', {}, { signal: ended })).rejects.toThrow('enough')
  })

  test('asks again what changes nothing, and what changes something only where that does no harm', async () => {
    between.spoil(503, 'break', 429, 502)
    expect((await client.ask('GET /servers')).count).toBe(3)
    expect(between.came).toHaveLength(5)
    const hold = { server: 'web1', reason: '' }
    const askedFor = async (asked: Promise<unknown>) => {
      between.came.length = 0
      const came = await asked.then(
        () => 'done',
        ({ status }: ApiError) => status,
      )
      return [came, between.came.map(({ headers }) => headers['idempotency-key'])]
    }
    between.spoil(503)
    expect(await askedFor(client.ask('POST /servers/{server}/hold', hold))).toEqual([503, [undefined]])
    between.spoil('break')
    expect(await askedFor(client.ask('POST /servers/{server}/hold', hold))).toEqual([0, [undefined]])
    between.spoil(429)
    expect(await askedFor(client.ask('POST /servers/{server}/hold', hold))).toEqual([
      'done',
      [undefined, undefined],
    ])
    between.spoil('break', 503)
    const call = { idempotencyKey: 'one' }
    expect(await askedFor(client.ask('POST /servers/{server}/hold', hold, call))).toEqual([
      'done',
      ['one', 'one', 'one'],
    ])
    between.spoil(...Array.from({ length: 9 }, () => 503))
    expect(await askedFor(client.ask('GET /servers'))).toEqual([503, Array(5).fill(undefined)])
  })

  test('follows a log over a connection that breaks: each line once, until it ends', async () => {
    const [server] = await world.store.query<{ id: number }>('select id from orchestra.server limit 1')
    const log = await addLog(world.store, server?.id ?? 0)
    const writer = createLogWriter(world.store, { logId: log })
    writer.write('stdout', null, Buffer.from('one\ntwo\n'))
    const lines: string[] = []
    for await (const told of client.follow('GET /logs/{log}/stream', { log })) {
      if (told.event === 'end') {
        expect(told.data).toMatchObject({ id: log, state: 'SUCCESS' })
        continue
      }
      const texts = told.data.map(({ text }) => text)
      lines.push(...texts)
      if (texts.includes('two')) {
        between.cut()
        between.spoil(503)
        writer.write('stdout', null, Buffer.from('three\n'))
      }
      if (texts.includes('three')) await writer.finish({ state: 'SUCCESS' })
    }
    expect(lines).toEqual(['one', 'two', 'three'])
    const resumed = between.came.map(({ headers }) => headers['last-event-id'])
    expect(resumed).toEqual([undefined, '2', '2'])
  })

  test('misses no event of what happens while it is away, and leaves when it is told to', async () => {
    const { next: cursor } = await client.ask('GET /events')
    const leaving = new AbortController()
    const events = client.follow('GET /events/stream', { cursor: cursor ?? '' }, { signal: leaving.signal })
    const next = events.next()
    await client.ask('POST /servers/{server}/hold', { server: 'web1', reason: 'disk' })
    expect((await next).value).toMatchObject({ event: 'server-held', data: { server: 'web1' } })
    const more = events.next()
    between.cut()
    await client.ask('POST /servers/{server}/release', { server: 'web1' })
    expect((await more).value).toMatchObject({ event: 'server-released' })
    const last = events.next()
    leaving.abort(new Error('enough'))
    await expect(last).rejects.toThrow('enough')
    const none = client.follow('GET /logs/{log}/stream', { log: 999 })
    expect(await failure(none.next())).toMatchObject({ status: 404, code: 'ORC_LOG_UNKNOWN' })
  })
})

async function standBetween(target: string): Promise<Between & { server: Server }> {
  const came: Between['came'] = []
  const spoiled: (number | 'break')[] = []
  const under = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    came.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers })
    const spoil = spoiled.shift()
    if (spoil === 'break') return void request.socket.destroy()
    if (spoil !== undefined) return void response.writeHead(spoil).end('no')
    under.add(response)
    const { hostname: host, port } = new URL(target)
    const headers = { ...request.headers, host: `${host}:${port}` }
    const passed = connect(`${target}${request.url}`, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      response.flushHeaders()
      answer.on('error', () => response.destroy()).pipe(response)
    })
    passed.on('error', () => response.destroy())
    response.on('close', () => {
      under.delete(response)
      passed.destroy()
    })
    request.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spoil: (...all) => spoiled.push(...all),
    cut: () => {
      for (const response of under) response.destroy()
    },
    came,
  }
}
