import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { defineBackend, type Model } from '../../src/index.ts'
import { createLaneLog } from '../../src/logs/index.ts'
import { type Claim, claimLane } from '../../src/manager/claim.ts'
import { cancel } from '../../src/manager/index.ts'
import { raw, sh } from '../../src/script/index.ts'
import { uniqueSleep } from '../support/jobs.ts'
import { processesWith, until, untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { startWorker } from '../support/worker-process.ts'
import { Site, siteFilesWith, useWorlds, type World } from '../support/world.ts'
import { chaosBackend, chaosConfig } from './chaos-config.ts'

/** A backend whose save waits until the test lets it go on. */
function patient() {
  let letGo = (_: undefined): void => undefined
  const free = new Promise<undefined>((resolve) => {
    letGo = resolve
  })
  const backend = defineBackend({
    name: 'files',
    model: Site,
    save: (script) => script.call('wait', () => free),
  })
  onTestFinished(() => letGo(undefined))
  return { backend, letGo: () => letGo(undefined) }
}

async function connect(world: World): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: world.store.databaseUrl })
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

describeStores('a lease', (open, kind) => {
  const build = useWorlds(open)

  /** Servers whose lanes are worked on, and until when. */
  const leasesOf = async (client: pg.Client): Promise<string[]> => {
    const { rows } = await client.query(
      `select expires_at::text as at from orchestra.lane order by server_id`,
    )
    return rows.map(({ at }) => at)
  }

  it('is renewed while everything else waits for a connection', async () => {
    if (kind === 'pglite') return
    const { backend, letGo } = patient()
    const world = await build({ backends: [backend] })
    const client = await connect(world)
    await world.work()
    await world.store.query('insert into site (id) values (1)')
    await until('it runs', async () => (await world.operations())[0]?.state === 'running')
    const { pool } = world.store
    const taken = await Promise.all(Array.from({ length: pool.options.max ?? 10 }, () => pool.connect()))
    try {
      const [before] = await leasesOf(client)
      await untilWithin(9_000, 'it is renewed', async () => (await leasesOf(client))[0] !== before)
    } finally {
      for (const one of taken) one.release()
    }
    letGo()
    await world.calm()
    expect(world.errors).toEqual([])
  })

  it('is renewed while somebody has the lane of another server locked', async () => {
    if (kind === 'pglite') return
    const { backend, letGo } = patient()
    const world = await build({ backends: [backend], servers: ['here', 'there'] })
    const client = await connect(world)
    const locking = await connect(world)
    await world.work()
    await world.store.query('insert into site (id) values (1)')
    await until('both run', async () => {
      const states = (await world.operations()).map(({ state }) => state)
      return states.filter((state) => state === 'running').length === 2
    })
    await locking.query('begin; select from orchestra.lane where server_id = 1 for no key update')
    const [first, second] = await leasesOf(client)
    await untilWithin(9_000, 'it is renewed', async () => (await leasesOf(client))[1] !== second)
    expect((await leasesOf(client))[0]).toBe(first)
    await locking.query('rollback')
    letGo()
    await world.calm()
    const operations = await world.operations()
    expect(operations.map(({ outcome, attempt }) => [outcome, attempt])).toEqual([
      ['success', 1],
      ['success', 1],
    ])
  })

  it('is asked for without waiting for whoever has the lane locked, and got when that one is done', async () => {
    if (kind === 'pglite') return
    const world = await build()
    const client = await connect(world)
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    await client.query('begin; select from orchestra.lane for update')
    expect(await claimLane(world.store, world.config, 1, randomUUID())).toBeUndefined()
    await client.query('commit')
    expect(await claimLane(world.store, world.config, 1, randomUUID())).toMatchObject({
      operations: [{ object_key: '1' }],
    })
  })

  it('that ended lets its worker begin nothing any more', async () => {
    const world = await build()
    const taken = async () => {
      await world.store.query(`update orchestra.lane set expires_at = '-infinity'`)
      await world.store.query('insert into site (id) select coalesce(max(id), 0) + 1 from site')
      await world.collect()
      return claimLane(world.store, world.config, 1, randomUUID())
    }
    const begin = (claim: Claim | undefined) =>
      createLaneLog(
        world.store,
        {
          runId: randomUUID(),
          serverId: 1,
          backend: 'files',
          method: 'function',
          script: '',
          fence: claim?.fence ?? 0,
          attempt: 1,
          operations: [],
        },
        claim?.owner ?? randomUUID(),
      )
    const late = await taken()
    expect(await begin(late)).toBeTypeOf('number')
    await world.store.query('update orchestra.log set ended_at = now()')
    const heir = await taken()
    expect(await begin(late)).toBeUndefined()
    expect(await begin(heir)).toBeTypeOf('number')
  })

  it('of a process that was stopped passes on, and what it goes on with later does no harm', async () => {
    if (kind === 'pglite') return
    const world = await build({ models: [Site as Model], backends: [chaosBackend] })
    const stopped = await startWorker(world, join(import.meta.dirname, 'chaos-worker.ts'))
    const write = (body: string) =>
      world.store.query(
        `insert into site (id, body) select n, $1 from generate_series(1, 20) n
         on conflict (id) do update set body = excluded.body`,
        [body],
      )
    await write('first')
    await until('it runs', async () => (await world.operations()).some(({ state }) => state === 'running'))
    stopped.pause()
    await write('second')
    await world.work({ config: chaosConfig })
    await world.calm(60_000)
    expect(await world.files()).toEqual(await world.wanted())
    await write('third')
    stopped.resume()
    await world.calm(60_000)
    await stopped.stop()
    expect(await world.files()).toEqual(await world.wanted())
    expect(await world.store.query('select from orchestra.log where ended_at is null')).toEqual([])
    const failed = await world.store.query(`select error from orchestra.operation where outcome = 'failure'`)
    expect(failed).toEqual([])
  }, 150_000)
})

describeStores('journals of runs', (open) => {
  const build = useWorlds(open)
  const journals = (world: World) => readdir(join(world.directory, 'here/.orchestra-state/runs'))

  it('are forgotten on their server however few scripts a drain has, whoever works there', async () => {
    const world = await build()
    const runOne = async (id: number) => {
      await world.work()
      await world.store.query('insert into site (id) values ($1)', [id])
      await world.calm()
      await world.stopWorkers()
    }
    for (const id of [1, 2, 3]) await runOne(id)
    expect(await journals(world)).toHaveLength(3)
    // As if they were not the first.
    await world.store.query(
      `update orchestra.lane set journals = journals || array(select gen_random_uuid() from generate_series(1, 47))`,
    )
    await runOne(4)
    expect(await journals(world)).toHaveLength(1)
  })

  /** Those that the next worker knows of are those that lie there. */
  async function expectKnown(world: World): Promise<void> {
    await world.stopWorkers()
    const [lane] = await world.store.query<{ journals: string[] }>('select journals from orchestra.lane')
    const lying = (await journals(world)).filter((name) => !name.includes('.'))
    expect(lying).not.toEqual([])
    expect(lying.toSorted().filter((name) => lane?.journals.includes(name) !== true)).toEqual([])
  }

  async function cancelledWhile(sleep: string, world: World): Promise<void> {
    await world.store.query(`insert into site (id, body) values (1, 'x')`)
    await world.work()
    await until('it sleeps', async () => (await processesWith(sleep)).length > 0)
    await cancel(world.store, { kind: 'object', model: 'site', key: '1' }, 'anna')
    await world.calm()
  }

  it('are known where the script was cancelled', async () => {
    const sleep = uniqueSleep()
    const world = await build({
      backends: [siteFilesWith({ save: (script) => script.run(sh`${raw(sleep)}`) })],
    })
    await cancelledWhile(sleep, world)
    await expectKnown(world)
  })

  it('are known where a whole configuration was cancelled whose parts had arrived', async () => {
    const sleep = uniqueSleep()
    const whole = defineBackend({
      name: 'files',
      model: Site,
      sync: (script, objects) =>
        script.file(
          'whole',
          objects.map((site) => site.body.repeat(6_000_000)),
        ),
      commit: (script) => script.run(sh`${raw(sleep)}`),
    })
    const world = await build({ backends: [whole] })
    await cancelledWhile(sleep, world)
    await expectKnown(world)
  })

  it('are known where functions ran, which tell a server nothing', async () => {
    const called = siteFilesWith({
      save: (script, site) => {
        if (site.body === 'call') script.call('nothing', async () => undefined)
        else script.file(`sites/${site.id}`, site.body)
      },
    })
    const world = await build({ backends: [called] })
    await world.store.query(`insert into site (id) values (1)`)
    await world.work()
    await world.calm()
    await world.stopWorkers()
    await world.store.query(
      `update orchestra.lane set journals = journals || array(select gen_random_uuid() from generate_series(1, 49))`,
    )
    await world.store.query(`insert into site (id, body) values (2, 'call')`)
    await world.work()
    await world.calm()
    await expectKnown(world)
  })
})
