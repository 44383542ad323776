import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requestSync } from '../../src/request/request.ts'
import { addRoute } from '../../src/router/index.ts'
import { migrate, openStore } from '../../src/store/index.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { seed } from '../support/seed.ts'
import { testKey } from '../support/stores.ts'
import { startWorker, type WorkerProcess } from '../support/worker-process.ts'
import { buildWorld, type World } from '../support/world.ts'
import { type Release, rollingConfig } from './rolling-config.ts'

/** Milliseconds of load and trouble. */
const STORM = 15_000
const servers = ['one', 'two']
const program = join(import.meta.dirname, 'rolling-worker.ts')

/** Runs are alike: the seed decides who does what next, though not how long it takes. */
function randomFrom(start: number): (below: number) => number {
  let state = start >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe('three workers of two releases', () => {
  let postgres: PostgresServer
  let world: World

  beforeAll(async () => {
    postgres = await startPostgres()
    const store = await openStore({ databaseUrl: await postgres.database(), key: testKey })
    await migrate(store)
    const { models, backends } = rollingConfig('new')
    world = await buildWorld(store, {
      servers,
      models: [...models.values()],
      backends: [...backends.values()],
    })
    for (const server of servers)
      await addRoute(store, rollingConfig('old'), { backend: 'ledgers', server, match: 'true', by: 'test' })
    await store.query('delete from orchestra.sync')
  }, 120_000)

  afterAll(async () => {
    await world?.close()
    await world?.store.close()
    await postgres?.stop()
  })

  async function write(random: (below: number) => number, signal: AbortSignal): Promise<number> {
    let committed = 0
    for (; !signal.aborted; committed++) {
      const [id, body] = [random(40), `b${random(1e9)}`]
      if (random(4) > 0)
        await world.store.query(
          `insert into site (id, body) values ($1, $2) on conflict (id) do update set body = excluded.body`,
          [id, body],
        )
      else await world.store.query('delete from site where id = $1', [id])
      await sleep(random(60))
    }
    return committed
  }

  async function filesOf(server: string, backend: string): Promise<Record<string, string>> {
    const directory = join(world.directory, server, backend)
    const names = (await readdir(directory)).filter((name) => !name.startsWith('.'))
    const contents = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
    return Object.fromEntries(names.map((name, index) => [name, contents[index] ?? '']))
  }

  async function wanted(word: string): Promise<Record<string, string>> {
    const rows = await world.store.query<{ id: number; body: string }>('select id, body from site')
    return Object.fromEntries(rows.map(({ id, body }) => [id, `${word} ${body}`]))
  }

  /** Scripts that began while another one had not ended; one that was killed ends never, and is followed by a begin. */
  async function overlapsOn(server: string): Promise<string[]> {
    const lines = (await readFile(join(world.directory, server, 'scripts'), 'utf8')).trim().split('\n')
    let current: string | undefined
    return lines.filter((line) => {
      const [word, run] = line.split(' ')
      if (word === 'begin') {
        current = run
        return false
      }
      return current !== run
    })
  }

  it('lose nothing, overlap in nothing and end with what the newer one renders', async () => {
    const random = randomFrom(seed)
    const start = async (release: Release) => ({
      release,
      process: await startWorker(world, program, release),
    })
    const crew: { release: Release; process: WorkerProcess }[] = [
      await start('old'),
      await start('new'),
      await start('old'),
    ]
    const storm = new AbortController()
    const writers = [write(randomFrom(seed + 1), storm.signal), write(randomFrom(seed + 2), storm.signal)]
    const end = Date.now() + STORM
    let killed = 0
    for (; Date.now() < end; killed++) {
      await sleep(500 + random(1_000))
      const [victim] = crew.splice(random(3), 1)
      await victim?.process.kill()
      crew.push(await start(random(2) === 0 ? 'old' : 'new'))
    }
    storm.abort()
    const committed = (await Promise.all(writers)).reduce((sum, one) => sum + one)
    for (const release of ['old', 'new'] as const)
      if (!crew.some((one) => one.release === release)) crew.push(await start(release))
    const calmStart = Date.now()
    await world.calm(40_000)
    await requestSync(world.store, { mode: 'sync', inspects: false, actor: null, source: 'test' })
    await world.calm(20_000)
    console.log(`${committed} changes, ${killed} workers killed, calm after ${Date.now() - calmStart} ms`)
    // The last to stop may be an older one, which is alone then and judges by what it renders itself.
    const [left] = await world.store.query(`select
      (select count(*) from orchestra.operation where outcome = 'failure') as failures,
      (select count(*) from orchestra.operation o where o.state = 'superseded' and not exists (
        select from orchestra.operation n where n.id = o.superseded_by)) as lost,
      (select count(*) from orchestra.placement where state <> 'applied' or stale) as unsettled`)
    for (const one of crew) await one.process.stop()

    for (const server of servers) {
      expect(await filesOf(server, 'sites')).toEqual(await wanted('new'))
      expect(await filesOf(server, 'notes')).toEqual(await wanted('own'))
      expect(await filesOf(server, 'ledgers')).toEqual(await wanted('own'))
      expect(await overlapsOn(server)).toEqual([])
    }
    expect(left).toEqual({ failures: 0, lost: 0, unsettled: 0 })
  }, 150_000)
})
