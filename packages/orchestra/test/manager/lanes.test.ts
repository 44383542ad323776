import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { collect } from '../../src/capture/index.ts'
import { defineBackend } from '../../src/index.ts'
import { cancel, type Manager, retry } from '../../src/manager/index.ts'
import { createMethods, type Methods } from '../../src/methods/index.ts'
import { sh } from '../../src/script/index.ts'
import { holdServer, pause, releaseServer, resume } from '../../src/server/index.ts'
import { migrate, openStore } from '../../src/store/index.ts'
import { uniqueSleep } from '../support/jobs.ts'
import { processesWith, until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { Site, siteFilesWith, useWorlds, type World } from '../support/world.ts'

const insertMany = (world: World, count: number) =>
  world.store.query(
    `insert into site (id, domain) select n, 'd' || n || '.org' from generate_series(1, $1::int) n`,
    [count],
  )

const countOf = async (world: World, from: string): Promise<number> => {
  const [row] = await world.store.query<{ count: number }>(`select count(*) as count from orchestra.${from}`)
  return row?.count ?? -1
}

/** A backend whose save runs a sleep that the list of processes shows. */
const sleeper = (sleep: string, total = 60_000) =>
  siteFilesWith({
    save: (script, site) => {
      if (site.body === 'sleep') script.run(sh`${sleep.split(' ')}`)
      else script.run(sh`true`)
    },
    timeouts: { total },
  })

/** A backend that writes down what it is asked. */
const noting = (name: string, after: readonly string[] = []) =>
  siteFilesWith({
    name,
    after,
    save: (script) => script.run(sh`echo save ${name} >>order`),
    delete: (script) => script.run(sh`echo delete ${name} >>order`),
  })

describeStores('lanes', (open, kind) => {
  const build = useWorlds(open)

  it('make the files of a server equal to the rows', async () => {
    const world = await build()
    await world.work()
    await insertMany(world, 20)
    await world.store.query(`update site set body = 'new' where id < 5; delete from site where id > 15`)
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
  })

  it('run the waiting changes of one object once, with the last state', async () => {
    const world = await build()
    for (let n = 1; n <= 10; n++) {
      if (n === 1) await world.store.query('insert into site (id) values (1)')
      else await world.store.query(`update site set body = $1`, [`b${n}`])
      await world.collect()
    }
    await world.work()
    await world.calm()
    expect(await countOf(world, `log_operation`)).toBe(1)
    expect((await world.files())['1']).toBe('a.org b10')
  })

  it('apply the changes of one object in the order of their commits', async () => {
    const world = await build({
      backends: [siteFilesWith({ save: (script, site) => script.run(sh`echo ${site.body} >>seen`) })],
    })
    await world.work()
    await world.store.query(`insert into site (id, body) values (1, '0')`)
    for (let n = 1; n <= 30; n++) await world.store.query(`update site set body = $1`, [String(n)])
    await world.calm()
    const seen = (await readFile(join(world.directory, 'here/seen'), 'utf8')).trim().split('\n').map(Number)
    expect(seen).toEqual(seen.toSorted((one, other) => one - other))
    expect(seen.at(-1)).toBe(30)
  })

  it('run a thousand waiting operations of a backend as one script with one reload', async () => {
    const world = await build({
      backends: [
        siteFilesWith({ commit: (script) => script.reload('web', { command: sh`echo reload >>reloads` }) }),
      ],
    })
    await insertMany(world, 1_000)
    await world.work()
    await world.calm()
    expect(await countOf(world, 'log')).toBe(1)
    expect(await readFile(join(world.directory, 'here/reloads'), 'utf8')).toBe('reload\n')
    expect(await world.files()).toEqual(await world.wanted())
  })

  it('change nothing when a unit is run a second time', async () => {
    const world = await build()
    await world.work()
    await insertMany(world, 5)
    await world.calm()
    await collect(world.store, { model: 'site', keys: ['1', '2', '3', '4', '5'].map((key) => [key]) })
    await world.calm()
    expect(await countOf(world, 'operation where not changed')).toBe(5)
  })

  it('save in the order of `after` and delete in reverse', async () => {
    const world = await build({ backends: [noting('second', ['first']), noting('first')] })
    await world.work()
    await world.store.query(`insert into site (id) values (1)`)
    await world.calm()
    await world.store.query(`delete from site`)
    await world.calm()
    const order = await readFile(join(world.directory, 'here/order'), 'utf8')
    expect(order).toBe('save first\nsave second\ndelete second\ndelete first\n')
  })

  it('let 999 objects succeed beside one that fails, name it, and try it alone again until it heals', async () => {
    const world = await build()
    await world.store.query(
      `insert into site (id, body) select n, case when n = 500 then 'fail' else '' end from generate_series(1, 1000) n`,
    )
    await world.work()
    await until('it was tried again', async () => (await countOf(world, `log where attempt > 1`)) > 0)
    expect(await countOf(world, `operation where outcome = 'success'`)).toBe(999)
    const failing = (await world.operations()).filter((one) => one.outcome === 'failure')
    expect(failing).toMatchObject([{ object_key: '500', error: 'exit status 3: no such thing' }])
    expect(
      await countOf(
        world,
        "log_operation where log_id > (select min(id) from orchestra.log) and operation_id <> (select id from orchestra.operation where object_key = '500' limit 1)",
      ),
    ).toBe(0)
    await world.store.query(`update site set body = 'good' where id = 500`)
    await world.calm()
    expect((await world.files())['500']).toBe('a.org good')
  })

  it('delete what stands there, whatever it was when the delete was decided', async () => {
    const world = await build({
      backends: [
        siteFilesWith({
          save: (script, site) => script.file(`sites/${site.domain}`, 'x'),
          delete: (script, site) => script.absent(`sites/${site.domain}`),
        }),
      ],
    })
    await world.store.query(`insert into site (id, domain) values (1, 'old.org')`)
    await world.collect()
    await world.store.query(`update site set domain = 'new.org'`)
    const collector = world.collector()
    await world.collect(collector)
    await world.work()
    await world.calm()
    await holdServer(world.store, 'here', { by: 'test', reason: 'test' })
    await world.store.query(`delete from site`)
    await until(
      'the delete waits',
      async () => (await countOf(world, `operation where action = 'delete'`)) === 1,
    )
    // As if a save had still been running when the delete was decided.
    await world.store.query(
      `update orchestra.operation set snapshot = jsonb_set(snapshot, '{domain}', '"old.org"') where action = 'delete'`,
    )
    await releaseServer(world.store, 'here', { by: 'test' })
    await world.calm()
    expect(await world.files()).toEqual({})
  })

  it.each([
    [
      'a server is held',
      (world: World) => holdServer(world.store, 'here', { by: 'test', reason: 'r' }),
      (world: World) => releaseServer(world.store, 'here', { by: 'test' }),
    ],
    [
      'everything is paused',
      (world: World) => pause(world.store, { by: 'test', reason: 'r' }),
      (world: World) => resume(world.store, { by: 'test' }),
    ],
    [
      'a server is held for a time',
      (world: World) =>
        holdServer(world.store, 'here', { by: 'test', until: new Date(Date.now() + 3_600_000) }),
      // As if the hour were over.
      (world: World) => world.store.query(`update orchestra.server set held_until = now()`),
    ],
  ])('lose nothing while %s', async (_, hold, release) => {
    const world = await build()
    await world.work()
    await hold(world)
    await insertMany(world, 3)
    await until('all is collected', async () => (await countOf(world, 'operation')) === 3)
    await world.store.query(`update site set body = 'later'`)
    await until(
      'it is merged',
      async () => (await countOf(world, `operation where snapshot ->> 'body' = 'later'`)) === 3,
    )
    expect(await countOf(world, 'log')).toBe(0)
    await release(world)
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
    expect(await countOf(world, 'log')).toBe(1)
  })

  it('end a running script there when its object is cancelled, and do again what ran beside it', async () => {
    const sleep = uniqueSleep()
    const world = await build({ backends: [sleeper(sleep)] })
    await world.store.query(`insert into site (id, body) values (1, 'sleep'), (2, '')`)
    await world.work()
    await until('it sleeps', async () => (await processesWith(sleep)).length > 0)
    const cancelled = await cancel(world.store, { kind: 'object', model: 'site', key: '1' }, 'anna')
    expect(cancelled.stopping).toHaveLength(1)
    await world.calm()
    expect(await processesWith(sleep)).toEqual([])
    expect(await world.operations()).toMatchObject([
      { object_key: '1', state: 'done', outcome: 'aborted', error: 'cancelled by anna' },
      { object_key: '2', state: 'done', outcome: 'success' },
    ])
    const [log] = await world.store.query(`select state, error from orchestra.log order by id`)
    expect(log).toMatchObject({ state: 'ABORTED', error: expect.stringContaining('cancelled by anna') })
  })

  it('begin nothing more of what was cancelled while its first script ran', async () => {
    const sleep = uniqueSleep()
    const world = await build({ backends: [sleeper(sleep), noting('second', ['files'])] })
    await world.store.query(`insert into site (id, body) values (1, 'sleep'), (2, '')`)
    await world.work()
    await until('it sleeps', async () => (await processesWith(sleep)).length > 0)
    await cancel(world.store, { kind: 'object', model: 'site', key: '1' }, 'anna')
    await world.calm()
    const ends = (await world.operations()).map((one) => `${one.backend} ${one.object_key} ${one.outcome}`)
    expect(ends.toSorted()).toEqual([
      'files 1 aborted',
      'files 2 success',
      'second 1 aborted',
      'second 2 success',
    ])
  })

  it('leave nothing behind when they are stopped while much is collected', async () => {
    const world = await build()
    const manager = await world.work()
    await insertMany(world, 500)
    await manager.stop({ grace: 0 })
    expect(manager.mode).toBe('stopped')
    expect(world.errors).toEqual([])
    expect(await countOf(world, 'log where ended_at is null')).toBe(0)
    expect(await countOf(world, `operation where state = 'running'`)).toBe(0)
    await world.work()
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
  })

  it('revoke what waits, which a retry then does from the present row', async () => {
    const world = await build()
    await holdServer(world.store, 'here', { by: 'test', reason: 'r' })
    await world.work()
    await insertMany(world, 1)
    await until('it waits', async () => (await countOf(world, 'operation')) === 1)
    const target = { kind: 'object', model: 'site', key: '1' } as const
    expect(await cancel(world.store, target, 'anna')).toEqual({ revoked: 1, stopping: [], undecided: 0 })
    await releaseServer(world.store, 'here', { by: 'test' })
    expect(await retry(world.store, target, 'anna')).toEqual({ hastened: 0, lookedAtAgain: 1 })
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
  })

  it('end a script that takes too long, and try it again', async () => {
    const sleep = uniqueSleep()
    const world = await build({ backends: [sleeper(sleep, 300)] })
    await world.work()
    await world.store.query(`insert into site (id, body) values (1, 'sleep')`)
    await until('it failed', async () => (await countOf(world, `operation where outcome = 'timeout'`)) === 1)
    expect((await world.operations())[0]?.error).toContain('the script took too long')
    await world.store.query(`update site set body = 'x'`)
    await world.calm()
    expect(await processesWith(sleep)).toEqual([])
  })

  it('hand back what a stopped worker was running', async () => {
    const sleep = uniqueSleep()
    const world = await build({ backends: [sleeper(sleep)] })
    const manager = await world.work()
    await world.store.query(`insert into site (id, body) values (1, 'sleep')`)
    await until('it sleeps', async () => (await processesWith(sleep)).length > 0)
    await manager.stop({ grace: 10 })
    expect(await processesWith(sleep)).toEqual([])
    expect(await world.operations()).toMatchObject([{ state: 'waiting', attempt: 0, outcome: null }])
    expect(await countOf(world, 'log where ended_at is null')).toBe(0)
    const [log] = await world.store.query(`select state, error from orchestra.log`)
    expect(log).toEqual({ state: 'ABORTED', error: 'the worker stopped; what has no result is done again' })
  })

  it('let a running script end when their worker stops', async () => {
    const world = await build({
      backends: [siteFilesWith({ prepare: (script) => script.run(sh`sleep 0.5; mkdir -p sites`) })],
    })
    const manager = await world.work()
    await insertMany(world, 1)
    await until('it runs', async () => manager.busy === 1)
    await until('the log is there', async () => (await countOf(world, 'log')) === 1)
    await manager.stop()
    expect(await world.operations()).toMatchObject([{ state: 'done', outcome: 'success' }])
  })

  it('fail operations whose secrets another key encrypted, and say which keys', async () => {
    const world = await build()
    await insertMany(world, 1)
    await world.collect()
    await world.store.query(
      `update orchestra.operation set snapshot = snapshot || '{"body": {"$secret": "v1:00000000:AAAA", "name": "site.body"}}'`,
    )
    await world.work()
    await until('it failed', async () => (await countOf(world, `operation where outcome = 'failure'`)) === 1)
    expect((await world.operations())[0]?.error).toMatch(/encrypted with key 00000000/)
  })

  it('tell of a function server that a script cannot run there', async () => {
    const world = await build()
    await world.store.query(`update orchestra.server set method = 'function'`)
    await world.work()
    await insertMany(world, 1)
    await until('it failed', async () => (await countOf(world, `operation where outcome = 'failure'`)) === 1)
    expect((await world.operations())[0]?.error).toBe('here runs functions and this is a script')
    await until('its log ended', async () => (await countOf(world, 'log where ended_at is null')) === 0)
  })

  it('wait for no function that hangs longer than its time', async () => {
    const backend = defineBackend({
      name: 'files',
      model: Site,
      save: (script) => script.call('hang', () => new Promise(() => {})),
      timeouts: { total: 100 },
    })
    const world = await build({ backends: [backend] })
    await world.work()
    await insertMany(world, 1)
    await until(
      'it timed out',
      async () => (await countOf(world, `operation where outcome = 'timeout'`)) === 1,
    )
  })

  it('rest after what nobody foresaw, and go on by themselves', async () => {
    const world = await build()
    const real = createMethods()
    let isFirst = true
    const methodFor: Methods['for'] = (target) => {
      if (!isFirst) return real.for(target)
      isFirst = false
      throw new Error('not foreseen')
    }
    await world.work({ methods: { ...real, for: methodFor } })
    await insertMany(world, 1)
    await world.calm()
    expect(world.errors.map(String)).toEqual(['Error: not foreseen'])
    expect(await world.files()).toEqual(await world.wanted())
    expect(await countOf(world, 'log where ended_at is null')).toBe(0)
  })

  it('work a server that has seen a higher fence, once that is surpassed', async () => {
    const world = await build()
    const manager = await world.work()
    await insertMany(world, 1)
    await world.calm()
    await manager.stop()
    const [lane] = await world.store.query<{ fence: number }>('select fence from orchestra.lane')
    await writeFile(join(world.directory, 'here/.orchestra-state/fence'), `${(lane?.fence ?? 0) + 2_000}\n`)
    await world.store.query(`update site set body = 'after'`)
    await world.work()
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
  })

  it('lose no wake-up that comes while a lane ends', async () => {
    const world = await build()
    await world.work()
    for (let n = 1; n <= 40; n++) {
      await world.store.query('insert into site (id) values ($1)', [n])
      await until(`${n} is done`, async () => (await countOf(world, `operation where state = 'done'`)) >= n)
    }
    expect(world.errors).toEqual([])
  })

  it('are worked by a second manager in the same database without doing anything twice', async () => {
    if (kind === 'pglite') return
    const world = await build({ servers: ['here', 'there', 'yonder'] })
    const managers: Manager[] = [await world.work(), await world.work()]
    for (let n = 1; n <= 30; n++) await world.store.query('insert into site (id) values ($1)', [n])
    await world.calm()
    expect(managers).toHaveLength(2)
    expect(await countOf(world, `operation where outcome = 'success' and changed`)).toBe(90)
    for (const server of ['here', 'there', 'yonder'])
      expect(await world.files(server)).toEqual(await world.wanted())
  })

  it('are found in a store that another process opens later', async () => {
    if (kind === 'pglite') return
    const world = await build()
    await insertMany(world, 2)
    const store = await openStore({
      databaseUrl: world.store.databaseUrl,
      directory: world.directory,
      key: '5e'.repeat(32),
    })
    try {
      await migrate(store)
      const manager = await world.work({ store })
      await world.calm()
      await manager.stop()
    } finally {
      await store.close()
    }
    expect(await world.files()).toEqual(await world.wanted())
  })
})
