import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { collect } from '../../src/capture/index.ts'
import { look } from '../../src/collector/index.ts'
import { defineBackend, defineModel, type Model } from '../../src/index.ts'
import { lookAgainAtHeld } from '../../src/manager/held.ts'
import { retry } from '../../src/manager/index.ts'
import { disableRoute, enableRoute } from '../../src/router/index.ts'
import { sourceOf } from '../../src/source/index.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { Site, siteFilesWith, useWorlds, type World } from '../support/world.ts'

const noResult = () => ({ serverIds: [], heldServerIds: [], errors: [] })

describeStores('collector', (open) => {
  const build = useWorlds(open)

  const summary = async (world: World) =>
    (await world.operations()).map(
      (one) => `${one.action} ${one.object_key} ${one.state} ${one.outcome ?? '-'}`,
    )

  it('makes a save of a new row', async () => {
    const world = await build()
    await world.store.query(`insert into site (id) values (1)`)
    await world.collect()
    expect(await summary(world)).toEqual(['save 1 waiting -'])
  })

  it('makes nothing of what was created and deleted again', async () => {
    const world = await build()
    await world.store.query(`begin; insert into site (id) values (1); delete from site where id = 1; commit`)
    await world.collect()
    expect(await world.operations()).toEqual([])
  })

  it('makes a save of a delete and a save of one key', async () => {
    const world = await build()
    await world.store.query(`insert into site (id) values (1)`)
    await world.collect()
    await world.store.query(
      `begin; delete from site where id = 1; insert into site (id, body) values (1, 'new'); commit`,
    )
    await world.collect()
    expect(await summary(world)).toEqual(['save 1 waiting -'])
  })

  it('ends all units of one object with its last operation', async () => {
    const world = await build()
    await world.store.query(`insert into site (id) values (1)`)
    for (let n = 0; n < 4; n++) await world.store.query(`update site set body = $1`, [`b${n}`])
    const asked = await world.store.query<{ unit_id: string }>(
      'select unit_id from orchestra.change order by id',
    )
    await world.collect()
    const [operation, ...others] = await world.operations()
    expect(others).toEqual([])
    const units = await world.store.query<{ id: string; carried: number[] }>(
      'select id, carried::int[] as carried from orchestra.unit',
    )
    expect(units).toHaveLength(5)
    for (const { id, carried } of units)
      expect(carried).toEqual(id === operation?.unit_id ? [] : [operation?.id])
    expect(operation).toMatchObject({ state: 'waiting', unit_id: asked.at(-1)?.unit_id })
  })

  it('fails an invalid object by name, beside the others, and looks again when its row is corrected', async () => {
    const world = await build()
    await world.store.query(`insert into site (id, domain) values (1, ''), (2, 'b.org')`)
    await world.collect()
    const [invalid] = (await world.operations()).filter((one) => one.server_id === null)
    expect(invalid?.error).toMatch(/^site:1 does not fit its schema: domain: /)
    expect(await summary(world)).toContain('save 2 waiting -')
    await world.store.query(`update site set domain = 'a.org' where id = 1`)
    await world.collect()
    expect((await summary(world)).slice(-1)).toEqual(['save 1 waiting -'])
    expect(
      (await world.operations()).filter((one) => one.server_id === null && one.state === 'waiting'),
    ).toEqual([])
  })

  it('tries an invalid object again by itself, for what is not in its own row', async () => {
    let limit = 0
    const model = defineModel({
      name: 'site',
      table: 'site',
      schema: z.object({ id: z.number().refine((id) => id <= limit, 'too high') }),
    })
    const backend = defineBackend({ name: 'files', model, save: () => {} })
    const world = await build({ models: [model as Model], backends: [backend] })
    await world.store.query(`insert into site (id) values (1)`)
    await world.collect()
    limit = 1
    await until('the object is looked at again', async () => {
      await world.collect()
      return (await summary(world)).includes('save 1 waiting -')
    })
  })

  it('deletes without a row or a route, from what was placed', async () => {
    const world = await build()
    await world.work()
    await world.store.query(`insert into site (id) values (1)`)
    await until('the file', async () => '1' in (await world.files()))
    await world.calm()
    await world.store.query(`delete from orchestra.route`)
    await world.store.query(`delete from site`)
    await until('no file', async () => !('1' in (await world.files())))
  })

  it('records nothing to do where no route matches', async () => {
    const world = await build({ servers: [] })
    await world.store.query(`insert into site (id) values (1)`)
    await world.collect()
    const [operation] = await world.operations()
    expect(operation).toMatchObject({ state: 'done', outcome: 'nothing', error: 'No route matches site:1' })
  })

  it('holds what only a disabled route leads to, and lets it go when the route is enabled', async () => {
    const world = await build({ servers: [] })
    await world.addDirectoryServer('here')
    const route = await world.route('files', 'here')
    await disableRoute(world.store, route.id, { by: 'test' })
    await world.store.query(`insert into site (id) values (1)`)
    await world.collect()
    expect(await world.operations()).toMatchObject([{ held: true, state: 'waiting' }])
    await enableRoute(world.store, route.id, { by: 'test' })
    await lookAgainAtHeld(world.store)
    await world.collect()
    expect(await world.operations()).toMatchObject([{ held: false, state: 'waiting' }])
  })

  it('keeps an action that waits while its object is saved', async () => {
    const world = await build({ servers: [] })
    await world.addDirectoryServer('here')
    const route = await world.route('files', 'here')
    await disableRoute(world.store, route.id, { by: 'test' })
    await world.store.query(`insert into site (id) values (1)`)
    await collect(world.store, { model: 'site', keys: [['1']], action: 'touch' })
    await world.collect()
    await world.store.query(`update site set body = 'new'`)
    await world.collect()
    expect(await summary(world)).toContain('touch 1 waiting -')
  })

  it('fails the objects of a loader that throws, with what it threw', async () => {
    const world = await build({
      models: [{ ...Site, load: () => Promise.reject(new Error('no luck')) } as Model],
      backends: [],
    })
    await world.store.query(`insert into site (id) values (1)`)
    await world.collect()
    expect(await world.operations()).toMatchObject([
      { state: 'waiting', outcome: 'failure', error: 'no luck' },
    ])
  })

  it('fails an object whose row is there and that the loader left out', async () => {
    const world = await build({ models: [{ ...Site, load: async () => [] } as Model], backends: [] })
    await world.store.query(`insert into site (id) values (1)`)
    await world.collect()
    const [operation] = await world.operations()
    expect(operation?.error).toBe('The loader of model "site" left out site:1, whose row exists')
  })

  it('gives up on a loader that hangs, and tells it', async () => {
    const world = await build()
    const signals: AbortSignal[] = []
    const load = (_: unknown, { signal }: { signal: AbortSignal }) => {
      signals.push(signal)
      return new Promise<never>(() => {})
    }
    const model = { ...Site, load } as Model
    const [decision] = await look(
      [{ unitId: 'u', model: 'site', action: 'save', keys: [['1']], payload: null, scope: null }],
      {
        config: { ...world.config, models: new Map([['site', model]]) },
        route: noResult,
        keyring: world.store.keyring,
        source: sourceOf(world.store),
        placements: async () => new Map(),
        loaderTimeout: 20,
      },
    )
    expect(decision?.fate).toEqual({ kind: 'failed', reason: 'The loader gave no answer within 0.02 s' })
    expect(signals.every((signal) => signal.aborted)).toBe(true)
  })

  it('leaves a model that the configuration does not have to those who have it', async () => {
    const world = await build()
    await collect(world.store, { model: 'ghost', keys: [['1']] })
    await world.collect()
    expect(await world.operations()).toEqual([])
    expect(await world.store.query('select model, attempt from orchestra.change')).toEqual([
      { model: 'ghost', attempt: 0 },
    ])
  })

  it('fails only the object whose identity the backend cannot tell', async () => {
    const identity = (site: { domain: string }) => {
      if (site.domain === 'bad.org') throw new Error('bad name')
      return site.domain
    }
    // On a slow machine it would be looked at again before the test has looked.
    const backoff = { operation: { base: 60_000, cap: 60_000 } }
    const world = await build({ backends: [siteFilesWith({ identity })], worker: { backoff } })
    await world.store.query(`insert into site (id, domain) values (1, 'a.org'), (2, 'bad.org')`)
    await world.collect()
    expect(await summary(world)).toEqual(['save 1 waiting -', 'save 2 waiting failure'])
    expect((await world.operations())[1]?.error).toBe('Backend "files": its identity threw: bad name')
  })

  it.each([
    ['a NUL character', 'a\0b'],
    ['half of a character', 'a\ud800b'],
  ])('fails only the object that holds %s', async (_, text) => {
    const load = async (keys: readonly (readonly string[])[]) =>
      keys.map(([id]) => ({ id: Number(id), domain: 'a.org', plan: '', body: id === '2' ? text : 'good' }))
    const world = await build({ models: [{ ...Site, load } as Model], backends: [] })
    await world.store.query(`insert into site (id) values (1), (2)`)
    await world.collect()
    const [operation] = await world.operations()
    expect(operation?.error).toBe('site:2: body contains a NUL character or half of a UTF-16 character pair')
  })

  it('looks at one change at a time after one that breaks it, and tells why that one waits', async () => {
    const world = await build()
    await world.store.query(`insert into site (id) values (1)`)
    // No code writes such a change: nothing but the collector's own bounds keeps it from stopping the others.
    await world.store.query(
      `insert into orchestra.change (unit_id, model, keys) values (gen_random_uuid(), 'site', '[["1"], 7]')`,
    )
    await world.store.query(`insert into site (id) values (2)`)
    const collector = world.collector()
    const left = () =>
      world.store.query<{ attempt: number; error: string }>('select attempt, error from orchestra.change')
    await until('only the change that breaks it waits', async () => {
      await world.collect(collector).catch((error: unknown) => world.errors.push(error))
      const changes = await left()
      return changes.length === 1 && changes.every(({ attempt }) => attempt > 0)
    })
    expect((await summary(world)).filter((line) => line.includes('waiting'))).toHaveLength(2)
    expect((await left())[0]?.error).toMatch(/./)
  })

  it.each([
    ['beside a change', true],
    ['alone', false],
  ])('finds a retried failure that breaks it, %s, and blames no other', async (_, isBesideChange) => {
    const world = await build()
    await world.store.query(`insert into site (id, domain) values (1, ''), (2, '')`)
    await world.collect()
    await world.store.query(`alter table site disable trigger user; update site set domain = 'b.org' where id = 2;
      alter table site enable trigger user`)
    // No code writes such a key.
    await world.store.query(`update orchestra.operation set keys = '7' where object_key = '1'`)
    await world.store.query(`update orchestra.operation set due_at = '-infinity'`)
    if (isBesideChange) await world.store.query(`insert into site (id) values (3)`)
    const collector = world.collector()
    await until('only the failure that breaks it waits', async () => {
      await world.collect(collector).catch((error: unknown) => world.errors.push(error))
      const failing = (await world.operations()).filter(
        (one) => one.server_id === null && one.state === 'waiting',
      )
      return failing.length === 1 && failing.every(({ attempt }) => attempt > 1)
    })
    const [change] = await world.store.query('select attempt, error from orchestra.change')
    expect(change).toBeUndefined()
    const told = (await world.operations())
      .filter(({ state }) => state === 'waiting')
      .toSorted((one, other) => Number(one.object_key) - Number(other.object_key))
    expect(told.map(({ object_key: key, server_id: server }) => `${key} ${server}`)).toEqual(
      isBesideChange ? ['1 null', '2 1', '3 1'] : ['1 null', '2 1'],
    )
    expect(told[0]?.error).toMatch(/map|array|iterable|function/)
  })
})

describeStores('objects that no table holds', (open) => {
  const build = useWorlds(open)
  const Thing = defineModel({ name: 'thing', schema: z.object({ id: z.string(), size: z.number().max(9) }) })
  const things = defineBackend({
    name: 'things',
    model: Thing,
    save: (script, thing) => script.file(`thing-${thing.id}`, String(thing.size)),
    delete: (script, thing) => script.absent(`thing-${thing.id}`),
  })
  const options = { models: [Site, Thing] as Model[], backends: [things] }
  const give = (world: World, object?: object, action = 'save') =>
    collect(world.store, { model: 'thing', keys: [['a']], action, payload: object })
  const summary = async (world: World) =>
    (await world.operations()).map((one) => `${one.action} ${one.state} ${one.outcome ?? '-'}`)

  it('are saved as they were given and deleted when asked', async () => {
    const world = await build(options)
    await world.work()
    await give(world, { id: 'a', size: 1 })
    await until('it stands', async () => (await summary(world)).at(-1) === 'save done success')
    await give(world, undefined, 'delete')
    await until('it is gone', async () => (await summary(world)).at(-1) === 'delete done success')
  })

  it('are never taken for gone because one was invalid', async () => {
    const world = await build(options)
    await world.work()
    await give(world, { id: 'a', size: 1 })
    await world.calm()
    await give(world, { id: 'a', size: 99 })
    await until('it was looked at again', async () => {
      const [row] = await world.store.query<{ most: number }>(
        `select max(attempt) as most from orchestra.operation`,
      )
      return (row?.most ?? 0) > 2
    })
    expect((await summary(world)).filter((line) => line.startsWith('delete'))).toEqual([])
  })

  it('are done again as they stand when somebody asks for a retry', async () => {
    const world = await build(options)
    await world.work()
    await give(world, { id: 'a', size: 1 })
    await world.calm()
    await retry(world.store, { kind: 'object', model: 'thing', key: 'a' }, 'test')
    await until('it was done again', async () => (await summary(world)).length === 2)
    await world.calm()
    expect(await summary(world)).toEqual(['save done success', 'save done success'])
  })

  it('keep what they were given while their route is disabled', async () => {
    const world = await build({ ...options, servers: [] })
    await world.addDirectoryServer('here')
    const route = await world.route('things', 'here')
    await disableRoute(world.store, route.id, { by: 'test' })
    await give(world, { id: 'a', size: 3 })
    await world.collect()
    await enableRoute(world.store, route.id, { by: 'test' })
    await world.work()
    await world.calm()
    expect((await summary(world)).at(-1)).toBe('save done success')
  })
})

describe('a look', () => {
  it('asks nothing of the database for a model without objects', async () => {
    const asked = () => Promise.reject(new Error('asked'))
    const decisions = await look([], {
      config: { models: new Map(), backends: new Map() } as never,
      route: noResult,
      keyring: undefined as never,
      source: {
        byKeys: asked,
        existing: asked,
        keysAfter: asked,
        count: asked,
        unreadable: asked,
        hidden: asked,
        query: asked,
      },
      placements: async () => new Map(),
    })
    expect(decisions).toEqual([])
  })
})
