import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { allDuties } from '../../src/generation/index.ts'
import { defineBackend } from '../../src/index.ts'
import { claimLane } from '../../src/manager/claim.ts'
import { until, untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { Site, useWorlds, type World } from '../support/world.ts'

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

  it('begins when it is given, however long the statement waited for the lane', async () => {
    if (kind === 'pglite') return
    const world = await build()
    const client = await connect(world)
    await world.store.query('insert into site (id) values (1)')
    await world.collect()
    await client.query('begin; select from orchestra.lane for update')
    const claiming = claimLane(world.store, 1, randomUUID(), allDuties(world.config))
    await until('it waits', async () => {
      const rows = await world.store.query(
        `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%with free as%'`,
      )
      return rows.length > 0
    })
    const { rows } = await client.query(`select clock_timestamp()::text as at`)
    await client.query('commit')
    await claiming
    const [lane] = await world.store.query<{ whole: boolean }>(
      `select expires_at >= $1::timestamptz + interval '10 seconds' as whole from orchestra.lane`,
      [rows[0].at],
    )
    expect(lane?.whole).toBe(true)
  })
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
})
