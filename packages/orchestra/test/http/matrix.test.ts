import { beforeEach, expect, test } from 'vitest'
import {
  addBinding,
  addToken,
  addUser,
  enterByLink,
  makeLink,
  type Permission,
  standardRoles,
} from '../../src/access/index.ts'
import { byCredentials } from '../../src/http/credentials.ts'
import { doors } from '../../src/http/doors/index.ts'
import { type Endpoint, nameOf } from '../../src/http/endpoint.ts'
import { endpoints } from '../../src/http/endpoints/index.ts'
import { listen } from '../../src/http/listen.ts'
import { planKeep } from '../../src/operate/index.ts'
import { leastFor } from '../../src/operate/permissions.ts'
import { holdServer } from '../../src/server/index.ts'
import { requestSync } from '../../src/sync/index.ts'
import { askerOf, ask as performed } from '../operate/world.ts'
import { untilWithin } from '../support/processes.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { type Api, below, useApis } from './api.ts'

/**
 * What an admin of one server alone is answered for his own and for a foreign object, or for a list; null where there is no such. What
 * is sent is the query of a GET.
 */
type Line = readonly [
  own: number | null,
  foreign: number | null,
  sent?: (server: string) => Record<string, unknown>,
]

/** `[200, 200]` of what is foreign is an empty list. */
const lines: Readonly<Record<string, Line>> = {
  'GET /status': [200, null],
  'GET /workers': [200, null],
  'GET /doctor': [403, null],
  'GET /matrix': [200, null],
  'GET /search': [200, null, () => ({ q: 'site' })],
  'GET /events': [200, null],
  'GET /events/stream': [null, null],
  'GET /audit': [403, null],
  'GET /pause': [200, null],
  'POST /pause': [403, null],
  'DELETE /pause': [403, null],
  'GET /metrics': [403, null],
  'GET /servers': [200, null],
  'POST /servers': [403, null, () => ({ name: 'web3' })],
  'PATCH /servers/{server}': [null, 404, () => ({ tag: ['eu'] })],
  'POST /servers/check': [403, null],
  'POST /servers/{server}/check': [200, 404],
  'POST /servers/{server}/approve-key': [null, 404, () => ({ fingerprint: `SHA256:${'A'.repeat(43)}` })],
  'GET /servers/{server}': [200, 404],
  'DELETE /servers/{server}': [null, 404],
  'POST /servers/{server}/hold': [200, 404],
  'POST /servers/{server}/release': [200, 404],
  'GET /servers/{server}/lane': [200, 404],
  'GET /servers/{server}/placements': [200, 200],
  'GET /servers/{server}/findings': [200, 200],
  'GET /routes': [200, null],
  'POST /routes': [null, 404, (server) => ({ backend: 'files', server, match: 'true' })],
  'POST /routes/preview': [403, null, () => ({ backend: 'files', match: 'true' })],
  'GET /routes/{route}': [200, 404],
  'PATCH /routes/{route}': [null, 404, () => ({ match: 'false' })],
  'DELETE /routes/{route}': [null, 404],
  'POST /routes/{route}/enable': [200, 404],
  'POST /routes/{route}/disable': [null, 404],
  'GET /backends': [200, null],
  'GET /models': [200, null],
  'GET /models/{model}/fields': [200, null],
  'GET /schedules': [200, null],
  'GET /objects': [200, null],
  'GET /objects/{object}/operations': [200, 200],
  'GET /objects/{object}/findings': [200, 200],
  'GET /objects/{object}/explain': [200, 404],
  'GET /objects/{object}/placements': [200, 200],
  'GET /objects/{object}/history': [200, 200],
  'POST /objects/{object}/retry': [200, 404],
  'POST /objects/{object}/cancel': [200, 404],
  'POST /objects/{object}/collect': [403, 403],
  'POST /objects/{object}/forget': [null, 404, (server) => ({ server, yes: true })],
  'GET /placements': [200, null],
  'GET /protections': [200, null],
  'POST /protections': [403, null, () => ({ object: 'site:1' })],
  'DELETE /protections': [403, null],
  'GET /transfers': [200, null],
  'GET /units': [200, null],
  'GET /units/{unit}': [200, 404],
  'GET /units/{unit}/work': [200, 404],
  'POST /units/{unit}/retry': [200, 404],
  'POST /units/{unit}/cancel': [200, 404],
  'POST /retry': [200, null, () => ({ failed: true })],
  'GET /operations': [200, null],
  'GET /logs': [200, null],
  'GET /logs/{log}': [200, 404],
  'GET /logs/{log}/script': [200, 404],
  'GET /logs/{log}/output': [200, 404],
  'GET /logs/{log}/lines': [200, 404],
  'GET /logs/{log}/sections': [200, 404],
  'GET /logs/{log}/search': [200, 404, () => ({ q: 'a' })],
  'GET /logs/{log}/stream': [200, 404],
  'POST /logs/{log}/retry': [200, 404],
  'POST /logs/{log}/cancel': [200, 404],
  'GET /trash': [403, null],
  'POST /trash/empty': [403, null, () => ({ yes: true })],
  'GET /servers/{server}/trash': [200, 404],
  'POST /servers/{server}/trash/{id}/restore': [null, 404],
  'POST /servers/{server}/trash/empty': [200, 404, () => ({ yes: true })],
  'POST /adoptions/survey': [null, 404, (server) => ({ server })],
  'POST /adoptions': [null, 404, (server) => ({ server })],
  'POST /bulk': [202, null, (server) => ({ action: 'hold', items: [server] })],
  'GET /bulk/{bulk}': [404, 404],
  'GET /bulk/{bulk}/items': [404, 404],
  'POST /bulk/{bulk}/cancel': [404, 404],
  'GET /requests': [200, null],
  'GET /requests/{request}': [404, 404],
  'POST /requests/{request}/cancel': [404, 404],
  'POST /schedules/{schedule}/run': [403, 403],
  'GET /incidents': [200, null],
  'GET /incidents/{incident}': [200, 404],
  'POST /incidents/{incident}/mute': [200, 404],
  'POST /incidents/{incident}/acknowledge': [200, 404],
  'POST /incidents/{incident}/retry': [200, 404],
  'POST /incidents/{incident}/merge': [404, 404, () => ({ into: 77 })],
  'POST /incidents/{incident}/split': [400, 404],
  'POST /incidents/{incident}/resolve': [200, 404],
  'GET /channels': [403, null],
  'POST /channels': [403, null, () => ({ channel: 'ops', webhook: { url: 'https://ops.example/' } })],
  'GET /channels/{channel}': [403, 403],
  'DELETE /channels/{channel}': [403, 403],
  'POST /channels/{channel}/test': [403, 403],
  'GET /channels/{channel}/deliveries': [403, 403],
  'GET /deliveries': [403, null],
  'POST /deliveries/{delivery}/redeliver': [403, 403],
  'GET /hooks': [403, null],
  'POST /hooks': [201, 404, (server) => ({ hook: 'one', does: 'check', servers: [server] })],
  'GET /hooks/{hook}': [403, 403],
  'DELETE /hooks/{hook}': [403, 403],
  'GET /audit/head': [403, null],
  'GET /audit/verify': [403, null],
  'GET /audit/export': [403, null],
  'GET /plans': [200, null],
  'POST /plans': [201, 404, (server) => ({ server })],
  'POST /plans/preview': [200, 404, (server) => ({ server })],
  'GET /plans/{plan}': [200, 404],
  'GET /plans/{plan}/operations': [200, 404],
  'GET /plans/{plan}/diffs': [200, 404],
  'GET /plans/{plan}/scripts': [200, 404],
  'POST /plans/{plan}/apply': [201, 404],
  // A token is no person.
  'POST /plans/{plan}/approve': [403, 404],
  'POST /plans/{plan}/reject': [403, 404],
  'POST /plans/{plan}/discard': [409, 404],
  'GET /approvals': [200, null],
  'GET /approvals/given': [200, null],
  'GET /syncs': [200, null],
  'POST /syncs': [202, 404, (server) => ({ mode: 'check', server })],
  'GET /syncs/{id}': [200, 404],
  'POST /syncs/{id}/cancel': [403, 403],
  'GET /views': [200, null],
  'POST /views': [null, 403, () => ({ name: 'a', page: 'logs', shared: true })],
  'PATCH /views/{view}': [404, 404, () => ({ name: 'b' })],
  'DELETE /views/{view}': [404, 404],
  'GET /findings': [200, null],
  'GET /findings/causes': [200, null],
  'POST /findings/repair': [200, null, (server) => ({ server, dryRun: true })],
  'GET /users': [200, null],
  'POST /users': [403, null, () => ({ user: 'bo' })],
  'GET /users/{user}': [404, null],
  'PATCH /users/{user}': [403, null, () => ({ disabled: true })],
  'DELETE /users/{user}': [403, null],
  'POST /users/{user}/link': [403, null],
  'GET /sessions': [200, null],
  'DELETE /sessions/{session}': [404, null],
  'GET /roles': [403, null],
  'POST /roles': [403, null, () => ({ role: 'all', permissions: ['status.read'] })],
  'GET /roles/{role}': [403, null],
  'PATCH /roles/{role}': [403, null, () => ({ permissions: ['user'] })],
  'DELETE /roles/{role}': [403, null],
  'GET /bindings': [403, null],
  'POST /bindings': [201, 404, (server) => ({ role: 'viewer', user: 'ana', servers: [server] })],
  'GET /bindings/{binding}': [403, null],
  'DELETE /bindings/{binding}': [403, null],
  'GET /tokens': [200, null],
  'POST /tokens': [201, 404, (server) => ({ token: 'more', role: 'viewer', servers: [server] })],
  'GET /tokens/{token}': [404, null],
  'DELETE /tokens/{token}': [403, null],
}

test('every endpoint says what somebody with limits is answered, and every door is of a known kind', () => {
  expect(Object.keys(lines).toSorted()).toEqual(endpoints.map(nameOf).toSorted())
  expect(doors.filter(({ anonymous }) => anonymous).map(nameOf)).toEqual([
    'POST /session',
    'POST /session/link',
    'GET /auth/oidc/{provider}/start',
    'GET /auth/oidc/{provider}/callback',
    'POST /hooks/{hook}/deliver',
  ])
})

describePostgres('the API', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()
  let world: World
  let api: Api
  beforeEach(async () => {
    world = await build({ servers: ['web1', 'web2'] })
    const { http } = world.config
    const config = { ...world.config, http: { ...http, requests: 100_000 } }
    api = apiOf(world, { config, authenticate: byCredentials(world.store, http) })
  }, 120_000)

  const tokenOf = async (role: string, servers?: readonly string[]): Promise<string> => {
    const name = `${role}${servers?.join() ?? ''}`
    return (await addToken(world.store, { name, role, days: 1, servers }, { by: 'test' })).token
  }
  let asking = 0
  // From here and there: one address is not let try so often.
  const ask = ({ method }: Pick<Endpoint, 'method'>, path: string, token?: string, body?: object) =>
    api.ask({
      method,
      remoteAddress: `192.0.2.${1 + (asking++ % 250)}`,
      url: below(path),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body }),
    })
  const audited = async (): Promise<number> => (await world.store.query('select from orchestra.audit')).length

  test('asks everybody who he is, everywhere', { timeout: 180_000 }, async () => {
    const expired = await tokenOf('admin')
    await world.store.query(`update orchestra.token set expires_at = now() - interval '1 second'`)
    const before = await audited()
    const asked = [...endpoints, ...doors.filter(({ anonymous }) => !anonymous)]
    for (const endpoint of asked)
      for (const token of [undefined, expired]) {
        const { statusCode } = await ask(endpoint, endpoint.path, token)
        expect([nameOf(endpoint), statusCode]).toEqual([nameOf(endpoint), 401])
      }
    expect(await audited()).toBe(before)
  })

  test.each(Object.keys(standardRoles))(
    'lets a role do what it is for, and nothing else: %s',
    async (role) => {
      const token = await tokenOf(role)
      const before = await audited()
      for (const endpoint of endpoints) {
        const least = leastFor(endpoint.verb.name)
        const hasOne = (some: readonly Permission[]) => some.some((one) => standardRoles[role]?.includes(one))
        const may = least !== 'command' && (least.length === 0 || hasOne(least))
        // What nobody understands is refused after it was looked whether he may, and before anything is done.
        const { statusCode } = await ask(endpoint, `${endpoint.path}?no-such=1`, token)
        expect([nameOf(endpoint), statusCode]).toEqual([nameOf(endpoint), may ? 400 : 403])
      }
      expect(await audited()).toBe(before)
    },
  )

  test('shows and does nothing beyond the limits of whoever asks', { timeout: 180_000 }, async () => {
    const route = (server: string) =>
      `(select id from orchestra.server where name = '${server}') and backend = 'files'`
    await world.store.query(
      `update orchestra.route set match = 'site.id == 1' where server_id = ${route('web1')}`,
    )
    await world.work()
    await world.store.query(`insert into site (id, domain) values (1, 'own.example')`)
    await world.calm()
    await world.store.query(`insert into site (id, domain) values (2, 'foreign.example')`)
    await world.calm()
    await world.stopWorkers()
    const idOf = async (sql: string) => String((await world.store.query<{ id: unknown }>(sql))[0]?.id)
    const sync = async (server: string) =>
      String((await requestSync(world.store, { mode: 'check', server, actor: null, source: 'cli' })).id)
    const incident = (server: string) =>
      idOf(`insert into orchestra.incident (key, server_id, backend, outcome, samples, objects, most, told, opened_at, seen_at)
        select s.name, s.id, 'files', 'failure', jsonb_build_array('of ' || s.name), 1, 1, 1, now(), now()
        from orchestra.server s where s.name = '${server}' returning id`)
    const plan = async (server: string) => {
      const { id } = (await performed(planKeep, { server }, askerOf(world))) as { id: number }
      return String(id)
    }
    const operation = (server: string, key: string) =>
      `from orchestra.operation where object_key = '${key}'
       and server_id = (select id from orchestra.server where name = '${server}')`
    const of = async (server: string, key: string): Promise<Record<string, string>> => ({
      server,
      route: await idOf(`select id from orchestra.route where server_id = ${route(server)}`),
      object: `site:${key}`,
      unit: await idOf(`select unit_id as id ${operation(server, key)}`),
      log: await idOf(`select log_id as id ${operation(server, key)}`),
      id: await sync(server),
      user: 'ana',
      session: '1',
      role: 'viewer',
      model: 'site',
      binding: '1',
      token: 'ci',
      request: '1',
      bulk: '77',
      schedule: 'nightly',
      incident: await incident(server),
      plan: await plan(server),
      channel: 'ops',
      delivery: '1',
      view: '77',
      hook: 'shop',
    })
    await addUser(world.store, { name: 'ana', role: 'viewer' }, { by: 'test' })
    const [own, foreign] = [await of('web1', '1'), await of('web2', '2')]
    const token = await tokenOf('admin', ['web1'])
    const filled = (path: string, values: Record<string, string>) =>
      path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))
    for (const endpoint of endpoints) {
      const name = nameOf(endpoint)
      const [ownStatus, foreignStatus, send] = lines[name] ?? [null, null]
      for (const [values, status] of [
        [own, ownStatus],
        [foreign, foreignStatus],
      ] as const) {
        if (status === null) continue
        const isForeign = values === foreign
        const sent = send?.(values.server ?? '') ?? {}
        const path = filled(endpoint.path, values)
        const response =
          endpoint.method === 'GET'
            ? await ask(endpoint, `${path}?${new URLSearchParams(sent as Record<string, string>)}`, token)
            : await ask(endpoint, path, token, send && sent)
        expect([name, isForeign, response.statusCode]).toEqual([name, isForeign, status])
        if (status >= 400 || /events|workers/.test(name)) continue
        expect([name, response.body]).not.toEqual([name, expect.stringMatching(/web2|foreign/)])
        if (isForeign) expect(response.json().items).toEqual([])
      }
    }
    expect((await ask({ method: 'GET' }, '/servers', token)).json().items).toMatchObject([{ name: 'web1' }])
    expect((await ask({ method: 'GET' }, '/units', token)).json().items).toMatchObject([{ operations: 1 }])
    expect((await ask({ method: 'GET' }, '/placements', token)).json().items).toHaveLength(1)
    const read = async (path: string) => (await ask({ method: 'GET' }, path, token)).json()
    expect(await read('/matrix')).toMatchObject({ servers: [{ server: 'web1' }], count: 1, next: null })
    const found = { servers: ['web1'], objects: [], units: [], logs: [] }
    expect(await read('/search?q=web')).toEqual(found)
    expect(await read('/search?q=site:')).toMatchObject({ objects: [{ object: 'site:1' }] })
    expect(await read(`/search?q=${own.log}`)).toMatchObject({ logs: [Number(own.log)] })
    for (const hidden of ['site:2', foreign.log, foreign.unit])
      expect(await read(`/search?q=${hidden}`)).toEqual({ ...found, servers: [] })
    // What a query tells is of what he may see: also of a unit that did more.
    await world.store.query(
      `update orchestra.operation set unit_id = $1 where id in (select id ${operation('web2', '2')})`,
      [own.unit],
    )
    for (const [query, count] of [
      ['', 1],
      ['object:site:1', 1],
      ['object:site:2', 0],
    ] as const)
      for (const list of ['units', 'operations'])
        expect([list, query, await read(`/${list}?q=${query}`)]).toMatchObject([list, query, { count }])
    const gone = await ask({ method: 'GET' }, '/servers/web9', token)
    const hidden = await ask({ method: 'GET' }, '/servers/web2', token)
    const same = ({ detail, requestId: _, ...problem }: Record<string, string>) => ({
      ...problem,
      detail: detail?.replace(/web\d/, 'web'),
    })
    expect(same(hidden.json())).toEqual(same(gone.json()))
    const refusals = await world.store.query(
      `select target from orchestra.audit where action = 'server.hold' and detail ->> 'failed' = 'ORC_FORBIDDEN'`,
    )
    expect(refusals).toEqual([{ target: 'web2' }])
  })

  test('cancels and tries again where whoever asks may, and nowhere else', async () => {
    for (const server of ['web1', 'web2'])
      await holdServer(world.store, server, { by: 'test', reason: 'later' })
    await world.work()
    await world.store.query(`insert into site (id, domain) values (1, 'held.example')`)
    const waiting = async () =>
      (
        await world.store.query<{ server: string }>(
          `select distinct s.name as server from orchestra.operation o join orchestra.server s on s.id = o.server_id
           where o.state = 'waiting' order by s.name`,
        )
      ).map(({ server }) => server)
    await untilWithin(60_000, 'both wait', async () => (await waiting()).length === 2)
    const post = async (path: string, token: string) => {
      const response = await ask({ method: 'POST' }, path, token)
      return [response.statusCode, response.json()] as const
    }
    const seeing = await tokenOf('operator', ['web9'])
    await addBinding(world.store, { role: 'viewer', to: { token: 'operatorweb9' } }, { by: 'test' })
    for (const act of ['retry', 'cancel'])
      expect(await post(`/objects/site:1/${act}`, seeing)).toMatchObject([403, { code: 'ORC_FORBIDDEN' }])
    expect(await waiting()).toEqual(['web1', 'web2'])
    const own = await tokenOf('operator', ['web1'])
    const [{ count } = { count: 0 }] = await world.store.query<{ count: number }>(
      `select count(*)::int as count from orchestra.operation o join orchestra.server s on s.id = o.server_id
       where o.state = 'waiting' and s.name = 'web1'`,
    )
    expect(await post('/objects/site:1/retry', own)).toMatchObject([200, { hastened: count }])
    expect(await post('/objects/site:1/cancel', own)).toMatchObject([200, { stopping: [], undecided: 0 }])
    expect(await waiting()).toEqual(['web2'])
    // It stands at web2 too, where it would be tried as well.
    expect(await post('/objects/site:1/retry', own)).toMatchObject([200, { hastened: 0, lookedAtAgain: 0 }])
    const explained = (await ask({ method: 'GET' }, '/objects/site:1/explain', own)).json()
    expect(explained.places.map(({ server }: { server: string }) => server)).not.toContain('web2')
    expect(explained.places).not.toEqual([])
  })

  test('tells what happens where whoever asks may see it, and nothing of elsewhere', async () => {
    const token = await tokenOf('viewer', ['web1'])
    const begun = (await ask({ method: 'GET' }, '/events', token)).json().next
    await world.work()
    await world.store.query(`insert into site (id, domain) values (1, 'own.example')`)
    await world.calm()
    const cursor = encodeURIComponent(begun)
    const { items } = (await ask({ method: 'GET' }, `/events?cursor=${cursor}`, token)).json()
    expect(items.map(({ event }: { event: string }) => event)).toEqual(
      expect.arrayContaining(['unit', 'ended']),
    )
    expect(JSON.stringify(items)).toContain('web1')
    expect(JSON.stringify(items)).not.toContain('web2')
    const all = await ask({ method: 'GET' }, `/events?cursor=${cursor}`, await tokenOf('viewer'))
    expect(all.body).toContain('web2')
  })

  /** What the stream of events tells from a cursor on, until it has told something. */
  const streamed = async (cursor: string, token: string, last: string): Promise<string> => {
    const { store, config, load, environment } = askerOf(world)
    const live = await listen({
      ...{ store, config, load, environment, holds: 'store', host: '127.0.0.1', port: 0 },
      authenticate: byCredentials(store, config.http),
      onError: (trouble) => api.troubles.push(trouble),
    })
    const headers = { authorization: `Bearer ${token}`, 'last-event-id': cursor }
    const { body } = await fetch(`${live.url}/api/v1/events/stream`, { headers })
    let told = ''
    for await (const bytes of body ?? []) {
      told += new TextDecoder().decode(bytes)
      if (told.includes(last)) break
    }
    await live.close()
    return told
  }

  test('tells no secret by which somebody comes in', async () => {
    const password = 'correct horse battery'
    await addUser(world.store, { name: 'ana', role: 'admin', password }, { by: 'test' })
    const { secret } = await makeLink(world.store, { user: 'ana' }, { by: 'test' })
    const entered = await enterByLink(world.store, { secret, address: '127.0.0.1' })
    const another = await makeLink(world.store, { user: 'ana' }, { by: 'test' })
    const token = await tokenOf('admin')
    const canaries = [password, 'scrypt$', secret, another.secret, entered.secret, token]
    const begun = (await ask({ method: 'GET' }, '/events', token)).json().next
    await world.work()
    await world.store.query(`insert into site (id, domain) values (1, 'own.example')`)
    await world.calm()
    const [row] = await world.store.query<{ unit: string; log: number }>(
      'select unit_id as unit, log_id as log from orchestra.operation where log_id is not null order by id limit 1',
    )
    const { unit = '', log = 0 } = row ?? {}
    const there: Readonly<Record<string, string>> = {
      server: 'web1',
      object: 'site:1',
      unit,
      log: String(log),
      user: 'ana',
    }
    const told = await streamed(begun, token, 'event: ended')
    for (const canary of canaries) expect(told).not.toContain(canary)
    for (const { method, path } of endpoints) {
      // This one never ends by itself, and was read above.
      if (method !== 'GET' || path === '/events/stream') continue
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent(there[name] ?? '1'),
      )
      const { body } = await ask({ method }, filled, token)
      for (const canary of canaries) expect([path, body.includes(canary)]).toEqual([path, false])
    }
    expect(api.troubles).toEqual([])
  })
})
