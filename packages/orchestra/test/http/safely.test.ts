import { randomUUID } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import { addRole, addToken, addUser } from '../../src/access/index.ts'
import { byCredentials } from '../../src/http/credentials.ts'
import { addChannel } from '../../src/notify/index.ts'
import { requestsBy } from '../../src/operate/index.ts'
import { beginOnce } from '../../src/requests/index.ts'
import { holdServer } from '../../src/server/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { type Api, below, keylessStore, useApis } from './api.ts'

const by = { by: 'test' }

describePostgres('what several change at once', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()
  let world: World
  let api: Api
  beforeEach(async () => {
    world = await build({})
    api = apiOf(world)
  })

  const tagOf = async (path: string) => String((await api.ask(below(path))).headers.etag)
  const change = (method: 'PATCH' | 'DELETE', path: string, tag: string | undefined, body: object = {}) =>
    api.ask({
      method,
      url: below(path),
      ...(method === 'PATCH' ? { body } : {}),
      headers: tag === undefined ? {} : { 'if-match': tag },
    })

  it('is not changed by whoever read another version than it has', async () => {
    const first = await tagOf('/routes/1')
    expect(first).toMatch(/^"[0-9a-f]{24}\.[\w-]{32}"$/)
    const done = await change('PATCH', '/routes/1', first, { match: 'site.id > 5' })
    expect(done.statusCode).toBe(200)
    const stale = await change('PATCH', '/routes/1', first, { match: 'site.id > 6' })
    expect([stale.statusCode, stale.json().code]).toEqual([412, 'ORC_CHANGED_MEANWHILE'])
    const present = String(stale.headers.etag)
    expect(await tagOf('/routes/1')).toContain(present.slice(0, -1))
    expect((await api.ask(below('/routes/1'))).json().match).toBe('site.id > 5')
    expect((await change('PATCH', '/routes/1', `"abc", ${present}`, { match: 'true' })).statusCode).toBe(200)
    expect((await change('DELETE', '/routes/1', 'W/"abc"')).statusCode).toBe(412)
    expect((await change('DELETE', '/routes/77', '"abc"')).statusCode).toBe(404)
    expect((await change('DELETE', '/routes/1', '*')).statusCode).toBe(200)
    const unversioned = await api.ask({
      method: 'POST',
      url: below('/pause'),
      headers: { 'if-match': first },
    })
    expect([unversioned.statusCode, unversioned.json().errors[0]?.pointer]).toEqual([400, '/header/If-Match'])
  })

  it('has a version wherever people change it: users, roles, bindings, tokens, channels', async () => {
    await addUser(world.store, { name: 'ana', role: 'viewer' }, by)
    await addRole(world.store, { name: 'own', permissions: ['status.read'] }, by)
    await addToken(world.store, { name: 'ci', role: 'viewer', days: 1 }, by)
    const webhook = {
      name: 'ops',
      kind: 'webhook',
      url: 'https://ops.example/',
      allowsPrivate: false,
    } as const
    await addChannel(world.store, webhook, 'test')
    for (const [path, changed, body] of [
      ['/users/ana', { sql: 'update orchestra.account set disabled_at = now()' }, { disabled: false }],
      [
        '/roles/own',
        { sql: `update orchestra.role set permissions = '{retry}'` },
        { permissions: ['retry'] },
      ],
      ['/bindings/1', { sql: `update orchestra.binding set role = 'operator' where id = 1` }, undefined],
      ['/tokens/ci', { sql: `update orchestra.token set networks = '{10.0.0.0/8}'` }, undefined],
      ['/channels/ops', { sql: 'update orchestra.channel set digest_seconds = 60' }, undefined],
    ] as const) {
      const read = await tagOf(path)
      expect([path, read]).toEqual([path, expect.stringMatching(/^"[0-9a-f]{24}\.[\w-]{32}"$/)])
      await world.store.query(changed.sql)
      const method = body === undefined ? 'DELETE' : 'PATCH'
      const stale = await change(method, path, read, body)
      expect([path, stale.statusCode, stale.json().code]).toEqual([path, 412, 'ORC_CHANGED_MEANWHILE'])
      const done = await change(method, path, await tagOf(path), body)
      expect([path, done.statusCode]).toEqual([path, 200])
    }
    expect(api.troubles).toEqual([])
  })

  it('is of the version that was read also after workers noted something of it', async () => {
    const tag = await tagOf('/servers/here')
    await world.store.query(`update orchestra.server set presented_at = now()`)
    expect((await change('PATCH', '/servers/here', tag, { tag: ['web'] })).statusCode).toBe(200)
    const next = await tagOf('/servers/here')
    await holdServer(world.store, 'here', by)
    expect((await change('PATCH', '/servers/here', next, { untag: ['web'] })).statusCode).toBe(412)
  })

  it('is changed by one of those who read the same', { timeout: 120_000 }, async () => {
    for (const [path, body] of [
      ['/routes/1', (n: number) => ({ match: `site.id > ${n}` })],
      ['/servers/here', (n: number) => ({ tag: [`tag${n}`] })],
    ] as const) {
      const tag = await tagOf(path)
      const all = await Promise.all(Array.from({ length: 8 }, (_, n) => change('PATCH', path, tag, body(n))))
      expect(all.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, ...Array(7).fill(412)])
    }
    expect(api.troubles).toEqual([])
  })

  it('is looked at again by the worker that it was left to', { timeout: 120_000 }, async () => {
    const store = await keylessStore(world)
    const keyless = apiOf(world, { store, holds: 'store' })
    const tag = await tagOf('/routes/1')
    const patch = (match: string, headers: Record<string, string>) =>
      keyless.ask({
        method: 'PATCH',
        url: below('/routes/1'),
        body: { match },
        headers: { 'if-match': tag, ...headers },
      })
    const asked = [await patch('site.id > 1', {}), await patch('site.id > 2', {})]
    expect(asked.map(({ statusCode }) => statusCode)).toEqual([202, 202])
    await world.work({ doRequest: requestsBy({ store: world.store, config: world.config }) })
    const states = async () => {
      const views = await Promise.all(asked.map((one) => keyless.ask(String(one.headers.location))))
      return views.map((view) => String(view.json().state)).toSorted()
    }
    await untilWithin(60_000, 'both have ended', async () => (await states()).join() === 'done,failed')
    const third = await patch('site.id > 3', { prefer: 'wait=60' })
    expect([third.statusCode, third.json().code]).toEqual([412, 'ORC_CHANGED_MEANWHILE'])
    await store.close()
  })
})

describePostgres('what is asked for under a key', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()
  let world: World
  let api: Api
  beforeEach(async () => {
    world = await build({})
    api = apiOf(world)
  })

  const post = (path: string, key: string, body: object = {}, asked = api) =>
    asked.ask({ method: 'POST', url: below(path), body, headers: { 'idempotency-key': key } })
  const count = async (table: string) =>
    (await world.store.query<{ n: number }>(`select count(*) as n from orchestra.${table}`))[0]?.n

  it('is done once, and answered the same by whichever process is asked', async () => {
    const key = randomUUID()
    const body = { backend: 'files', server: 'here', match: 'site.id == 77' }
    const [before, first] = [await count('route'), await post('/routes', key, body)]
    const other = apiOf(world)
    const again = await post('/routes', key, body, other)
    expect([again.statusCode, again.body, again.headers.location]).toEqual([
      201,
      first.body,
      first.headers.location,
    ])
    expect([first.headers['idempotency-replayed'], again.headers['idempotency-replayed']]).toEqual([
      undefined,
      'true',
    ])
    expect(await count('route')).toBe((before ?? 0) + 1)
    const another = await post('/routes', key, { ...body, match: 'false' })
    expect([another.statusCode, another.json().code]).toEqual([422, 'ORC_IDEMPOTENCY_REUSED'])
    expect((await post('/pause', key)).statusCode).toBe(200)
    await world.store.query(`update orchestra.idempotency set created_at = now() - interval '25 hours'`)
    expect((await post('/routes', key, body)).headers.location).not.toBe(first.headers.location)
  })

  it('is done by one of those who ask at once', async () => {
    const key = randomUUID()
    const body = { backend: 'files', server: 'here', match: 'site.id == 77' }
    const before = (await count('route')) ?? 0
    const all = await Promise.all(Array.from({ length: 8 }, () => post('/routes', key, body)))
    for (const { statusCode } of all) expect([201, 409]).toContain(statusCode)
    expect(await count('route')).toBe(before + 1)
    expect((await post('/routes', key, body)).statusCode).toBe(201)
  })

  it('may be tried again after it was refused, and not where nobody knows what became of it', async () => {
    const key = randomUUID()
    expect((await post('/servers/here/hold', key, { reason: 7 })).statusCode).toBe(400)
    expect((await post('/servers/gone/hold', key)).statusCode).toBe(404)
    expect((await post('/servers/gone/hold', key)).statusCode).toBe(404)
    const asked = JSON.stringify([below('/pause'), {}, null])
    const lost = { askerKey: 'loopback:alice', route: 'POST /pause', key: randomUUID(), asked, secret: false }
    expect(await beginOnce(world.store, lost)).toBe(undefined)
    expect((await post('/pause', lost.key)).json().code).toBe('ORC_IDEMPOTENCY_BUSY')
    await world.store.query(`update orchestra.idempotency set lease_until = now() - interval '1 second'`)
    const unknown = await post('/pause', lost.key)
    expect([unknown.statusCode, unknown.json().code]).toEqual([409, 'ORC_IDEMPOTENCY_LOST'])
    for (const wrong of ['', 'with a space in it', 'é', 'x'.repeat(256)])
      expect((await post('/pause', wrong)).json().errors[0]?.pointer).toBe('/header/Idempotency-Key')
  })

  it('is each one’s own, and what is told once is told once', async () => {
    const key = randomUUID()
    const made = await post('/tokens', key, { token: 'ci', role: 'operator', days: 1 })
    const { token } = made.json()
    const again = await post('/tokens', key, { token: 'ci', role: 'operator', days: 1 })
    expect([again.statusCode, again.json().code]).toEqual([409, 'ORC_IDEMPOTENCY_SECRET'])
    const password = 'correct horse battery'
    const user = { user: 'ana', role: 'viewer', password }
    const added = await post('/users', key, user)
    expect([added.statusCode, (await post('/users', key, user)).body]).toEqual([201, added.body])
    expect((await post('/users', key, { ...user, password: 'another' })).json().code).toBe(
      'ORC_IDEMPOTENCY_REUSED',
    )
    const [row] = await world.store.query<{ all: string }>(
      'select json_agg(i)::text as all from orchestra.idempotency i',
    )
    for (const secret of [token, key, password]) expect(row?.all).not.toContain(secret)
    const { token: other } = await addToken(world.store, { name: 'other', role: 'admin', days: 1 }, by)
    const owned = apiOf(world, { authenticate: byCredentials(world.store, world.config.http) })
    const theirs = await owned.ask({
      method: 'POST',
      url: below('/tokens'),
      body: { token: 'ci', role: 'operator', days: 1 },
      headers: { 'idempotency-key': key, authorization: `Bearer ${other}` },
    })
    expect([theirs.statusCode, theirs.json().code]).toEqual([409, 'ORC_TOKEN_EXISTS'])
  })
})
