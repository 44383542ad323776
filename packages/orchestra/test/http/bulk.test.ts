import { afterEach, beforeEach, expect, it } from 'vitest'
import { addToken } from '../../src/access/index.ts'
import { byCredentials } from '../../src/http/credentials.ts'
import { requestsBy } from '../../src/operate/index.ts'
import { claimRequest } from '../../src/requests/claim.ts'
import type { Store } from '../../src/store/index.ts'
import { printed } from '../operate/printed.ts'
import { askerOf } from '../operate/world.ts'
import { untilWithin } from '../support/processes.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { type Api, below, keylessStore, useApis } from './api.ts'

describePostgres('what is done to many', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()
  let world: World
  let store: Store
  let api: Api
  beforeEach(async () => {
    world = await build({ servers: ['web1', 'web2'] })
    await world.work()
    await world.store.query(
      `insert into site select id, 's' || id || '.example' from generate_series(1, 3) id`,
    )
    await world.calm()
    await world.stopWorkers()
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
  const post = (path: string, body: object = {}, by: Api = api, token?: string) =>
    by.ask({
      method: 'POST',
      url: below(path),
      body,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
  const get = async (path: string) => (await api.ask(below(path))).json()
  const ended = async (id: number) => {
    await untilWithin(60_000, 'it has ended', async () => (await get(`/bulk/${id}`)).endedAt !== null)
    return get(`/bulk/${id}`)
  }

  it('is tried first, then done by a worker, and each has an outcome of its own', async () => {
    const where = { server: 'web1', backend: 'files', state: 'applied' }
    const tried = await post('/bulk', { action: 'collect', where, dryRun: true })
    const objects = ['site:1', 'site:2', 'site:3']
    expect([tried.statusCode, tried.json()]).toEqual([
      200,
      { bulk: null, action: 'collect', count: 3, items: objects },
    ])
    const begun = await post('/bulk', { action: 'collect', items: [...objects, 'site:77', 'site:1'] })
    expect([begun.statusCode, begun.headers.location]).toEqual([202, below('/bulk/1')])
    expect(await get('/bulk/1')).toMatchObject({
      state: 'waiting',
      reason: 'no-worker',
      counts: { waiting: 4, done: 0 },
    })
    await work()
    expect(await ended(1)).toMatchObject({
      action: 'collect',
      by: 'alice',
      state: 'done',
      counts: { waiting: 0, done: 3, failed: 1, refused: 0 },
    })
    const first = await get('/bulk/1/items?limit=3')
    expect(first.items).toMatchObject(
      objects.map((item, index) => ({ number: index + 1, item, state: 'done', detail: { object: item } })),
    )
    const rest = await get(`/bulk/1/items?cursor=${first.next}`)
    expect(rest).toMatchObject({
      items: [{ item: 'site:77', state: 'failed', detail: { code: 'ORC_OBJECT_UNKNOWN' } }],
      next: null,
    })
    expect((await get('/bulk/1/items?state=failed')).items).toEqual(rest.items)
    expect(await printed('bulk show 1', askerOf(world))).toEqual(await get('/bulk/1'))
    expect(await printed('bulk items 1 --state failed', askerOf(world))).toEqual(rest.items)
    expect(await printed('audit list --action bulk.start', askerOf(world))).toMatchObject([
      { by: 'alice', target: 'collect', detail: { bulk: 1, count: 4 } },
    ])
    const units = await printed('unit list --actor alice', askerOf(world))
    expect(units).toHaveLength(3)
  })

  it('asks as its verb asks, and does nothing before somebody agrees', async () => {
    const asked = { action: 'forget', q: 'server:web2 -object:site:3' }
    const refused = await post('/bulk', asked)
    expect([refused.statusCode, refused.json().detail]).toEqual([409, expect.stringContaining('forget of 2')])
    await work()
    const { bulk } = (await post('/bulk', { ...asked, yes: true })).json()
    expect(await ended(bulk)).toMatchObject({ state: 'done', counts: { done: 2 } })
    const rest = (await get('/placements')).items as { server: string; object: string }[]
    expect(rest.map(({ server, object }) => `${server} ${object}`).toSorted()).toEqual([
      'web1 site:1',
      'web1 site:2',
      'web1 site:3',
      'web2 site:3',
    ])
  })

  it('cancels where it was selected alone', async () => {
    await work()
    for (const server of ['web1', 'web2']) await post(`/servers/${server}/hold`)
    await world.store.query(`update site set domain = 'new.example' where id = 1`)
    const open = () => get('/operations?q=is:waiting')
    await untilWithin(60_000, 'both wait', async () => (await open()).count === 2)
    const where = { server: 'web2', model: 'site' }
    const { bulk } = (await post('/bulk', { action: 'cancel', where, q: 'is:open' })).json()
    expect(await ended(bulk)).toMatchObject({ counts: { done: 1 } })
    expect((await get(`/bulk/${bulk}/items`)).items).toMatchObject([
      { item: 'site:1', server: 'web2', backend: 'files', detail: { revoked: 1 } },
    ])
    expect((await open()).items).toMatchObject([{ server: 'web1' }])
  })

  it('is done to what still fits when its turn comes, and a hold ends when it was said to', async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString()
    const wrong = await post('/bulk', { action: 'release', items: ['web1'], until })
    expect(wrong.json().errors).toEqual([{ pointer: '/body/until', detail: 'is of a hold alone' }])
    const held = (await post('/bulk', { action: 'hold', items: ['web1', 'web2'], until })).json().bulk
    await work()
    await ended(held)
    expect((await get('/servers')).items).toMatchObject([{ held: { until } }, { held: { until } }])
    await world.store.query(`update site set domain = 'new' || id || '.example' where id < 3`)
    const open = () => get('/operations?q=is:waiting')
    await untilWithin(60_000, 'all wait', async () => (await open()).count === 4)
    await world.stopWorkers()

    const begin = async (body: object) => (await post('/bulk', body)).json().bulk as number
    const cancelling = await begin({ action: 'cancel', where: { server: 'web2' }, q: 'is:open' })
    const collecting = await begin({ action: 'collect', where: { server: 'web2' }, q: 'is:open' })
    const releasing = await begin({ action: 'release', q: 'is:held' })
    const named = await begin({ action: 'release', items: ['web1'] })
    await post('/objects/site:1/cancel', { server: 'web2' })
    await post('/servers/web1/release')
    await work()
    const outcomes = async (bulk: number) => {
      await ended(bulk)
      const { items } = await get(`/bulk/${bulk}/items`)
      return (items as { item: string; state: string; detail: { code?: string } }[]).map(
        ({ item, state, detail: { code } }) => [item, state, code],
      )
    }
    const left = ['refused', 'ORC_BULK_CHANGED']
    expect(await outcomes(cancelling)).toEqual([
      ['site:1', ...left],
      ['site:2', 'done', undefined],
    ])
    // What of the other is open depends on which of both bulks came first to it.
    expect((await outcomes(collecting))[0]).toEqual(['site:1', ...left])
    expect(await outcomes(releasing)).toEqual([
      ['web1', ...left],
      ['web2', 'done', undefined],
    ])
    expect(await outcomes(named)).toEqual([['web1', 'done', undefined]])
  })

  it('goes on with the others where nobody knows what became of one, and ends when whoever asked may no more', async () => {
    const known = apiOf(world, {
      store,
      holds: 'store',
      authenticate: byCredentials(store, world.config.http),
    })
    const { token } = await addToken(world.store, { name: 'ci', role: 'operator', days: 1 }, { by: 'test' })
    const items = ['web1', 'web2']
    await world.store.query(
      `create function broken() returns trigger language plpgsql as $$ begin
         if new.name = 'web1' and new.held_reason = 'break' then raise exception 'broken'; end if;
         if new.held_reason = 'revoke' then update orchestra.token set revoked_at = now(); end if;
         return new; end $$`,
    )
    await world.store.query(
      `create trigger broken before update on orchestra.server for each row execute function broken()`,
    )
    await work()
    const first = (await post('/bulk', { action: 'hold', items, reason: 'break' }, known, token)).json().bulk
    expect(await ended(first)).toMatchObject({ state: 'done', counts: { done: 1, failed: 1 } })
    expect((await get(`/bulk/${first}/items?state=failed`)).items).toMatchObject([
      { item: 'web1', detail: { code: 'ORC_INTERNAL' } },
    ])
    expect(world.errors.splice(0)).toMatchObject([{ message: expect.stringContaining('broken') }])
    const then = (await post('/bulk', { action: 'hold', items, reason: 'revoke' }, known, token)).json().bulk
    expect(await ended(then)).toMatchObject({ state: 'failed', counts: { done: 1, waiting: 1 } })
    expect((await get(`/requests/${then}`)).error.code).toBe('ORC_TOKEN_INVALID')
  })

  it('goes on behind what has an outcome when its worker is lost, and ends where it is when it is cancelled', async () => {
    const { bulk } = (await post('/bulk', { action: 'hold', items: ['web1', 'web2'], reason: 'rack' })).json()
    await claimRequest(world.store, '00000000-0000-0000-0000-000000000000')
    const done = { state: 'done', detail: null }
    await world.store.query(
      `update orchestra.bulk_item set state = $1, detail = $2, ended_at = now() where number = 1`,
      [done.state, JSON.stringify(done.detail)],
    )
    await world.store.query(`update orchestra.request set lease_until = now() - interval '1 second'`)
    await work()
    expect(await ended(bulk)).toMatchObject({ state: 'done', counts: { done: 2 } })
    const servers = (await get('/servers')).items as { name: string; held: { reason: string } | null }[]
    expect(servers.map(({ name, held }) => [name, held?.reason ?? null])).toEqual([
      ['web1', null],
      ['web2', 'rack'],
    ])
    await world.stopWorkers()
    const next = (await post('/bulk', { action: 'release', items: ['web2'] })).json().bulk
    expect((await post(`/bulk/${next}/cancel`)).json()).toEqual({ request: next, wasOpen: true })
    expect(await get(`/bulk/${next}`)).toMatchObject({ state: 'cancelled', counts: { waiting: 1 } })
  })

  it('is done to what whoever asked may do it to by then, and is nobody else his to see', async () => {
    const known = apiOf(world, {
      store,
      holds: 'store',
      authenticate: byCredentials(store, world.config.http),
    })
    const { token } = await addToken(
      world.store,
      { name: 'ci', role: 'operator', days: 1, servers: ['web2'] },
      { by: 'test' },
    )
    const other = await addToken(world.store, { name: 'other', role: 'viewer', days: 1 }, { by: 'test' })
    const tried = await post('/bulk', { action: 'hold', where: { tag: 'none' }, dryRun: true }, known, token)
    expect(tried.json()).toMatchObject({ count: 0 })
    const fits = await post('/bulk', { action: 'check', where: { server: 'web1' } }, known, token)
    expect(fits.json()).toMatchObject({ bulk: null, count: 0 })
    const begun = await post('/bulk', { action: 'hold', items: ['web1', 'web2'] }, known, token)
    const { bulk } = begun.json()
    await work()
    expect(await ended(bulk)).toMatchObject({ by: 'token:ci', counts: { done: 1, failed: 1 } })
    expect((await get(`/bulk/${bulk}/items`)).items).toMatchObject([
      { item: 'web1', detail: { code: 'ORC_SERVER_UNKNOWN' } },
      { item: 'web2', state: 'done' },
    ])
    const headers = { authorization: `Bearer ${other.token}` }
    expect((await known.ask({ url: below(`/bulk/${bulk}`), headers })).statusCode).toBe(404)
    expect((await post('/bulk', { action: 'hold', items: ['web2'] }, known, other.token)).statusCode).toBe(
      403,
    )
  })

  it('refuses what says not to what, or too much', async () => {
    const wrong: object[] = [
      { action: 'retry' },
      { action: 'retry', items: [] },
      { action: 'retry', where: {} },
      { action: 'retry', items: ['site:1'], where: { server: 'web1' } },
      { action: 'retry', where: { tag: 'a' } },
      { action: 'hold', where: { state: 'failed' } },
      { action: 'retry', items: ['site:1'], q: 'server:web1' },
      { action: 'retry', q: '' },
      { action: 'retry', where: { server: 'wbe1' } },
      { action: 'drop', items: ['site:1'] },
      { action: 'retry', items: Array.from({ length: 10_001 }, (_, id) => `site:${id}`) },
    ]
    for (const body of wrong) {
      const { statusCode, code } = await post('/bulk', body).then((one) => ({ ...one.json(), ...one }))
      expect([body, statusCode, code]).toEqual([body, code === 'ORC_SERVER_UNKNOWN' ? 404 : 400, code])
    }
    const misspelt = (await post('/bulk', { action: 'hold', q: 'sevrer:web1' })).json()
    expect(misspelt.errors).toMatchObject([{ pointer: '/body/q', from: 0, to: 6 }])
    expect((await get('/bulk/77')).code).toBe('ORC_REQUEST_UNKNOWN')
    expect((await get('/requests')).items).toEqual([])
  })
})
