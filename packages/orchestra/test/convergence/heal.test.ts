import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { installCapture } from '../../src/capture/index.ts'
import { requestSync } from '../../src/sync/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { createSites, useWorlds, type World } from '../support/world.ts'

const many = 5_000

describeStores('without a human', (open) => {
  const build = useWorlds(open)

  async function standing(rows: number): Promise<World> {
    const world = await build()
    await world.work()
    await world.store.query(
      `insert into site (id, body) select n, 'first ' || n from generate_series(1, ${rows}) n`,
    )
    await calm(world)
    return world
  }

  /** What a worker does once a minute. */
  const lookAtCapture = (world: World) => installCapture(world.store, [...world.config.models.values()])

  const calm = (world: World) =>
    untilWithin(60_000, 'everything has ended', async () => {
      const open = await world.store.query('select from orchestra.sync where ended_at is null')
      return open.length === 0 && (await world.open()) === 0
    })

  const equals = async (world: World) => {
    expect(await world.files()).toEqual(await world.wanted())
    expect(await world.store.query(`select from orchestra.placement where state <> 'applied'`)).toEqual([])
  }

  const logs = async (world: World) => (await world.store.query('select from orchestra.log')).length

  it.each([
    ['disabled', 'alter table site disable trigger user', ''],
    ['disabled for a while', 'alter table site disable trigger user', 'alter table site enable trigger user'],
    [
      'lost when a migration recreated the table',
      'create table copy (like site including all); insert into copy table site; drop table site; alter table copy rename to site',
      '',
    ],
  ])('it heals what changed while capture was %s', async (_, before, after) => {
    const world = await standing(12)
    await world.store.query(before)
    await world.store.query(`update site set body = 'unseen' where id % 3 = 0`)
    await world.store.query('delete from site where id = 4')
    await world.store.query(`insert into site (id, body) values (100, 'unseen')`)
    if (after !== '') await world.store.query(after)
    await lookAtCapture(world)
    await calm(world)
    await equals(world)
    await world.store.query(`update site set body = 'seen' where id = 100`)
    await calm(world)
    await equals(world)
  })

  it('it asks before it removes what an older dump of the table alone does not hold', async () => {
    const world = await standing(12)
    await world.store.query(
      `drop table site; ${createSites}; insert into site (id, body) select n, 'of the dump' from generate_series(3, 8) n`,
    )
    await lookAtCapture(world)
    await calm(world)
    expect(await world.files()).toMatchObject(await world.wanted())
    expect(Object.keys(await world.files())).toHaveLength(12)
    await requestSync(world.store, { mode: 'sync', allowDeletes: 6, actor: 'test', source: 'test' })
    await calm(world)
    await equals(world)
  })

  it('one synchronization rebuilds a server that was wiped', async () => {
    const world = await standing(200)
    await rm(join(world.directory, 'here', 'sites'), { recursive: true })
    await rm(join(world.directory, 'here', '.orchestra-state'), { recursive: true })
    const before = await logs(world)
    await requestSync(world.store, { mode: 'sync', actor: 'test', source: 'test' })
    await calm(world)
    await equals(world)
    expect((await logs(world)) - before).toBeLessThanOrEqual(2)
  })

  it('an outage costs one script, whatever was changed meanwhile', { timeout: 120_000 }, async () => {
    const world = await standing(1)
    const [here, away] = [join(world.directory, 'here'), join(world.directory, 'away')]
    await rename(here, away)
    await world.store.query(
      `insert into site (id, body) select n, 'during' from generate_series(2, ${many}) n`,
    )
    for (const round of [1, 2, 3])
      await world.store.query(`update site set body = 'during ' || ${round} where id <= ${many}`)
    await untilWithin(60_000, 'the changes were collected', async () => {
      const left = await world.store.query('select from orchestra.change')
      return left.length === 0
    })
    // A try that began before all of them were collected would do the first of them by itself.
    await untilWithin(60_000, 'no try of theirs is under way', async () => {
      const running = await world.store.query(`select from orchestra.operation where state = 'running'`)
      return running.length === 0
    })
    const before = await world.store.query(`select from orchestra.log where state = 'SUCCESS'`)
    await rename(away, here)
    await calm(world)
    await equals(world)
    const after = await world.store.query(`select from orchestra.log where state = 'SUCCESS'`)
    expect(after.length - before.length).toBe(1)
  })

  it('a worker that ends in the middle of a synchronization leaves it to the next', async () => {
    const world = await standing(1)
    await world.store.transaction(async (tx) => {
      await tx.query('set local session_replication_role = replica')
      await tx.query(`insert into site (id, body) select n, 'unseen' from generate_series(2, 3000) n`)
    })
    const { id } = await requestSync(world.store, { mode: 'sync', actor: 'test', source: 'test' })
    const progress = async () => {
      const [row] = await world.store.query<{ seen: number }>(
        `select (select count(*) from orchestra.placement) + (select count(*) from orchestra.inspection where seen > 0) as seen`,
      )
      return row?.seen ?? 0
    }
    for (let restarts = 0, last = 0; restarts < 3; restarts++) {
      await untilWithin(
        20_000,
        'it went on',
        async () => (await progress()) > last || (await isEnded(world, id)),
      )
      last = await progress()
      await world.stopWorkers(0)
      await world.work()
    }
    await calm(world)
    await equals(world)
  })
})

async function isEnded(world: World, id: number): Promise<boolean> {
  const rows = await world.store.query('select from orchestra.sync where id = $1 and ended_at is not null', [
    id,
  ])
  return rows.length > 0
}
