import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { defineBackend, defineModel, type Model } from '../../src/index.ts'
import { readScript } from '../../src/logs/index.ts'
import { routeObjects } from '../../src/manager/index.ts'
import { applyPlan, planAll, readPlan, savedPlan, writePlan } from '../../src/plan/index.ts'
import { CurrentRouter } from '../../src/router/index.ts'
import { sh } from '../../src/script/index.ts'
import type { SyncSelector } from '../../src/sync/index.ts'
import { describeStores } from '../support/stores.ts'
import { createSites, Site, siteFiles, siteFilesWith, useWorlds, type World } from '../support/world.ts'

async function contextOf(world: World) {
  const { store, config } = world
  const router = await new CurrentRouter(config.backends.values()).get(store)
  return { store, config, route: routeObjects(router) }
}

async function plan(world: World, selector: SyncSelector = {}) {
  return planAll(await contextOf(world), { selector, scripts: true, differences: 100 })
}

async function save(world: World, selector: SyncSelector = {}, allowDeletes?: number) {
  return savedPlan((await plan(world, selector)).saved, { selector, allowDeletes })
}

async function apply(world: World, saved: Awaited<ReturnType<typeof save>>, allowDeletes?: number) {
  return applyPlan(await contextOf(world), saved, { by: 'test', allowDeletes })
}

async function unseen(world: World, sql: string): Promise<void> {
  await world.store.query(`alter table site disable trigger all; ${sql}; alter table site enable trigger all`)
}

function withoutRun(script: string): string {
  return script
    .split('\n')
    .filter((line) => !/^o_(begin|acknowledge) /.test(line) && !/^# end /.test(line))
    .join('\n')
}

describeStores('a plan of everything', (open) => {
  const build = useWorlds(open)

  const placed = async (rows = 3, options: Parameters<typeof build>[0] = {}) => {
    const world = await build(options)
    await world.store.query(
      `insert into site (id, domain, body) select n, n || '.org', E'one\\n' from generate_series(1, ${rows}) n`,
    )
    const worker = await world.work()
    await world.calm()
    await worker.stop()
    return world
  }

  it('is empty where everything stands as it should', async () => {
    const world = await placed()
    expect(await plan(world)).toEqual({ operations: [], scripts: [], failures: [], guard: null, saved: [] })
  })

  it('tells kinds, names and differences, and writes nothing', async () => {
    const world = await placed(4)
    await unseen(
      world,
      `update site set body = E'two\\n' where id = 1; update site set domain = 'b.org' where id = 2;
       delete from site where id = 3; insert into site (id, domain, body) values (9, '9.org', E'new\\n')`,
    )
    const before = await world.operations()
    const { operations, failures } = await plan(world)
    expect(failures).toEqual([])
    expect(operations.map(({ kind, object, action }) => `${kind} ${object} ${action}`).sort()).toEqual([
      'create site:9 save',
      'delete site:3 delete',
      'rename site:2 save',
      'update site:1 save',
    ])
    const of = (object: string) => operations.find((one) => one.object === object)
    expect(of('site:2')).toMatchObject({ previousIdentity: '2.org', identity: 'b.org' })
    expect(of('site:1')?.differences).toEqual([
      { title: 'file ./sites/1', diff: '@@ -1,1 +1,1 @@\n-1.org one\n+1.org two\n' },
    ])
    expect(of('site:9')?.differences?.[0]?.diff).toContain('+9.org new')
    expect(await world.operations()).toEqual(before)
  })

  it('is about what is selected, and shows what waits with its reason', async () => {
    const world = await placed(3)
    await world.store.query(`update site set body = 'two' where id < 3`)
    await world.store.query(`update orchestra.server set held_at = now()`)
    await world.collect()
    const { operations } = await plan(world, { object: 'site:2' })
    expect(operations).toMatchObject([{ kind: 'update', object: 'site:2', waitsFor: 'the server is held' }])
    await expect(plan(world, { backend: 'none' })).rejects.toMatchObject({ code: 'ORC_BACKEND_UNKNOWN' })
    await expect(plan(world, { object: 'x:1' })).rejects.toMatchObject({ code: 'ORC_MODEL_UNKNOWN' })
  })

  it('shows of what waits and what failed only what is of the selected model', async () => {
    const Page = defineModel({ name: 'page', table: 'page', schema: z.object({ id: z.number() }) })
    const pages = defineBackend({
      name: 'pages',
      model: Page,
      save: (script, page) => script.file(`page-${page.id}`, ''),
      delete: (script, page) => script.absent(`page-${page.id}`),
    })
    const world = await build({
      models: [Site, Page] as Model[],
      backends: [siteFiles, pages],
      tables: `${createSites}; create table page (id integer primary key)`,
    })
    await world.store.query(`insert into site (id, domain) values (1, '1.org'), (2, '')`)
    await world.store.query(`insert into page values (1)`)
    await world.collect()
    await world.store.query(`insert into site (id, domain) values (3, '')`)
    const objects = async (selector: SyncSelector) => {
      const { operations, failures } = await plan(world, selector)
      return [...operations, ...failures].map(({ object }) => object).toSorted()
    }
    expect(await objects({ model: 'page' })).toEqual(['page:1'])
    expect(await objects({ backend: 'pages' })).toEqual(['page:1'])
    expect(await objects({ model: 'site' })).toEqual(['site:1', 'site:2', 'site:3'])
    expect(await objects({ backend: 'files' })).toEqual(['site:1', 'site:2', 'site:3'])
    // Of which no place can be told is of a server where something of it is: of these nothing is anywhere.
    expect(await objects({ backend: 'files', server: 'here' })).toEqual(['site:1'])
  })

  it('shows actions that were asked for, and objects that cannot be done', async () => {
    const world = await placed(2)
    await unseen(world, `update site set domain = '' where id = 1`)
    await world.store.query(
      `insert into orchestra.change (unit_id, model, action, keys) values (gen_random_uuid(), 'site', 'touch', '[["2"]]')`,
    )
    const { operations, failures } = await plan(world)
    expect(operations).toMatchObject([{ kind: 'action', action: 'touch', object: 'site:2' }])
    expect(failures).toMatchObject([{ object: 'site:1', reason: expect.stringContaining('domain') }])
  })

  it('shows the scripts that then run', async () => {
    const world = await placed(2, {
      backends: [
        siteFilesWith({
          save: (script, site) => {
            script.file(`sites/${site.id}`, `${site.domain} ${site.body}`)
            script.run(sh`true`)
          },
        }),
      ],
    })
    await unseen(world, `update site set body = 'two'; insert into site (id) values (7)`)
    const { scripts } = await plan(world)
    await apply(world, await save(world))
    const [before] = await world.store.query<{ id: number }>('select max(id) as id from orchestra.log')
    await world.work()
    await world.calm()
    const logs = await world.store.query<{ id: number }>(
      'select id from orchestra.log where id > $1 order by id',
      [before?.id ?? 0],
    )
    const ran = await Promise.all(logs.map((log) => readScript(world.store, log.id)))
    expect(ran.map(withoutRun)).toEqual(scripts.map(({ script }) => withoutRun(script)))
  })

  it('that is applied records exactly what it showed, once', async () => {
    const world = await placed(3)
    await unseen(world, `update site set body = 'two' where id < 3`)
    const saved = await save(world)
    const applied = await apply(world, saved)
    expect(applied).toMatchObject({ operations: 2, alreadyWaiting: 0 })
    expect(await apply(world, saved)).toMatchObject({ operations: 0, alreadyWaiting: 2 })
    await world.work()
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
    await expect(apply(world, saved)).rejects.toMatchObject({
      code: 'ORC_PLAN_STALE',
      message: expect.stringContaining('site:1 by files on here is as it should be'),
    })
  })

  it('is refused when the database or what stands moved on, naming what did', async () => {
    const world = await placed(3)
    await unseen(world, `update site set body = 'two' where id = 1`)
    const saved = await save(world)
    await unseen(world, `update site set body = 'three' where id = 1`)
    await expect(apply(world, saved)).rejects.toThrow('the database has another site:1 by files on here')
    await unseen(world, `update site set body = 'two' where id = 1; update site set body = 'x' where id = 2`)
    await expect(apply(world, saved)).rejects.toThrow('site:2 by files on here has to be done too (update)')
    await unseen(world, `update site set body = E'one\\n' where id = 2`)
    await world.store.query(`update orchestra.placement set revision = 'other' where object_key = '1'`)
    await expect(apply(world, saved)).rejects.toThrow('what stands of site:1 by files on here was changed')
    expect((await world.operations()).filter((one) => one.state === 'waiting')).toEqual([])
  })

  it('that removes more than the bound says so, and is applied when that is allowed only', async () => {
    const world = await placed(20)
    await unseen(world, 'delete from site where id <= 12')
    expect((await plan(world)).guard).toContain('12 of 20 objects')
    const saved = await save(world)
    await expect(apply(world, saved)).rejects.toMatchObject({ code: 'ORC_GUARD' })
    expect((await world.operations()).filter((one) => one.state === 'waiting')).toEqual([])
    expect(await apply(world, saved, 12)).toMatchObject({ operations: 12 })
  })

  it('in a file is the same when it is read, and refused when somebody edited it', async () => {
    const world = await placed(2)
    await unseen(world, `update site set body = 'two' where id = 1`)
    const directory = await mkdtemp(join(tmpdir(), 'orchestra-plan-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const path = join(directory, 'plan.json')
    const saved = await save(world, { server: 'here' }, 5)
    await writePlan(path, saved)
    expect(await readPlan(path)).toEqual(saved)
    await writeFile(path, (await readFile(path, 'utf8')).replace('site:1', 'site:2'))
    await expect(readPlan(path)).rejects.toMatchObject({ code: 'ORC_PLAN_INVALID' })
    await writeFile(path, '{}')
    await expect(readPlan(path)).rejects.toMatchObject({ code: 'ORC_PLAN_INVALID' })
    await expect(readPlan(join(directory, 'none'))).rejects.toMatchObject({ code: 'ORC_PLAN_INVALID' })
  })
})
