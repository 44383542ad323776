import { expect, it } from 'vitest'
import { collect, installCapture } from '../../src/capture/index.ts'
import { defineModel, type Model } from '../../src/index.ts'
import { requestSync, syncStatus } from '../../src/sync/index.ts'
import { application } from '../support/application.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { Site, siteFilesWith, useWorlds, type World, type WorldOptions } from '../support/world.ts'

const failures = async (world: World) =>
  (await world.operations())
    .filter((one) => one.server_id === null && one.state === 'waiting')
    .map((one) => one.error)

const removals = async (world: World) =>
  (await world.operations())
    .filter((one) => one.action === 'delete' && one.state === 'waiting')
    .map((one) => one.object_key)

/** Has everything compared, as a worker would. */
async function synchronize(world: World) {
  const request = { mode: 'sync', inspects: false, actor: null, source: 'test' } as const
  const { id } = await requestSync(world.store, request)
  await world.collect()
  return syncStatus(world.store, id)
}

describeStores('a row that is not seen', (open, kind) => {
  const build = useWorlds(open)

  /** A world in which so many sites stand on the server, and whose worker has ended. */
  const standing = async (count: number, options: WorldOptions = {}) => {
    const world = await build(options)
    await world.work()
    await world.store.query(
      `insert into site (id, domain) select n, n || '.org' from generate_series(1, ${count}) n`,
    )
    await world.calm()
    await world.stopWorkers()
    return world
  }

  it('is gone when its own table, or a partition of it, does not have it', async () => {
    const world = await standing(2, {
      tables: `create table site (id integer primary key, domain text not null, body text not null default '',
          plan text not null default 'basic') partition by range (id);
        create table site_few partition of site for values from (0) to (1000)`,
    })
    await world.store.query('delete from site_few where id = 1')
    await world.collect()
    expect(await removals(world)).toEqual(['1'])
    expect(await failures(world)).toEqual([])
  })

  it('is not gone when another table has come under the name: both are named', async () => {
    const world = await standing(3)
    await world.store.query(
      'alter table site rename to site_old; create table site (like site_old including all)',
    )
    await world.store.query(`update site_old set body = 'x' where id = 1`)
    await world.collect()
    expect(await removals(world)).toEqual([])
    expect(await failures(world)).toEqual([
      expect.stringMatching(
        /site leads to public\.site, but changes are captured of public\.site_old\. Rename/,
      ),
    ])
    expect((await synchronize(world)).counts).toMatchObject({ deleted: 0, invalid: 3 })
    expect(await removals(world)).toEqual([])
  })

  it('is not gone while two tables are captured for its model', async () => {
    const world = await standing(2)
    await world.store.query(
      'alter table site rename to site_old; create table site (like site_old including all)',
    )
    await installCapture(world.store, [Site as Model])
    await world.store.query('delete from site_old where id = 1')
    await world.collect()
    expect(await removals(world)).toEqual([])
    expect(await failures(world)).toContainEqual(expect.stringContaining('captured of public.site_old too'))
  })

  it('is not gone when changes of its table are not captured', async () => {
    const world = await standing(2)
    await world.store.query(
      'create table new_site (like site including all); drop table site; alter table new_site rename to site',
    )
    expect((await synchronize(world)).counts).toMatchObject({ deleted: 0, invalid: 2 })
    expect(await failures(world)).toContainEqual(
      expect.stringContaining('changes of public.site are not captured, so its rows may be in another table'),
    )
  })

  it('is not gone when a table was restored with its triggers and nobody has looked at those', async () => {
    const world = await standing(2)
    const triggers = await world.store.query<{ sql: string }>(
      `select pg_get_triggerdef(oid) as sql from pg_trigger where tgrelid = 'site'::regclass and not tgisinternal`,
    )
    await world.store.query(
      'create table fresh (like site including all); drop table site; alter table fresh rename to site',
    )
    for (const { sql } of triggers) await world.store.query(sql)
    expect((await synchronize(world)).counts).toMatchObject({ deleted: 0, invalid: 2 })
    expect(await removals(world)).toEqual([])
    expect(await failures(world)).toContainEqual(
      expect.stringContaining('public.site is another table than when its triggers were looked at last'),
    )
  })

  // It waits for every transaction that has read the table. PGlite has one session.
  if (kind === 'postgres')
    it('is not gone when its partition is about to be detached', async () => {
      const world = await standing(2, {
        tables: `create table site (id integer primary key, domain text not null, body text not null default '',
          plan text not null default 'basic') partition by range (id);
        create table site_few partition of site for values from (0) to (1000)`,
      })
      const [reader, owner] = [await world.store.pool.connect(), await world.store.pool.connect()]
      await reader.query('begin; select from site')
      const detached = owner.query('alter table site detach partition site_few concurrently')
      const pending = `select from pg_inherits where inhdetachpending`
      await until('it is to be detached', async () => (await world.store.query(pending)).length > 0)
      await world.store.query(`update site_few set body = 'x' where id = 1`)
      await world.collect()
      expect(await removals(world)).toEqual([])
      expect(await failures(world)).toEqual([expect.stringContaining('captured of public.site_few too')])
      await reader.query('commit')
      await detached
      for (const client of [reader, owner]) client.release()
    })

  it('is not gone when its table was renamed away: a synchronization, a check and a plan say so', async () => {
    const world = await standing(3)
    await world.store.query('alter table site rename to site_old')
    const what = 'Model "site": there is no table site, so 3 of its objects could not be compared'
    expect(await synchronize(world)).toMatchObject({ state: 'failed', error: expect.stringContaining(what) })
    expect(await removals(world)).toEqual([])
    await world.work()
    const { orchestra } = await application(world)
    await expect(orchestra.checkNow()).rejects.toThrow(what)
    await world.stopWorkers()
    const { failures: left } = await orchestra.plan()
    expect(left).toEqual([{ object: 'site', reason: expect.stringContaining(what) }])
  })

  it('is looked for in the other models all the same', async () => {
    const Other = defineModel({ name: 'other', table: 'other', schema: Site.schema }) as Model
    const world = await build({
      models: [Site as Model, Other],
      backends: [siteFilesWith({}), siteFilesWith({ name: 'others', model: Other as never })],
      tables: `create table site (id integer primary key, domain text not null default 'a.org', body text not null default '',
          plan text not null default 'basic'); create table other (like site including all)`,
    })
    await world.work()
    await world.store.query('insert into site (id) values (1); insert into other (id) values (2)')
    await world.calm()
    await world.stopWorkers()
    await world.store.query('alter table site rename to site_old; alter table other disable trigger all')
    await world.store.query(`update other set body = 'missed'`)
    expect(await synchronize(world)).toMatchObject({ state: 'failed', counts: { updated: 1 } })
  })

  it('says nothing of a table that is not there yet, while nothing of it was placed', async () => {
    const world = await build()
    await world.store.query('drop table site')
    expect(await synchronize(world)).toMatchObject({ state: 'done', error: null })
  })

  it('is not gone when a loader reads where it has not arrived', async () => {
    const model = { ...Site, load: async () => [] } as Model
    const world = await build({ models: [model], backends: [siteFilesWith({ model: model as never })] })
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    expect(await failures(world)).toEqual(['The loader of model "site" left out site:1, whose row exists'])
  })

  it('is not gone when a loader answers it in another spelling', async () => {
    const site = { id: 1, domain: 'a.org', body: '', plan: 'basic' }
    const model = { ...Site, load: async () => [{ ...site, id: '01' as never }] } as Model
    const world = await build({ models: [model], backends: [siteFilesWith({ model: model as never })] })
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    expect(await failures(world)).toEqual([
      'The loader of model "site" left out site:1, whose row exists; it answered 01, which nobody asked for',
    ])
  })

  it('fails when a loader answers it twice', async () => {
    const site = { id: 1, domain: 'a.org', body: '', plan: 'basic' }
    const model = { ...Site, load: async () => [site, { ...site, domain: 'b.org' }] } as Model
    const world = await build({ models: [model], backends: [siteFilesWith({ model: model as never })] })
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    expect(await failures(world)).toEqual(['The loader of model "site" answered site:1 2 times'])
  })

  it('is found by the new type of its key while the worker runs', async () => {
    const world = await standing(2)
    const collector = world.collector()
    await world.store.query(`update site set body = 'x' where id = 1`)
    await world.collect(collector)
    await world.store.query('alter table site alter column id type text using id::text')
    await world.store.query(`update site set body = 'y' where id = '2'`)
    await world.collect(collector)
    // The schema wants a number, which is another thing: the row was found.
    expect(await failures(world)).toEqual([expect.stringMatching(/^site:2 does not fit its schema: id: /)])
    expect(world.errors).toEqual([])
  })

  it('is gone under a key that the type of its key cannot have any more, beside others that are found', async () => {
    const world = await build()
    await collect(world.store, { model: 'site', keys: [['abc'], ['1']] })
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    expect(await failures(world)).toEqual([])
    const waiting = (await world.operations()).filter((one) => one.state === 'waiting')
    expect(waiting.map((one) => `${one.action} ${one.object_key}`)).toEqual(['save 1'])
  })

  it('is not removed by a comparison of a table that replaced another and holds few of them, until that is allowed', async () => {
    const world = await standing(3)
    const models = [...world.config.models.values()]
    await world.store.query('create table fresh (like site including all)')
    await world.store.query('drop table site; alter table fresh rename to site')
    await world.store.query(`insert into site (id, domain) values (1, '1.org')`)
    expect(await installCapture(world.store, models)).toMatchObject({ compared: ['site'], failed: [] })
    await world.collect()
    const asked = await synchronize(world)
    expect(asked).toMatchObject({ state: 'stopped' })
    expect(asked.error).toContain('because another table has the name of theirs')
    expect(asked.error).toContain('--allow-deletes 2')
    expect(await removals(world)).toEqual([])
    const request = { mode: 'sync', inspects: false, actor: null, source: 'test', allowDeletes: 2 } as const
    await requestSync(world.store, request)
    await world.collect()
    expect((await removals(world)).sort()).toEqual(['2', '3'])
  })

  it('is removed within the bound again once the table that replaced another was compared and held everything', async () => {
    const world = await standing(3)
    const models = [...world.config.models.values()]
    await world.store.query('create table fresh as table site; alter table fresh add primary key (id)')
    await world.store.query('drop table site; alter table fresh rename to site')
    await installCapture(world.store, models)
    await world.collect()
    await world.store.query('alter table site disable trigger user; delete from site where id = 1')
    await world.store.query('alter table site enable trigger user')
    expect(await synchronize(world)).toMatchObject({ state: 'done' })
    expect(await removals(world)).toEqual(['1'])
  })

  it('is not removed by a change of a table that belongs to its own, while its own has replaced another', async () => {
    const world = await standing(3)
    const models = [...world.config.models.values()]
    await world.store.query('create table fresh (like site including all)')
    await world.store.query('drop table site; alter table fresh rename to site')
    await world.store.query(`insert into site (id, domain) values (1, '1.org')`)
    await installCapture(world.store, models)
    await collect(world.store, { model: 'site', keys: [['2']] })
    await world.collect()
    expect(await removals(world)).toEqual([])
    expect(await failures(world)).toMatchObject([expect.stringContaining('took the name of another')])
    await world.store.query('delete from site where id = 1')
    await world.collect()
    expect(await removals(world)).toEqual(['1'])
  })
})
