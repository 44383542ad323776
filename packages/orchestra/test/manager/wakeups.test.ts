import { expect, test } from 'vitest'
import { startWakeups } from '../../src/manager/wakeups.ts'
import { dropInUse } from '../support/drop.ts'
import { until } from '../support/processes.ts'
import { describePostgres, describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

describeStores('wake-ups whose tables are dropped while a worker runs', (open) => {
  const world = useWorlds(open)

  test.each([
    ['with their schema', 'drop schema orchestra_boss cascade'],
    ['and their schema is left', 'drop table orchestra_boss.job cascade'],
    [
      'all but the one of versions',
      'drop table orchestra_boss.job, orchestra_boss.queue, orchestra_boss.schedule cascade',
    ],
  ])('%s are made again, with the schedules', async (_, statement) => {
    const here = await world()
    await here.work()
    await dropInUse(here.store.query, statement)
    await here.store.query('insert into site values (1)')
    const whole = () =>
      here.store
        .query(`select name from orchestra_boss.schedule where to_regclass('orchestra_boss.job') is not null`)
        .then(
          (rows) => rows.some(({ name }) => name === 'orchestra-compare'),
          () => false,
        )
    await until('the schedules are there again', whole)
    await here.calm()
    expect(await here.files()).toEqual(await here.wanted())
  })

  test('are made again by a worker that starts', async () => {
    const here = await world()
    await here.work()
    await here.stopWorkers()
    await here.store.query('drop table orchestra_boss.queue cascade')
    await here.work()
    await here.store.query('insert into site values (1)')
    await here.calm()
    expect(await here.files()).toEqual(await here.wanted())
  })
})

describePostgres('wake-ups', (open) => {
  const world = useWorlds(open)

  test('of the same lanes are sent at once in any order', async () => {
    const { store } = await world()
    const start = () =>
      startWakeups({
        store,
        free: () => 0,
        onLane: () => undefined,
        onError: () => undefined,
        rank: () => 'newest',
        schedules: {},
      })
    const [one, other] = [await start(), await start()]
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    const areWaiting = (count: number) => async () => (await store.query(waiting)).length === count
    try {
      const sent: Promise<void>[] = []
      await store.transaction(async (tx) => {
        await tx.query(
          `insert into orchestra_boss.job (name, singleton_key, policy) values ('orchestra-lane', '3', 'stately')`,
        )
        sent.push(one.send([1, 3, 2]))
        await until('the first waits', areWaiting(1))
        sent.push(other.send([2, 3, 1]))
        await until('the second waits', areWaiting(2))
      })
      expect((await Promise.allSettled(sent)).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    } finally {
      await one.stop()
      await other.stop()
    }
  })
})
