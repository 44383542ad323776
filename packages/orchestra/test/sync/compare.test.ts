import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { collect } from '../../src/capture/index.ts'
import { defineBackend, defineConfig, defineModel, type Model } from '../../src/index.ts'
import { Collector } from '../../src/manager/collector.ts'
import { currentRoutes } from '../../src/manager/index.ts'
import { forget } from '../../src/removal/index.ts'
import { CurrentRouter } from '../../src/router/index.ts'
import { sh } from '../../src/script/index.ts'
import { holdServer } from '../../src/server/index.ts'
import {
  cancelSync,
  markStale,
  PAGE_SIZE,
  requestSync,
  type SyncRequest,
  syncStatus,
  workOf,
} from '../../src/sync/index.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { Site, siteFiles, siteFilesWith, useWorlds, World } from '../support/world.ts'

const compareOnly: SyncRequest = { mode: 'sync', inspects: false, actor: 'test', source: 'test' }

/** Requests a comparison and lets a collector of its own do it. */
async function compare(world: World, request: Partial<SyncRequest> = {}) {
  const { id } = await requestSync(world.store, { ...compareOnly, ...request })
  await world.collect()
  return syncStatus(world.store, id)
}

/** The same application with other backends: what a deployment changes. */
function withBackends(world: World, ...backends: Parameters<typeof defineConfig>[0]['backends'][number][]) {
  const config = defineConfig({ models: [...world.config.models.values()], backends })
  return new World(world.store, { ...world.config, backends: config.backends }, world.directory)
}

/** Changes rows behind capture's back. */
async function unseen(world: World, sql: string): Promise<void> {
  await world.store.query(`alter table site disable trigger all; ${sql}; alter table site enable trigger all`)
}

const lockWaits = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`

const waiting = async (world: World) =>
  (await world.operations())
    .filter((one) => one.state === 'waiting')
    .map((one) => `${one.action} ${one.object_key}`)

/** A collector that does something before it is told the routes. */
function askedFor({ store, config, errors }: World, beforeRoutes: () => Promise<void>): Collector {
  const router = new CurrentRouter(config.backends.values())
  return new Collector({
    store,
    config,
    router: async () => {
      await beforeRoutes()
      return currentRoutes(router, store)
    },
    onError: (error) => errors.push(error),
  })
}

describeStores('comparing the database with what was placed', (open, kind) => {
  const build = useWorlds(open)

  const placed = async (rows = 3, options: Parameters<typeof build>[0] = {}) => {
    const world = await build(options)
    await world.store.query(
      `insert into site (id, domain, body) select n, n || '.org', 'one' from generate_series(1, ${rows}) n`,
    )
    const worker = await world.work()
    await world.calm()
    await worker.stop()
    return world
  }

  it('finds nothing to do where everything stands as it should', async () => {
    const world = await placed()
    const before = (await world.operations()).length
    const { state, counts, error } = await compare(world)
    expect({ state, error }).toEqual({ state: 'done', error: null })
    expect(counts).toMatchObject({ unchanged: 3, created: 0, updated: 0, deleted: 0, invalid: 0 })
    expect(await world.operations()).toHaveLength(before)
  })

  it('updates a row that was changed while its triggers were off', async () => {
    const world = await placed()
    await unseen(world, `update site set body = 'two' where id = 2`)
    const { counts, work } = await compare(world)
    expect(counts).toMatchObject({ updated: 1, unchanged: 2 })
    expect(work.waiting).toBe(1)
    expect(await waiting(world)).toEqual(['save 2'])
    await world.work()
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
  })

  it('removes what stands of rows that were deleted while their triggers were off', async () => {
    const world = await placed()
    await unseen(world, 'delete from site where id > 1')
    expect((await compare(world)).counts).toMatchObject({ deleted: 2, unchanged: 1 })
    await world.work()
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
  })

  it('places what stood before its route', async () => {
    const world = await build({ servers: [] })
    await world.addDirectoryServer('here')
    await world.store.query(`insert into site (id) values (1), (2)`)
    await world.collect()
    await world.route('files', 'here')
    await compare(world)
    expect(await waiting(world)).toEqual(['save 1', 'save 2'])
    await world.work()
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
  })

  it('updates what another template would write, and marks it before', async () => {
    const world = await placed()
    const changed = withBackends(
      world,
      siteFilesWith({ save: (script, site) => script.file(`sites/${site.id}`, `new ${site.domain}`) }),
    )
    expect(await markStale(world.store, world.config)).toEqual({ stale: 0, seen: 3 })
    expect(await markStale(world.store, changed.config)).toEqual({ stale: 3, seen: 3 })
    const stale = () => world.store.query('select from orchestra.placement where stale')
    expect(await stale()).toHaveLength(3)
    expect((await compare(changed)).counts).toMatchObject({ updated: 3 })
    const worker = await changed.work()
    await changed.calm()
    await worker.stop()
    expect(await stale()).toHaveLength(0)
    expect(await world.files()).toMatchObject({ 1: 'new 1.org' })
  })

  // Only there do two sessions meet.
  if (kind === 'postgres') {
    it('begins when those who joined it have committed', async () => {
      const world = await placed()
      const { id } = await requestSync(world.store, compareOnly)
      const order: string[] = []
      const collector = askedFor(world, async () => void order.push('routes are read'))
      const looking = await world.store.transaction(async (tx) => {
        expect((await requestSync(tx, compareOnly)).id).toBe(id)
        const look = collector.look()
        await until('it waits', async () => (await world.store.query(lockWaits)).length > 0)
        order.push('the one who joined is about to commit')
        return { look }
      })
      await looking.look
      expect(order).toEqual(['the one who joined is about to commit', 'routes are read'])
      await world.collect()
      expect(await syncStatus(world.store, id)).toMatchObject({ state: 'done' })
    })

    it('marks what is rendered otherwise, and waits for nobody who writes there, but looks again', async () => {
      const world = await placed()
      const changed = withBackends(
        world,
        siteFilesWith({ save: (script, { domain }) => script.file(domain, 'new') }),
      )
      const stale = async () => {
        const rows = await world.store.query<{ key: string }>(
          `select object_key as key from orchestra.placement where stale order by 1`,
        )
        return rows.map(({ key }) => key).join()
      }
      const { marking } = await world.store.transaction(async (tx) => {
        await tx.query(`select from orchestra.placement where object_key = '2' for update`)
        const begun = markStale(world.store, changed.config)
        await until('the others are marked', async () => (await stale()) === '1,3')
        return { marking: begun }
      })
      expect(await marking).toEqual({ stale: 3, seen: 3 })
      expect(await stale()).toBe('1,2,3')
    })
  }

  it('renames what was given another identity unseen', async () => {
    const world = await placed()
    await unseen(world, `update site set domain = 'b.org' where id = 2`)
    expect((await compare(world)).counts).toMatchObject({ renamed: 1, unchanged: 2 })
  })

  it('leaves an operation alone that waits for the same state already', async () => {
    const world = await placed()
    await world.store.query(`update site set body = 'two' where id = 2`)
    await world.collect()
    const before = await world.operations()
    expect((await compare(world)).counts).toMatchObject({ waiting: 1, updated: 0, unchanged: 2 })
    expect(await world.operations()).toEqual(before)
  })

  it('goes on where it was when its worker ends in the middle', async () => {
    const world = await placed(5)
    await unseen(world, `update site set body = 'two'`)
    const { id } = await requestSync(world.store, compareOnly)
    const [row] = await world.store.query<{ count: number }>('select count(*) as count from site')
    expect(row?.count).toBe(5)
    while ((await syncStatus(world.store, id)).state === 'comparing') await world.collector().look()
    expect((await syncStatus(world.store, id)).counts).toMatchObject({ updated: 5, seen: 5, total: 5 })
    expect(await waiting(world)).toHaveLength(5)
  })

  it('tells what cannot be done and does the rest', async () => {
    const world = await placed()
    await unseen(world, `update site set domain = '' where id = 1; update site set body = 'two' where id = 2`)
    const { counts, state } = await compare(world)
    expect({ state, counts }).toMatchObject({
      state: 'done',
      counts: { invalid: 1, updated: 1, unchanged: 1 },
    })
    expect((await compare(world)).counts).toMatchObject({ invalid: 1, waiting: 1 })
    expect(await waiting(world)).toHaveLength(2)
    await unseen(world, `update site set domain = '1.org' where id = 1`)
    await compare(world)
    expect((await world.operations()).filter((one) => one.error !== null && one.state === 'waiting')).toEqual(
      [],
    )
  })

  it('stops before it removes more than the bound, and removes nothing', async () => {
    const world = await placed(20)
    await unseen(world, 'delete from site where id <= 11')
    const stopped = await compare(world)
    expect(stopped).toMatchObject({ state: 'stopped', counts: { deleted: 0 } })
    expect(stopped.error).toMatch(
      /11 of 20 objects \(55 %\) of files would be removed from here: site:\d+, .*--allow-deletes 11/,
    )
    expect(await waiting(world)).toEqual([])
    expect(await compare(world, { allowDeletes: 11 })).toMatchObject({
      state: 'done',
      counts: { deleted: 11 },
    })
    expect(await waiting(world)).toHaveLength(11)
  })

  it('is about the servers and objects that were selected only', async () => {
    const world = await placed(3, { servers: ['here', 'there'] })
    await unseen(world, `update site set body = 'two'`)
    expect((await compare(world, { server: 'there', object: 'site:2' })).counts).toMatchObject({ updated: 1 })
    expect((await compare(world, { object: 'site:3' })).counts).toMatchObject({ updated: 2 })
    expect((await compare(world, { server: 'here' })).counts).toMatchObject({ updated: 2, waiting: 1 })
    await expect(compare(world, { server: 'nowhere' })).rejects.toMatchObject({ code: 'ORC_SERVER_UNKNOWN' })
  })

  it('is asked for once while it goes on, and can be cancelled', async () => {
    const world = await placed()
    const first = await requestSync(world.store, compareOnly)
    expect((await requestSync(world.store, compareOnly)).id).toBe(first.id)
    expect((await requestSync(world.store, { ...compareOnly, server: 'here' })).id).not.toBe(first.id)
    expect(await cancelSync(world.store, first.id, 'alice')).toBe(true)
    expect(await cancelSync(world.store, first.id, 'alice')).toBe(false)
    await world.collect()
    expect(await syncStatus(world.store, first.id)).toMatchObject({
      state: 'cancelled',
      error: 'cancelled by alice',
      counts: { seen: 0 },
    })
  })

  it('is joined only until it begins: routes may have been read since', async () => {
    const world = await placed()
    const first = await requestSync(world.store, compareOnly)
    let second: number | undefined
    const collector = askedFor(world, async () => {
      second ??= (await requestSync(world.store, compareOnly)).id
    })
    await world.collect(collector)
    expect(second).not.toBe(first.id)
    expect(await syncStatus(world.store, second ?? 0)).toMatchObject({ state: 'done' })
    expect(world.errors).toEqual([])
  })

  it('leaves to a waiting change only what that does', async () => {
    const world = await placed()
    await unseen(world, `update site set body = 'two'`)
    await world.store.query(
      `insert into orchestra.change (unit_id, model, action, keys, backend, server_id, due_at) values
         (gen_random_uuid(), 'site', 'touch', '[["1"]]', null, null, 'infinity'),
         (gen_random_uuid(), 'site', 'save', '[["2"]]', 'files', 1, 'infinity'),
         (gen_random_uuid(), 'site', 'save', '[["3"]]', null, null, 'infinity')`,
    )
    await compare(world)
    expect(await waiting(world)).toEqual(['save 1', 'save 2'])
  })

  it('ends nothing that failed while a change of its object waits', async () => {
    const world = await placed()
    await world.store.query(`update site set domain = '' where id = 1`)
    await world.collect()
    await world.store.query(`update orchestra.operation set due_at = 'infinity' where state = 'waiting'`)
    await unseen(world, `update site set domain = 'b.org' where id = 1`)
    await world.store.query(
      `insert into orchestra.change (unit_id, model, keys, due_at) values (gen_random_uuid(), 'site', '[["1"]]', 'infinity')`,
    )
    await compare(world)
    expect((await world.operations()).at(-1)).toMatchObject({ state: 'waiting', outcome: 'failure' })
  })

  it('records once what a backend placed that is no longer defined', async () => {
    const world = await placed()
    const other = withBackends(world, siteFilesWith({ name: 'other' }))
    await unseen(world, `delete from site where id = 1`)
    expect((await compare(other)).counts).toMatchObject({ invalid: 1 })
    const before = await world.operations()
    await world.store.query(`update orchestra.operation set error = 'tried there' where state = 'waiting'`)
    expect((await compare(other)).counts).toMatchObject({ invalid: 1 })
    expect(await world.operations()).toHaveLength(before.length)
  })

  it('asks again for what is given up while a run is at it: the run would leave it nowhere', async () => {
    const lastly = sh`touch begun; until [[ -e go ]]; do sleep 0.05; done`
    const slow = siteFilesWith({
      save: (script, site) => {
        script.file(`sites/${site.id}`, `${site.domain} ${site.body}`)
        script.run(lastly)
      },
    })
    const world = await build({ backends: [slow] })
    const at = (name: string) => join(world.directory, 'here', name)
    await world.work()
    await world.store.query(`insert into site (id) values (1)`)
    await until('its run is at it', () => existsSync(at('begun')))
    await forget(world.store, { object: { model: 'site', key: ['1'] } }, 'test')
    const { id } = await requestSync(world.store, compareOnly)
    await until('it is compared', async () => (await syncStatus(world.store, id)).endedAt !== null)
    await writeFile(at('go'), '')
    await world.calm()
    expect(await world.store.query('select want, forgotten, open from orchestra.placement')).toEqual([
      { want: 'stand', forgotten: false, open: false },
    ])
  })

  it('tells what waits for another place from what is next', async () => {
    const world = await placed(1, { servers: ['here', 'there'] })
    const leaving = async (key: string, wait: unknown) => {
      const [row] = await world.store.query<{ unit: string }>(
        `with told as (
           insert into orchestra.operation (unit_id, server_id, backend, action, model, object_key, keys)
           select gen_random_uuid(), id, 'files', 'delete', 'site', $1, jsonb_build_array($1::text)
           from orchestra.server where name = 'there' returning *
         ), leaves as (
           insert into orchestra.placement
             (backend, server_id, model, object_key, keys, identity, want, policy, operation_id, wait)
           select backend, server_id, model, object_key, keys, $1, 'leave', 'remove', id, $2::jsonb from told
         )
         select unit_id as unit from told`,
        [key, wait === null ? null : JSON.stringify(wait)],
      )
      return workOf(world.store, row?.unit ?? '')
    }
    expect(await leaving('8', null)).toMatchObject({ waiting: 1, stuck: 0 })
    expect(await leaving('9', { kind: 'place', server: '0000000001' })).toMatchObject({
      waiting: 1,
      stuck: 1,
    })
  })

  it('removes nothing of a model whose table is not there, and fails', async () => {
    const world = await placed(1)
    await world.store.query('drop table site')
    const { id } = await requestSync(world.store, compareOnly)
    await world.collect()
    expect(await syncStatus(world.store, id)).toMatchObject({
      state: 'failed',
      counts: { created: 0, deleted: 0, unchanged: 0, invalid: 0 },
    })
    expect(await world.store.query('select state from orchestra.placement')).toEqual([{ state: 'applied' }])
  })

  it('takes its turn beside a stream of changes', async () => {
    const world = await placed(2)
    await unseen(world, `update site set body = 'two' where id = 1`)
    const { id } = await requestSync(world.store, compareOnly)
    const collector = world.collector()
    const deadline = Date.now() + 10_000
    while ((await syncStatus(world.store, id)).state === 'comparing' && Date.now() < deadline) {
      await world.store.query(`update site set body = body || '.' where id = 2`)
      await collector.look()
    }
    expect(await syncStatus(world.store, id)).toMatchObject({ state: 'done' })
  })

  it('makes servers be looked at, held ones too, when it is asked to', async () => {
    const world = await placed(2, { servers: ['here', 'there'] })
    await holdServer(world.store, 'there', { by: 'test', reason: '' })
    const { state, inspections } = await compare(world, { inspects: true })
    expect(state).toBe('inspecting')
    expect(inspections).toMatchObject([
      { server: 'here', backend: 'files', total: 2, state: 'waiting' },
      { server: 'there', backend: 'files', total: 2, state: 'waiting' },
    ])
    const check = await compare(world, { mode: 'check', inspects: true, server: 'here' })
    expect(check.inspections).toMatchObject([{ server: 'here' }])
    expect(check.counts.seen).toBe(0)
  })

  it('pages over more rows than one page has', { timeout: 60_000 }, async () => {
    const world = await build()
    await world.collect()
    await world.store.query(
      `alter table site disable trigger all;
       insert into site (id, body) select n * 3, n from generate_series(1, 5000) n;
       alter table site enable trigger all`,
    )
    const { id } = await requestSync(world.store, compareOnly)
    const collector = world.collector()
    let looks = 0
    while ((await collector.look()).kind === 'collected') {
      looks++
      const [row] = await world.store.query<{ open: number }>(
        'select count(*) as open from orchestra.operation',
      )
      expect(row?.open).toBeLessThanOrEqual(looks * PAGE_SIZE)
    }
    expect(looks).toBeGreaterThanOrEqual(5_000 / PAGE_SIZE)
    const { counts } = await syncStatus(world.store, id)
    expect(counts).toMatchObject({ created: 5_000 })
  })

  it('never records an older state behind a newer one while rows change', { timeout: 60_000 }, async () => {
    const world = await placed(50)
    await unseen(world, `update site set body = 'unseen'`)
    const worker = await world.work()
    const { id } = await requestSync(world.store, compareOnly)
    for (let n = 1; n <= 20; n++)
      await world.store.query(`update site set body = '${n}' where id % 7 = ${n % 7}`)
    await until('it is compared', async () => (await syncStatus(world.store, id)).state === 'done')
    await world.calm()
    await worker.stop()
    expect(await world.files()).toEqual(await world.wanted())
  })
})

describeStores('comparing models of every kind', (open) => {
  const build = useWorlds(open)
  const Member = defineModel({
    name: 'member',
    table: 'member',
    key: ['team', 'name'],
    schema: z.object({ team: z.coerce.string(), name: z.string() }),
  })
  const members = defineBackend({
    name: 'members',
    model: Member,
    save: (script, member) => script.file(`m-${member.team}-${member.name.length}`, member.name),
    delete: (script, member) => script.absent(`m-${member.team}-${member.name.length}`),
  })

  it('walks composite keys of odd types and texts', async () => {
    const world = await build({
      models: [Member] as Model[],
      backends: [members],
      tables: `create table member (team bigint, name text, primary key (team, name))`,
    })
    await world.collect()
    await world.store.query(`alter table member disable trigger all`)
    await world.store.query(
      `insert into member select n % 3 + 9007199254740990, repeat(',\\', n) || chr(33 + n) from generate_series(1, 40) n`,
    )
    const { id } = await requestSync(world.store, compareOnly)
    await world.collect()
    expect((await syncStatus(world.store, id)).counts).toMatchObject({ created: 40, invalid: 0 })
    const worker = await world.work()
    await world.calm()
    await worker.stop()
    expect((await compare(world)).counts).toMatchObject({ unchanged: 40, deleted: 0, seen: 40, total: 40 })
    await world.store.query(`delete from member where length(name) = 3`)
    expect((await compare(world)).counts).toMatchObject({ unchanged: 39, deleted: 1, seen: 40, total: 39 })
  })

  it('compares what no table holds with what was last given', async () => {
    const Thing = defineModel({ name: 'thing', schema: z.object({ id: z.string(), size: z.number() }) })
    const things = (prefix: string) =>
      defineBackend({
        name: 'things',
        model: Thing,
        save: (script, thing) => script.file(`thing-${thing.id}`, `${prefix}${thing.size}`),
        delete: (script, thing) => script.absent(`thing-${thing.id}`),
      })
    const world = await build({ models: [Site, Thing] as Model[], backends: [siteFiles, things('')] })
    const worker = await world.work()
    await collect(world.store, { model: 'thing', keys: [['a']], payload: { id: 'a', size: 1 } })
    await world.calm()
    await worker.stop()
    expect((await compare(world)).counts).toMatchObject({ unchanged: 1, deleted: 0 })
    const changed = withBackends(world, siteFiles, things('size '))
    expect((await compare(changed)).counts).toMatchObject({ updated: 1 })
  })
})
