import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import {
  addBinding,
  addRole,
  addToken,
  addUser,
  listSessions,
  login,
  revokeSession,
  revokeToken,
  setRole,
} from '../../src/access/index.ts'
import { checkHttp } from '../../src/config/http.ts'
import { addServer } from '../../src/fleet/index.ts'
import { byApplication } from '../../src/http/authorize.ts'
import { byCredentials } from '../../src/http/credentials.ts'
import { defineBackend, defineModel, type Model } from '../../src/index.ts'
import { requestsBy } from '../../src/operate/index.ts'
import { claimRequest } from '../../src/requests/claim.ts'
import type { Store } from '../../src/store/index.ts'
import { printed } from '../operate/printed.ts'
import { adoptable, askerOf, livedIn } from '../operate/world.ts'
import { untilWithin } from '../support/processes.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { type Api, below, keylessStore, useApis } from './api.ts'

const by = { by: 'test' }
const canary = 'canary-5f1e0c77'

const Account = defineModel({
  name: 'account',
  table: 'account',
  schema: z.object({ id: z.number().int(), password: z.string() }),
  secrets: ['password'],
})
const passwords = defineBackend({
  name: 'passwords',
  model: Account,
  identity: ({ id }) => String(id),
  save: (script, { id, password }) => script.file(`passwords/${id}`, password),
  delete: (script, { id }) => script.absent(`passwords/${id}`),
})

describePostgres('what a process without key and ways to servers is asked for', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()
  let world: World
  let store: Store
  let api: Api
  beforeEach(async () => {
    world = await livedIn(await build(adoptable))
    store = await keylessStore(world)
    api = apiOf(world, { store, holds: 'store' })
  }, 120_000)
  afterEach(() => store.close())

  const work = () => {
    const { config, store: own } = world
    return world.work({
      doRequest: requestsBy({ store: own, config, onError: (one) => world.errors.push(one) }),
    })
  }
  const post = (path: string, body: object = {}, headers: Record<string, string> = {}) =>
    api.ask({ method: 'POST', url: below(path), body, headers })
  /** Waits, as a client does that wants the answer. */
  const waiting = { prefer: 'wait=60' }
  const shown = async (id: number) => (await api.ask(below(`/requests/${id}`))).json()
  const ended = async (id: number) => {
    await untilWithin(60_000, 'the request has ended', async () => (await shown(id)).endedAt !== null)
    return shown(id)
  }

  it('waits, says that no worker is there, and is ended by whoever asked', async () => {
    const response = await post('/servers/check')
    expect(response.statusCode).toBe(202)
    expect(response.headers.location).toBe(below('/requests/1'))
    expect(response.json()).toMatchObject({
      id: 1,
      verb: 'server.check',
      state: 'waiting',
      reason: 'no-worker',
      by: 'alice',
    })
    expect((await post('/requests/1/cancel')).json()).toEqual({ request: 1, wasOpen: true })
    expect(await shown(1)).toMatchObject({ state: 'cancelled', reason: null, result: null })
    expect((await post('/requests/1/cancel')).json()).toEqual({ request: 1, wasOpen: false })
    expect((await api.ask(below('/requests/77'))).json().code).toBe('ORC_REQUEST_UNKNOWN')
  })

  it('is answered by a worker as the command answers it', { timeout: 120_000 }, async () => {
    // What lanes do meanwhile would make two plans of one; requests are done in a pause too.
    await post('/pause')
    await work()
    const trash = await api.ask({ url: below('/servers/here/trash'), headers: waiting })
    expect([trash.statusCode, trash.headers['preference-applied']]).toEqual([200, 'wait=60'])
    expect(trash.json().items).toEqual(await printed('trash list --server here', askerOf(world)))
    const plan = await post('/plans/preview', {}, waiting)
    expect([plan.statusCode, plan.json()]).toEqual([200, await printed('plan', askerOf(world))])
    const checked = await post('/servers/here/check', {}, waiting)
    expect(checked.json()).toMatchObject([{ server: 'here', state: 'ok' }])
    const made = await post('/servers', { name: 'far', method: 'function' }, waiting)
    expect([made.statusCode, made.headers.location]).toEqual([201, below('/servers/far')])
    const [entry] = (await printed('audit list --action server.add --target far', askerOf(world))) as {
      by: string
    }[]
    expect(entry?.by).toBe('alice')
    const { result } = await shown(1)
    expect(result).toEqual(trash.json().items)
    expect(await printed('request show 1', askerOf(world))).toMatchObject({ id: 1, state: 'done', result })
    expect(world.errors).toEqual([])
  })

  it('fails as it would have failed at once, and is refused at once where that can be known', async () => {
    await work()
    const unknown = await post('/servers/gone/trash/empty', { yes: true }, waiting)
    expect([unknown.statusCode, unknown.json().code]).toEqual([404, 'ORC_SERVER_UNKNOWN'])
    const refused = await post('/trash/empty', {}, waiting)
    expect([refused.statusCode, refused.json().hint]).toEqual([
      409,
      'Send "yes": true when that is what you want',
    ])
    const wrong = await post('/servers/check', { servers: 'here' })
    expect([wrong.statusCode, wrong.json().errors]).toEqual([
      400,
      [{ pointer: '/body/servers', detail: 'is not a list' }],
    ])
    const foreign = await api.ask({ url: below('/trash'), headers: { 'sec-fetch-site': 'cross-site' } })
    expect(foreign.json().code).toBe('ORC_HTTP_ORIGIN')
    expect((await api.ask(below('/requests'))).json().items).toHaveLength(2)
  })

  it('is not begun when that may be meant no more', async () => {
    await post('/trash/empty', { yes: true })
    await world.store.query(`update orchestra.request set expires_at = now()`)
    await work()
    expect(await ended(1)).toMatchObject({ state: 'expired', error: { code: 'ORC_REQUEST_EXPIRED' } })
    expect(await printed('trash list', askerOf(world))).toHaveLength(2)
  })

  it('is done again after a lost worker only where that does no harm', async () => {
    await post('/trash/empty', { yes: true })
    await post('/servers/check')
    const lost = randomUUID()
    await claimRequest(world.store, lost)
    await claimRequest(world.store, lost)
    await world.store.query(`update orchestra.request set lease_until = now() - interval '1 second'`)
    expect(await shown(1)).toMatchObject({ state: 'running', reason: 'worker-silent' })
    await work()
    expect(await ended(1)).toMatchObject({ state: 'unknown', error: { code: 'ORC_REQUEST_LOST' } })
    expect(await ended(2)).toMatchObject({ state: 'done', result: [{ server: 'here' }] })
    expect(await printed('trash list', askerOf(world))).toHaveLength(2)
  })

  it('ends at once when it is cancelled while a server keeps it waiting', async () => {
    const asked = Promise.withResolvers<void>()
    const silent = createServer(() => asked.resolve()).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    await addServer(world.store, { name: 'silent', host: '127.0.0.1', port, ...by })
    await work()
    await post('/servers/silent/check')
    await asked.promise
    await post('/requests/1/cancel')
    expect(await ended(1)).toMatchObject({ state: 'cancelled' })
    silent.close()
  })

  it('is given back by a worker that ends, and done by the next', async () => {
    const asked = Promise.withResolvers<void>()
    const silent = createServer(() => asked.resolve()).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    await addServer(world.store, { name: 'silent', host: '127.0.0.1', port, ...by })
    await work()
    await post('/servers/silent/check')
    await asked.promise
    await world.stopWorkers(0)
    expect(await shown(1)).toMatchObject({ state: 'waiting', reason: 'no-worker' })
    silent.close()
    await work()
    expect(await ended(1)).toMatchObject({ state: 'done', result: [{ state: 'problem' }] })
  })

  it('is limited for each who asks', async () => {
    await Promise.all(Array.from({ length: 60 }, () => post('/servers/check')))
    const items = (await api.ask(below('/requests?limit=200'))).json().items
    expect(items).toHaveLength(50)
    const more = await post('/servers/check')
    expect([more.statusCode, more.json().code]).toEqual([429, 'ORC_REQUEST_LIMIT'])
  })

  it('holds nothing secret, and what is secret is not left to others', async () => {
    const other = await build({
      models: [Account as Model],
      backends: [passwords],
      tables: 'create table account (id integer primary key, password text not null)',
    })
    const keyless = await keylessStore(other)
    const its = apiOf(other, { store: keyless, holds: 'store' })
    await other.store.query('insert into account values (1, $1)', [canary])
    await other.collect()
    const { config, store: own } = other
    // What is to be done stays so.
    await its.ask({ method: 'POST', url: below('/pause') })
    await other.work({ doRequest: requestsBy({ store: own, config }) })
    const preview = await its.ask({ method: 'POST', url: below('/plans/preview'), headers: waiting })
    expect(preview.statusCode).toBe(200)
    const kept = await its.ask({ method: 'POST', url: below('/plans'), headers: waiting })
    expect([kept.statusCode, kept.headers.location]).toEqual([201, below('/plans/1')])
    for (const part of ['', '/operations', '/diffs', '/scripts']) {
      const { statusCode, body } = await its.ask(below(`/plans/1${part}`))
      expect([part, statusCode, body.includes(canary)]).toEqual([part, 200, false])
    }
    expect((await its.ask(below('/plans/1/scripts'))).body).toContain('password')
    const [atRest] = await own.query<{ all: string }>(
      `select (select json_agg(p)::text from orchestra.plan p)
         || (select json_agg(p)::text from orchestra.plan_operation p)
         || (select json_agg(p)::text from orchestra.plan_script p) as all`,
    )
    expect(atRest?.all).toContain('passwords/1')
    expect(atRest?.all).not.toContain(canary)
    const channel = { channel: 'ops', webhook: { url: `https://ops.example/${canary}` } }
    const refused = await its.ask({ method: 'POST', url: below('/channels'), body: channel })
    expect([refused.statusCode, refused.json().code]).toEqual([501, 'ORC_KEY_ABSENT'])
    expect(refused.body).not.toContain(canary)
    const [row] = await own.query<{ all: string }>(`select json_agg(r)::text as all from orchestra.request r`)
    expect(row?.all).toContain('plan.make')
    expect(row?.all).not.toContain(canary)
    await keyless.close()
  })

  it('is done with what whoever asked may do by then, and is nobody else’s to see', async () => {
    const owned = apiOf(world, {
      store,
      holds: 'store',
      authenticate: byCredentials(store, world.config.http),
    })
    await addRole(world.store, { name: 'checker', permissions: ['check'] }, by)
    const tokenOf = async (name: string) =>
      (await addToken(world.store, { name, role: 'checker', servers: ['here'], days: 1 }, by)).token
    const [own, gone, other] = [await tokenOf('own'), await tokenOf('gone'), await tokenOf('other')]
    const as = (token: string, path: string, method: 'GET' | 'POST' = 'GET') =>
      owned.ask({ method, url: below(path), headers: { authorization: `Bearer ${token}` } })
    expect((await as(own, '/servers/check', 'POST')).json().code).toBe('ORC_FORBIDDEN')
    expect((await as(own, '/trash')).json().code).toBe('ORC_FORBIDDEN')
    const [mine, theirs] = [
      (await as(own, '/servers/here/check', 'POST')).json().id,
      (await as(gone, '/servers/here/check', 'POST')).json().id,
    ]
    await revokeToken(world.store, 'gone', by)
    expect((await as(other, `/requests/${mine}`)).statusCode).toBe(404)
    expect((await as(other, `/requests/${mine}/cancel`, 'POST')).statusCode).toBe(404)
    expect((await as(other, '/requests')).json().items).toEqual([])
    await work()
    expect(await ended(theirs)).toMatchObject({ state: 'failed', error: { code: 'ORC_TOKEN_INVALID' } })
    expect(await ended(mine)).toMatchObject({ state: 'done', by: 'token:own' })
    expect((await as(own, `/requests/${mine}`)).json().result).toMatchObject([{ server: 'here' }])
    await setRole(world.store, { name: 'checker', permissions: ['hold'] }, by)
    expect((await as(own, `/requests/${mine}`)).json().code).toBe('ORC_FORBIDDEN')
  })

  it('is not done once a session has ended, or a token is no more for where its asker was', async () => {
    const password = 'correct horse battery'
    await addUser(world.store, { name: 'ana', role: 'admin', password }, by)
    const from = { address: '127.0.0.1', agent: 'test' }
    const { secret } = await login(world.store, { name: 'ana', password, ...from })
    const { token } = await addToken(world.store, { name: 'ci', role: 'operator', days: 1 }, by)
    const owned = apiOf(world, {
      store,
      holds: 'store',
      authenticate: byCredentials(store, world.config.http),
    })
    const check = async (headers: Record<string, string>) =>
      owned.ask({ method: 'POST', url: below('/servers/here/check'), headers })
    const own = { 'sec-fetch-site': 'same-origin', cookie: `orchestra=${secret}` }
    const bySession = await check(own)
    expect(bySession.statusCode).toBe(202)
    const byTrash = { url: below('/servers/here/trash'), headers: { ...own, 'sec-fetch-site': 'none' } }
    expect((await owned.ask(byTrash)).json().code).toBe('ORC_HTTP_ORIGIN')
    const byToken = await check({ authorization: `Bearer ${token}` })
    expect(byToken.statusCode).toBe(202)
    const [session] = await listSessions(world.store)
    await revokeSession(world.store, session?.id ?? 0, by)
    await world.store.query(`update orchestra.token set networks = '{10.0.0.0/8}'`)
    await work()
    expect(await ended(bySession.json().id)).toMatchObject({ error: { code: 'ORC_SESSION_ENDED' } })
    expect(await ended(byToken.json().id)).toMatchObject({ error: { code: 'ORC_TOKEN_INVALID' } })
  })

  it('is left to a worker for whom a proxy names only from a page of this server, as by a cookie', async () => {
    await addBinding(world.store, { role: 'admin', to: { group: 'proxy/ops' } }, by)
    const proxyUser = { from: ['127.0.0.1'], header: 'x-forwarded-user', groups: 'x-forwarded-groups' }
    const owned = apiOf(world, {
      store,
      holds: 'store',
      authenticate: byCredentials(store, checkHttp({ proxyUser })),
    })
    const named = { 'x-forwarded-user': 'kim', 'x-forwarded-groups': 'ops' }
    const look = (headers: Record<string, string>) =>
      owned.ask({ url: below('/servers/here/trash'), headers: { ...named, ...headers } })
    expect((await look({ 'sec-fetch-site': 'none' })).json().code).toBe('ORC_HTTP_ORIGIN')
    expect((await look({ 'sec-fetch-site': 'same-origin' })).statusCode).toBe(202)
  })

  it('is done with what an application said of its person, and with what that role is by then', async () => {
    await addRole(world.store, { name: 'checker', permissions: ['check'] }, by)
    const said = { name: 'ana', role: 'checker', servers: ['here'] }
    const embedded = apiOf(world, {
      store,
      holds: 'store',
      authenticate: byApplication({
        db: store,
        authorize: () => said,
        patience: 60_000,
        onError: () => undefined,
      }),
    })
    const check = async (path: string) => (await embedded.ask({ method: 'POST', url: below(path) })).json()
    expect(await check('/servers/check')).toMatchObject({ code: 'ORC_FORBIDDEN' })
    const { id } = await check('/servers/here/check')
    await work()
    expect(await ended(id)).toMatchObject({ state: 'done', by: 'application:ana' })
    await world.stopWorkers()
    const later = (await check('/servers/here/check')).id
    await setRole(world.store, { name: 'checker', permissions: ['hold'] }, by)
    await work()
    expect(await ended(later)).toMatchObject({ state: 'failed', error: { code: 'ORC_FORBIDDEN' } })
  })
})
