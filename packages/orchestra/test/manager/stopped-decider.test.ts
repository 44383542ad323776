import { access, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { until, untilWithin } from '../support/processes.ts'
import { describePostgres } from '../support/stores.ts'
import { startWorker, type WorkerProcess } from '../support/worker-process.ts'
import { useWorlds, type World } from '../support/world.ts'
import { decidersConfig, goFile, loadingFile } from './deciders-config.ts'

const program = join(import.meta.dirname, 'deciders-worker.ts')
/** Milliseconds: a lease, and what it takes to see that it is over. */
const A_LEASE = 25_000

describePostgres('a worker that is stopped while it decides', (open) => {
  const build = useWorlds(open)

  const start = async () => {
    const { models, backends } = decidersConfig()
    const world = await build({ models: [...models.values()], backends: [...backends.values()] })
    const stopped = await startWorker(world, program)
    await world.store.query(`insert into site (id, body) values (1, 'old')`)
    await until('it has read the row', () => exists(loadingFile(world.directory)))
    return { world, stopped }
  }

  const exists = (path: string) =>
    access(path).then(
      () => true,
      () => false,
    )

  const placedAll = async (world: World) =>
    JSON.stringify(await world.files()) === JSON.stringify(await world.wanted())

  /** Goes on after all others, with what it has read before. */
  const goOn = async (world: World, stopped: WorkerProcess) => {
    const before = await world.operations()
    await writeFile(goFile(world.directory), '')
    stopped.resume()
    // It ends only when its look has.
    await stopped.stop()
    expect(await world.operations()).toEqual(before)
    expect(await world.files()).toEqual(await world.wanted())
    expect(await world.store.query('select from orchestra.ticket')).toEqual([])
  }

  it('between taking and writing delays what it has for a lease, and all else not at all', {
    timeout: 90_000,
  }, async () => {
    const { world, stopped } = await start()
    stopped.pause()
    await world.work()
    await world.store.query(`insert into site (id, body) values (2, 'new')`)
    await until('what is free is placed', async () => '2' in (await world.files()))
    await world.store.query(`update site set body = 'new' where id = 1`)
    await untilWithin(A_LEASE, 'all is placed', () => placedAll(world))
    await world.calm()
    await goOn(world, stopped)
  })

  it('in the middle of writing too', { timeout: 90_000 }, async () => {
    const { world, stopped } = await start()
    // Whatever it writes first waits, so that it can be stopped before it sends the next.
    const held = world.store.transaction(async (tx) => {
      await tx.query('lock table orchestra.event in share mode')
      await writeFile(goFile(world.directory), '')
      await until('it writes', async () => {
        const waiting = await world.store.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        )
        return waiting.length > 0
      })
      stopped.pause()
    })
    await held
    await world.work()
    await world.store.query(`insert into site (id, body) values (2, 'new')`)
    await until('what is free is placed', async () => '2' in (await world.files()))
    await world.store.query(`update site set body = 'new' where id = 1`)
    await untilWithin(A_LEASE, 'all is placed', () => placedAll(world))
    await world.calm()
    await goOn(world, stopped)
  })
})
