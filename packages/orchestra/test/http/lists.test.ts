import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { beforeEach, expect, test } from 'vitest'
import { showFailure } from '../../src/cli/failure.ts'
import { Terminal } from '../../src/cli/terminal.ts'
import { addServer } from '../../src/fleet/index.ts'
import { nameOf } from '../../src/http/endpoint.ts'
import { endpoints } from '../../src/http/endpoints/index.ts'
import { filtersOf } from '../../src/operate/index.ts'
import type { Filter } from '../../src/query/index.ts'
import { protect } from '../../src/removal/index.ts'
import { addRoute } from '../../src/router/index.ts'
import { requestSync } from '../../src/sync/index.ts'
import { printed } from '../operate/printed.ts'
import { adoptable, askerOf, livedIn } from '../operate/world.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { type Api, below, useApis } from './api.ts'

interface Page {
  items: Record<string, unknown>[]
  next: string | null
  count: number
  countIsExact: boolean
}

const lists = endpoints.filter(({ kind }) => kind === 'list')

/** A path that can be asked, of what every world here has. */
function asked(path: string): string {
  return path.replace('{server}', 'here').replace('{object}', 'site:1').replace('{log}', '1')
}

/** Something that a filter can be. */
function samplesOf(filter: Filter): string[] {
  if (filter.values !== undefined) return [...filter.values]
  return ['here', 'site:1', '1', '12h', '2026-01-31', '*'].filter(
    (value) => filter.fault?.(value) === undefined,
  )
}

describePostgres('a list', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()
  let world: World
  let api: Api
  beforeEach(async () => {
    world = await livedIn(await build({ ...adoptable }))
    api = apiOf(world)
  }, 120_000)

  const page = async (path: string, query: Record<string, string | number> = {}): Promise<Page> => {
    const parameters = new URLSearchParams(Object.entries(query).map(([name, one]) => [name, String(one)]))
    const response = await api.ask(`${below(path)}?${parameters}`)
    expect([path, query, response.statusCode, api.troubles, response.body]).toEqual([
      path,
      query,
      200,
      [],
      expect.any(String),
    ])
    return response.json()
  }

  /** All items, a few at a time. */
  const walked = async (path: string, query: Record<string, string | number> = {}) => {
    const items: Record<string, unknown>[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { next, ...found }: Page = await page(path, {
        ...query,
        limit: 1,
        ...(cursor === '' ? {} : { cursor }),
      })
      items.push(...found.items)
      expect(items.length).toBeLessThan(200)
      cursor = next
    }
    return items
  }

  test('takes every filter that it has, and tells how many fit', { timeout: 240_000 }, async () => {
    let tried = 0
    for (const endpoint of lists) {
      const { verb, path } = endpoint
      if (!Object.hasOwn(filtersOf, verb.name)) continue
      const { by } = filtersOf[verb.name as keyof typeof filtersOf]
      const all = await page(asked(path))
      expect([path, all.countIsExact, all.count]).toEqual([path, true, all.items.length])
      for (const [name, filter] of Object.entries(by as Record<string, Filter>))
        for (const value of samplesOf(filter)) {
          const some = await page(asked(path), { q: `${name}:"${value}"` })
          const others = await page(asked(path), { q: `-${name}:"${value}"` })
          expect([path, name, value, some.count + others.count]).toEqual([path, name, value, all.count])
          tried++
        }
      const [named, not] = [await page(asked(path), { q: 'Zebra' }), await page(asked(path), { q: '-Zebra' })]
      expect([path, named.items, not.items]).toEqual([path, [], all.items])
    }
    expect(tried).toBeGreaterThan(100)
  })

  test('is narrowed by what its filters say', { timeout: 120_000 }, async () => {
    const objects = async (q: string) => (await page('/placements', { q })).items.map(({ object }) => object)
    expect(await objects('object:site:1')).toEqual(['site:1'])
    expect(await objects('object:site:1 object:site:2')).toEqual(['site:1', 'site:2'])
    expect(await objects('server:here -object:site:1')).toEqual(['site:2'])
    expect(await objects('server:nowhere')).toEqual([])
    expect(await objects("identity:\"1' or 'a'='a\"")).toEqual([])
    const known = async (q: string) => (await page('/objects', { q })).items
    expect(await known('is:open')).toMatchObject([
      { object: 'site:2', places: 1, states: { applied: 0, pending: 1 }, open: 1 },
    ])
    expect(await known('object:site:1 server:here')).toMatchObject([
      { object: 'site:1', places: 1, states: { applied: 1, failed: 0 }, open: 0, failing: 0 },
    ])
    const ofOne = async (path: string) => (await page(`/objects/site:1/${path}`)).items
    const done = (await page('/operations', { q: 'object:site:1' })).items
    expect([await ofOne('operations'), done.length]).toEqual([done, expect.any(Number)])
    expect(await ofOne('findings')).toEqual((await page('/findings', { q: 'object:site:1' })).items)
    const logs = async (q: string) => (await page('/logs', { q })).items
    expect(await logs('is:failed')).toEqual([])
    expect((await logs('object:site:1')).length).toBe(1)
    expect((await logs('is:ended since:1h -until:1h')).length).toBe((await logs('')).length)
    const units = async (q: string) => (await page('/units', { q })).items
    expect((await units('is:open')).length).toBe(1)
    expect((await units('is:done')).length).toBe((await units('')).length - 1)
  })

  test('says what of a query it does not understand, and where', async () => {
    for (const { path, verb } of lists) {
      if (!Object.hasOwn(filtersOf, verb.name)) continue
      const response = await api.ask(`${below(asked(path))}?q=${encodeURIComponent('"ä" bakend:x')}`)
      expect([path, response.statusCode, response.json()]).toMatchObject([
        path,
        400,
        {
          code: 'ORC_QUERY_INVALID',
          errors: [{ pointer: '/query/q', detail: 'this list has no such filter', from: 4, to: 10 }],
        },
      ])
    }
    const others = lists.filter(
      ({ verb, query }) => !Object.hasOwn(filtersOf, verb.name) && !Object.hasOwn(query.shape, 'q'),
    )
    for (const endpoint of others) {
      const response = await api.ask(`${below(asked(endpoint.path))}?q=a`)
      expect([nameOf(endpoint), response.statusCode]).toEqual([nameOf(endpoint), 400])
    }
  })

  test('is walked page by page without missing anything, also while something is added', {
    timeout: 120_000,
  }, async () => {
    const { store, config } = world
    for (const name of ['b', 'd', 'a']) await addServer(store, { name, method: 'function', tags: ['web'] })
    for (const name of ['b', 'd', 'a'])
      await addRoute(store, config, { backend: 'files', server: name, match: 'false' })
    await protect(store, { kind: 'backend', backend: 'files' })
    for (const key of ['3', '1'])
      await protect(store, { kind: 'object', model: 'site', key: [key], backend: null })
    await protect(store, { kind: 'object', model: 'site', key: ['1'], backend: 'files' })
    await store.query(
      `insert into orchestra.finding (inspection_id, server_id, backend, identity, state, detail)
       select 1, id, 'files', name || n, 'unowned', '{"differences": []}' from orchestra.server, generate_series(1, 2) n`,
    )
    for (const path of [
      '/servers',
      '/routes',
      '/protections',
      '/findings',
      '/servers/b/findings',
      '/placements',
      '/objects',
      '/objects/site:1/operations',
      '/logs',
      '/units',
      '/audit',
    ]) {
      const all = await page(path, { limit: 200 })
      expect([path, await walked(path)]).toEqual([path, all.items])
      expect([path, all.next, all.count]).toEqual([path, null, all.items.length])
    }
    expect((await walked('/servers', { q: 'tag:web -server:d' })).map(({ name }) => name)).toEqual(['a', 'b'])
    const first = await page('/servers', { limit: 2 })
    expect([first.items.map(({ name }) => name), first.count]).toEqual([['a', 'b'], 4])
    await addServer(store, { name: 'aa', method: 'function' })
    const rest = await page('/servers', { limit: 200, cursor: first.next ?? '' })
    expect(rest.items.map(({ name }) => name)).toEqual(['d', 'here'])
  })

  test('of the command is narrowed by the same query', { timeout: 120_000 }, async () => {
    await world.store.query(`update orchestra.server set tags = '{web}' where name = 'here'`)
    await requestSync(world.store, { mode: 'check', server: 'here', actor: 'bo', source: 'cli' })
    const asker = askerOf(world)
    const pairs = [
      ['server list --query tag:web', '/servers', 'tag:web'],
      ['server list --query -tag:web', '/servers', '-tag:web'],
      ['route list --query is:disabled', '/routes', 'is:disabled'],
      ['log list --query object:site:1', '/logs', 'object:site:1'],
      ['unit list --query is:open', '/units', 'is:open'],
      ['sync list --query actor:b*', '/syncs', 'actor:b*'],
      ['audit list --query action:server', '/audit', 'action:server'],
      ['transfer list --query is:running', '/transfers', 'is:running'],
      ['drift --query is:drift', '/findings', 'is:drift'],
    ] as const
    for (const [line, path, q] of pairs)
      expect([line, await printed(line, asker)]).toEqual([line, (await page(path, { q })).items])
  })

  test('shows a person where a query is wrong', async () => {
    const wrong = await printed('log list --query serve:x', askerOf(world)).catch((error: unknown) => error)
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
    showFailure(new Terminal(streams, { json: false, environment: {} }), wrong, {})
    streams.stderr.end()
    expect(await text(streams.stderr)).toBe(
      'error ORC_QUERY_INVALID: At character 1 of the query: this list has no such filter\n' +
        '      serve:x\n      ^^^^^\n' +
        '  Did you mean server? This list has server, backend, object, state, is, log, since, until; a text with a colon stands in quotes\n',
    )
  })

  test('of servers by backends packs what there is of each', async () => {
    await addServer(world.store, { name: 'empty', method: 'function' })
    const response = await api.ask(below('/matrix?limit=10'))
    const matrix = response.json()
    expect([response.statusCode, matrix.backends, matrix.next, matrix.count]).toEqual([
      200,
      ['files'],
      null,
      2,
    ])
    const cells = matrix.servers.map(({ server, cells: [cell] }: { server: string; cells: number[][] }) => [
      server,
      cell === null
        ? null
        : Object.fromEntries(matrix.counts.map((count: string, at: number) => [count, cell?.[at]])),
    ])
    expect(cells).toEqual([
      ['empty', null],
      ['here', { placed: 2, stale: 0, kept: 0, waiting: 1, running: 0, failing: 0, held: 0, drifted: 0 }],
    ])
    const first = (await api.ask(below('/matrix?limit=1'))).json()
    expect([first.servers.length, first.next]).toEqual([1, 'empty'])
    const rest = (await api.ask(below('/matrix?cursor=empty&q=server:h*'))).json()
    expect(rest.servers.map(({ server }: { server: string }) => server)).toEqual(['here'])
  })

  test('of the lane of a server says what waits, and for what', async () => {
    await world.store.query(
      `update orchestra.server set held_at = now(), held_by = 'ana', held_reason = 'new disk'`,
    )
    const lane = (await api.ask(below('/servers/here/lane'))).json()
    expect(lane.status).toMatchObject({ name: 'here', waiting: 1, held: { by: 'ana', reason: 'new disk' } })
    expect(lane.running).toEqual([])
    expect(lane.waiting).toMatchObject([
      { object: 'site:2', state: 'waiting', waitsFor: { kind: 'server-held' } },
    ])
    expect((await api.ask(below('/servers/nowhere/lane'))).statusCode).toBe(404)
  })

  test('finds what goes by a name, a number or the beginning of it, and nothing by half a wildcard', async () => {
    const found = async (q: string) => (await api.ask(below(`/search?${new URLSearchParams({ q })}`))).json()
    const [unit] = await world.store.query<{ id: string }>('select id from orchestra.unit limit 1')
    expect((await found('her')).servers).toEqual(['here'])
    expect((await found('site:')).objects.map(({ object }: { object: string }) => object)).toEqual([
      'site:1',
      'site:2',
    ])
    expect((await found('site:1')).objects).toEqual([{ object: 'site:1', identity: '1' }])
    expect((await found('2')).objects).toMatchObject([{ object: 'site:2' }])
    expect((await found(unit?.id.slice(0, 13) ?? '')).units).toEqual([unit?.id])
    expect((await found('1')).logs).toEqual([1])
    for (const none of ['%', '_', '\u{10ffff}', "'", 'ffffffff-ffff'])
      expect(await found(none)).toEqual({ servers: [], objects: [], units: [], logs: [] })
  })

  test('previews an expression: its faults by their place, what it matches, gains and loses', async () => {
    const preview = async (payload: object) => {
      const response = await api.ask({ method: 'POST', url: below('/routes/preview'), payload })
      return [response.statusCode, response.json()]
    }
    expect(await preview({ backend: 'files', match: 'site.id ==' })).toMatchObject([
      200,
      { problems: [{ line: 1, start: expect.any(Number), reason: expect.any(String) }], tried: 0 },
    ])
    expect(await preview({ backend: 'files', match: 'site.nothing == 1' })).toMatchObject([
      200,
      { problems: [{ start: 5, line: 1, column: 6 }] },
    ])
    expect(await preview({ backend: 'files', match: 'site.id == 2', route: 1 })).toMatchObject([
      200,
      {
        problems: [],
        tried: 2,
        matching: { count: 1, samples: ['site:2'] },
        gained: { count: 0, samples: [] },
        lost: { count: 1, samples: ['site:1'] },
      },
    ])
    expect(await preview({ backend: 'files', match: 'true' })).toMatchObject([200, { gained: { count: 2 } }])
    expect(await preview({ backend: 'nothing', match: 'true' })).toMatchObject([
      404,
      { code: 'ORC_BACKEND_UNKNOWN' },
    ])
    const refused = await api.ask({
      method: 'POST',
      url: below('/routes'),
      payload: { backend: 'files', server: 'here', match: 'site.id ==' },
    })
    expect([refused.statusCode, refused.json().errors]).toMatchObject([
      422,
      [{ pointer: '/body/match', from: expect.any(Number), to: expect.any(Number) }],
    ])
  })
})

describePostgres('the output of a log', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()

  test('is told by the operations of its script, and searched across the pieces that it came in', {
    timeout: 120_000,
  }, async () => {
    const world = await livedIn(await build({ ...adoptable }))
    const { ask } = apiOf(world)
    const pieces: [position: number | null, text: string][] = [
      [null, 'begin\n'],
      [0, 'one needle\ntwo nee'],
      [0, 'dle\nthree'],
      [1, ' goes on\nneedle needleneedle\n'],
      [null, 'end'],
    ]
    await world.store.query('delete from orchestra.log_chunk where log_id = 1')
    let [bytes, lines] = [0, 0]
    for (const [sequence, [position, piece]] of pieces.entries()) {
      await world.store.query(
        `insert into orchestra.log_chunk (log_id, sequence, stream, position, data, byte_at, line_at, stream_byte_at, stream_line_at)
         values (1, $1, 1, $2, $3, $4, $5, $4, $5)`,
        [sequence, position, Buffer.from(piece), bytes, lines],
      )
      bytes += piece.length
      lines += piece.split('\n').length - 1
    }
    const sections = (await ask(below('/logs/1/sections'))).json()
    expect(
      sections.items.map(({ position, from, to }: Record<string, unknown>) => [position, from, to]),
    ).toEqual([
      [null, 1, 6],
      [0, 2, 4],
      [1, 4, 5],
      [2, null, null],
    ])
    expect(sections.items[1]).toMatchObject({ action: 'save', object: 'site:1', outcome: 'success' })
    await world.store.query(
      `update orchestra.log_chunk set at = timestamptz '2026-01-31 09:00Z' + sequence * interval '1 second' where log_id = 1`,
    )
    const told = (await ask(below('/logs/1/lines'))).json()
    expect(told.lines.map(({ n, at }: Record<string, unknown>) => [n, at])).toEqual(
      [0, 1, 1, 2, 3, 4].map((second, index) => [index + 1, `2026-01-31T09:00:0${second}.000Z`]),
    )
    const search = async (query: Record<string, string>) =>
      (await ask(below(`/logs/1/search?${new URLSearchParams(query)}`))).json()
    const found = await search({ q: 'needle' })
    const output = pieces.map(([, piece]) => piece).join('')
    const offsets = [...output.matchAll(/needle/g)].map(({ index }) => index)
    expect(found).toEqual({
      positions: offsets.map((offset) => ({ offset, line: output.slice(0, offset).split('\n').length })),
      total: 5,
      truncated: false,
      searched: output.length,
      size: output.length,
    })
    expect(await search({ q: 'needle', limit: '1' })).toMatchObject({ positions: [{ line: 2 }], total: 5 })
    expect((await search({ q: 'needle', from: String(offsets[1]) })).total).toBe(4)
    expect((await search({ q: 'needle', from: String((offsets[1] ?? 0) + 1) })).total).toBe(3)
    expect(await search({ q: 'e', from: '1000000' })).toMatchObject({ total: 0, positions: [] })
    expect((await search({ q: 'nowhere' })).total).toBe(0)
    expect((await ask(below('/logs/999/search?q=a'))).statusCode).toBe(404)
    expect((await ask(below('/logs/999/sections'))).statusCode).toBe(404)
  })
})
