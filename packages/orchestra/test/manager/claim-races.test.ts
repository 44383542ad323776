import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { claimLane } from '../../src/manager/claim.ts'
import { forget, protect } from '../../src/removal/index.ts'
import type { Queryable, Store } from '../../src/store/index.ts'
import { until } from '../support/processes.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

/** A claim waits for whoever decides about a place, and began to read before that one was done. */
describePostgres('a claim that waits for a decision', (open) => {
  const build = useWorlds(open)
  const owner = randomUUID()

  const claim = (world: World) => claimLane(world.store, world.config, 1, owner)
  const waiting = (world: World) =>
    world.store.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )

  /** Ends the decision when the claim waits for it; the decision has locked its place and not committed yet. */
  const claimBeside = async (world: World) => {
    let looking: Promise<unknown> | undefined
    let claiming: ReturnType<typeof claim> | undefined
    await world.store.transaction(async (tx) => {
      await tx.query('lock table orchestra.event in share mode')
      looking = world.collect()
      await until('the decision is written', async () => (await waiting(world)).length === 1)
      claiming = claim(world)
      await until('the claim waits', async () => (await waiting(world)).length === 2)
    })
    await looking
    return claiming
  }

  it('sees what was decided, and what a lost worker had begun before', async () => {
    const world = await build()
    await world.store.query(`insert into site (id, body) values (1, 'old')`)
    await world.collect()
    // Its worker dies before the script has a log.
    const [begun] = (await claim(world))?.operations ?? []
    await world.store.query(`update site set body = 'new'`)
    const taken = await claimBeside(world)
    expect(taken?.lost).toEqual([begun?.id])
    expect(await world.store.query('select from orchestra.change')).toEqual([])
    await world.store.query(`update orchestra.lane set owner = null, expires_at = '-infinity'`)
    await world.work()
    await world.calm()
    expect(await world.files()).toEqual({ 1: 'a.org new' })
    expect(await world.operations()).toMatchObject([
      { state: 'superseded', attempt: 0 },
      { state: 'done', outcome: 'success', attempt: 1 },
    ])
  })

  it('removes nothing that is protected since', async () => {
    const world = await build()
    await world.work()
    await world.store.query(`insert into site (id) values (1)`)
    await world.calm()
    await world.stopWorkers()
    await world.store.query('delete from site')
    await world.collect()
    let claiming: ReturnType<typeof claim> | undefined
    await world.store.transaction(async (tx) => {
      await tx.query('select from orchestra.placement for update')
      claiming = claim(world)
      await until('the claim waits', async () => (await waiting(world)).length === 1)
      const subject = { kind: 'object', model: 'site', key: ['1'], backend: null } as const
      await protect(world.store, subject, { by: 'test' })
    })
    expect((await claiming)?.operations).toEqual([])
  })
})

/** Somebody gives up what is decided at that moment: when he looked for places there were none, and when he takes them one is claimed. */
describePostgres('a claim that meets whoever forgets', (open) => {
  const build = useWorlds(open)

  it('keeps its place until its run is settled', async () => {
    const world = await build()
    await world.store.query(`insert into site (id) values (1)`)
    const claimed = Promise.withResolvers<unknown>()
    const release = Promise.withResolvers<void>()
    const beforePlaces = async () => {
      await world.collect()
      const locked = Promise.withResolvers<void>()
      const holding = world.store.transaction(async (tx) => {
        await tx.query('select from orchestra.operation for no key update')
        locked.resolve()
        await release.promise
      })
      await locked.promise
      claimed.resolve(claimLane(world.store, world.config, 1, randomUUID()).finally(() => holding))
      await waiters(world, 1)
    }
    const forgetting = forget(pausing(world.store, 'as settles', beforePlaces), { server: 'here' }, 'test')
    await waiters(world, 2)
    release.resolve()
    expect(await claimed.promise).toMatchObject({ operations: [{ action: 'save' }] })
    expect(await forgetting).toMatchObject({ placements: 1 })
    expect(
      await world.store.query('select forgotten, trying is not null as tried from orchestra.placement'),
    ).toEqual([{ forgotten: true, tried: true }])
  })
})

async function waiters(world: World, count: number): Promise<void> {
  await until(`${count} wait for locks`, async () => {
    const waiting = await world.store.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    return waiting.length === count
  })
}

/** Does something once, before the first statement that has a text. */
function pausing(store: Store, text: string, pause: () => Promise<void>): Store {
  let isDone = false
  const watched = <Tx extends Queryable>(tx: Tx): Tx => {
    const query: Queryable['query'] = async (statement, values) => {
      const isMeant = !isDone && statement.includes(text)
      if (isMeant) isDone = true
      if (isMeant) await pause()
      return tx.query(statement, values)
    }
    return Object.assign(Object.create(tx), { query })
  }
  return { ...store, query: store.query, transaction: (work) => store.transaction((tx) => work(watched(tx))) }
}
