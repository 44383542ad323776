import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Crew } from '../../src/generation/index.ts'
import { defineConfig } from '../../src/index.ts'
import type { Collector, Look } from '../../src/manager/collector.ts'
import { registerWorker } from '../../src/manager/registration.ts'
import { isOfUnit } from '../../src/operations/of-unit.ts'
import { openStore } from '../../src/store/index.ts'
import { requestSync, syncStatus } from '../../src/sync/index.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { Gates, type Held } from '../support/gates.ts'
import { until } from '../support/processes.ts'
import { seed } from '../support/seed.ts'
import { describePostgres, describeStores, testKey } from '../support/stores.ts'
import { useWorlds, World } from '../support/world.ts'

/** What of each site is wanted, by what waits to be done. */
async function wanted({ store }: World): Promise<Record<string, string>> {
  const rows = await store.query<{ object_key: string; body: string }>(
    `select p.object_key, o.snapshot ->> 'body' as body
     from orchestra.placement p join orchestra.operation o on o.id = p.operation_id where p.want = 'stand'`,
  )
  return Object.fromEntries(rows.map(({ object_key: key, body }) => [key, body]))
}

/** As if their owners had given no sign for as long as a lease. */
async function endLeases({ store }: World): Promise<void> {
  await store.query(`update orchestra.ticket set expires_at = '-infinity'`)
}

async function lookUntilNothing(collector: Collector): Promise<void> {
  for (let look = await collector.look(); look.kind !== 'idle'; look = await collector.look());
}

const lockWaits = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`

/** A collector of which a test says when its look begins, and when it has what it loads. */
class GatedDecider {
  readonly #gates = new Gates()
  readonly #collector: Collector
  #begun: { held: Held | undefined; looking: Promise<Look> } | undefined

  constructor({ store, directory }: World) {
    const config = defineConfig(this.#gates.parts)
    this.#collector = new World(store, config, directory).collector()
  }

  async look(): Promise<void> {
    if (this.#begun !== undefined) return
    const looking = this.#collector.look()
    const first = await Promise.race([this.#gates.next(), looking])
    if ('keys' in first) this.#begun = { held: first, looking }
  }

  async go(): Promise<void> {
    this.#begun?.held?.go()
    await this.#begun?.looking
    this.#begun = undefined
  }

  async end(): Promise<void> {
    this.#gates.open()
    await this.go()
  }

  lookUntilNothing(): Promise<void> {
    return lookUntilNothing(this.#collector)
  }
}

describePostgres('several that decide', (open) => {
  const build = useWorlds(open)

  const start = async (ids: readonly number[] = []) => {
    const gates = new Gates()
    const world = await build(gates.parts)
    if (ids.length > 0)
      await world.store.query(`insert into site (id, body) select unnest($1::int[]), 'old'`, [ids])
    return { gates, world, a: world.collector(), b: world.collector() }
  }

  /** A look that has read its rows; what it came to, where it never gets so far. */
  const begin = async (collector: Collector, gates: Gates) => {
    const looking = collector.look()
    const begun: Held | Look = await Promise.race([gates.next(), looking])
    if ('kind' in begun) throw new Error(`the look found ${begun.kind}`)
    return { ...begun, looking }
  }

  it('do so at once', async () => {
    const { gates, world, a, b } = await start([1])
    const first = await begin(a, gates)
    await world.store.query(`insert into site (id, body) values (2, 'old')`)
    const second = await begin(b, gates)
    expect([first.keys, second.keys]).toEqual([['1'], ['2']])
    second.go()
    expect(await second.looking).toMatchObject({ kind: 'collected' })
    expect(await wanted(world)).toEqual({ 2: 'old' })
    first.go()
    expect(await first.looking).toMatchObject({ kind: 'collected' })
    expect(await wanted(world)).toEqual({ 1: 'old', 2: 'old' })
  })

  it('leave each other a part of a bulk change', async () => {
    const { gates, world } = await start()
    const crew = new Crew(world.config)
    const generation = await crew.join(world.store)
    for (const id of [randomUUID(), randomUUID()]) await registerWorker(world.store, id, generation)
    await world.store.query(`update orchestra.worker set seen_at = 'infinity'`)
    const a = world.collector(crew)
    await world.store.query(`insert into site (id, body) select n, 'row' from generate_series(1, 5000) n`)
    await lookWith(a, gates)
    const large = await begin(a, gates)
    const other = await begin(world.collector(crew), gates)
    expect([large.keys.length, other.keys.length]).toEqual([2_000, 1_000])
    large.go()
    expect(await large.looking).toMatchObject({ kind: 'collected', more: true })
    gates.open()
    other.go()
    await other.looking
    await lookUntilNothing(a)
    expect(Object.keys(await wanted(world))).toHaveLength(5_000)
  })

  it('write parts of one unit at once', async () => {
    const { gates, world, a, b } = await start([1, 2])
    await lookWith(a, gates)
    await world.store.query(`update site set body = 'new' where id = 1`)
    const first = await begin(a, gates)
    await world.store.query(
      `insert into orchestra.change (unit_id, model, keys)
       select unit_id, 'site', '[["2"]]' from orchestra.change`,
    )
    await world.store.transaction(async (tx) => {
      await tx.query(`select from orchestra.placement where object_key = '1' for update`)
      first.go()
      await until('it writes', async () => (await world.store.query(lockWaits)).length > 0)
      const second = await begin(b, gates)
      second.go()
      expect(await second.looking).toMatchObject({ kind: 'collected', serverIds: [1] })
    })
    await first.looking
    expect(await wanted(world)).toEqual({ 1: 'new', 2: 'old' })
  })

  it('leave an object to who has it, and take what is free beside it', async () => {
    const { gates, world, a, b } = await start([1])
    const first = await begin(a, gates)
    await world.store.query(`update site set body = 'new' where id = 1`)
    expect(await b.look()).toEqual({ kind: 'elsewhere' })
    await world.store.query(`insert into site (id, body) values (2, 'new')`)
    const second = await begin(b, gates)
    expect(second.keys).toEqual(['2'])
    second.go()
    first.go()
    await Promise.all([first.looking, second.looking])
    gates.open()
    await lookUntilNothing(b)
    expect(await wanted(world)).toEqual({ 1: 'new', 2: 'new' })
  })

  it('never write an older state over a newer one when one comes late', async () => {
    const { gates, world, a, b } = await start([1])
    const late = await begin(a, gates)
    await world.store.query(`update site set body = 'new' where id = 1`)
    await endLeases(world)
    const quick = await begin(b, gates)
    quick.go()
    await quick.looking
    expect(await wanted(world)).toEqual({ 1: 'new' })
    const before = await world.operations()
    late.go()
    expect(await late.looking).toMatchObject({ kind: 'collected', serverIds: [], more: true })
    expect(await world.operations()).toEqual(before)
    gates.open()
    await lookUntilNothing(a)
    expect(await wanted(world)).toEqual({ 1: 'new' })
  })

  it('write what nobody has taken over, however late', async () => {
    const { gates, world, a } = await start([1])
    const late = await begin(a, gates)
    await endLeases(world)
    late.go()
    await late.looking
    expect(await wanted(world)).toEqual({ 1: 'old' })
    expect(await world.store.query('select from orchestra.ticket')).toEqual([])
  })

  it('let no later change of an object go before a change that has to wait', async () => {
    const { gates, world, a, b } = await start([1, 2])
    await lookWith(a, gates)
    await world.store.query(`update site set body = 'one' where id = 1`)
    const first = await begin(a, gates)
    await world.store.query(`update site set body = 'both'`)
    await world.store.query(`update site set body = 'two' where id = 2`)
    expect(await b.look()).toEqual({ kind: 'elsewhere' })
    first.go()
    await first.looking
    const second = await begin(b, gates)
    expect(second.keys.toSorted()).toEqual(['1', '2'])
    second.go()
    await second.looking
    expect(await wanted(world)).toEqual({ 1: 'both', 2: 'two' })
  })

  it('decide again by the routes as they are when they have changed meanwhile', async () => {
    const { gates, world, a } = await start([1])
    const first = await begin(a, gates)
    await world.addDirectoryServer('there')
    await world.route('files', 'there')
    first.go()
    expect(await first.looking).toMatchObject({ serverIds: [], more: true })
    gates.open()
    await lookUntilNothing(a)
    expect(await world.store.query('select count(*) as places from orchestra.placement')).toEqual([
      { places: 2 },
    ])
  })

  it('take away what a truncated table held while its rows were on their way', async () => {
    const { gates, world, a, b } = await start([1])
    const first = await begin(a, gates)
    await world.store.query('truncate site')
    gates.open()
    await b.look()
    first.go()
    await first.looking
    await Promise.all([lookUntilNothing(a), lookUntilNothing(b)])
    expect(await wanted(world)).toEqual({})
  })

  it('compare a page when nobody has its objects any more, and let nobody overtake it', async () => {
    const { gates, world, a, b } = await start([1, 2])
    await lookWith(a, gates)
    await world.store.query(
      `alter table site disable trigger all; update site set body = 'unseen'; alter table site enable trigger all`,
    )
    await world.store.query(`update site set body = 'seen' where id = 1`)
    const first = await begin(a, gates)
    const { id } = await requestSync(world.store, {
      mode: 'sync',
      actor: null,
      source: 'test',
      inspects: false,
    })
    expect(await b.look()).toEqual({ kind: 'elsewhere' })
    await world.store.query(`update site set body = 'later' where id = 1`)
    first.go()
    await first.looking
    expect(await a.look()).toEqual({ kind: 'elsewhere' })
    gates.open()
    await Promise.all([lookUntilNothing(a), lookUntilNothing(b)])
    expect(await wanted(world)).toEqual({ 1: 'later', 2: 'unseen' })
    expect((await syncStatus(world.store, id)).state).toBe('done')
    expect(await world.store.query('select from orchestra.ticket')).toEqual([])
  })

  it('compare each page once', async () => {
    const { gates, world, a, b } = await start()
    gates.open()
    await world.store.query(`alter table site disable trigger all`)
    await world.store.query(`insert into site (id, body) select n, 'row' from generate_series(1, 5000) n`)
    const { id } = await requestSync(world.store, {
      mode: 'sync',
      actor: null,
      source: 'test',
      inspects: false,
    })
    await Promise.all([lookUntilNothing(a), lookUntilNothing(b)])
    const { counts, state } = await syncStatus(world.store, id)
    expect({ state, created: counts.created, seen: counts.seen }).toEqual({
      state: 'done',
      created: 5_000,
      seen: 5_000,
    })
    expect(await world.operations()).toHaveLength(5_000)
  })

  it('find what breaks their looks, and blame nothing else', async () => {
    const { gates, world, a, b } = await start([1, 2, 3])
    gates.open()
    // No code writes such a change.
    await world.store.query(
      `insert into orchestra.change (unit_id, model, keys) values (gen_random_uuid(), 'site', '[["1"], 7]')`,
    )
    await world.store.query(`insert into site (id, body) values (4, 'new'), (5, 'new')`)
    const look = (collector: Collector) =>
      collector.look().catch((error: unknown) => world.errors.push(error))
    const left = () => world.store.query<{ keys: unknown[] }>('select keys from orchestra.change')
    await until('only what breaks them waits', async () => {
      await Promise.all([look(a), look(b)])
      return (await left()).length === 1
    })
    expect(await left()).toEqual([{ keys: [['1'], 7] }])
    expect(Object.keys(await wanted(world))).toEqual(['1', '2', '3', '4', '5'])
    const blamed = await world.store.query(`select from orchestra.operation where server_id is null`)
    expect(blamed).toEqual([])
  })

  it('lose nothing when a connection is cut between two statements', async () => {
    const { gates, world, b } = await start([1])
    const url = new URL(world.store.databaseUrl)
    const proxy = await startFaultProxy(Number(url.port))
    url.port = String(proxy.port)
    const away = await openStore({ databaseUrl: url.href, directory: world.directory, key: testKey })
    try {
      const cut = await begin(new World(away, world.config, world.directory).collector(), gates)
      await world.store.transaction(async (tx) => {
        await tx.query('lock table orchestra.event in share mode')
        cut.go()
        await until('it writes', async () => (await world.store.query(lockWaits)).length > 0)
        proxy.cutNow()
        await expect(cut.looking).rejects.toMatchObject({ code: 'ORC_STORE_UNREACHABLE' })
      })
      gates.open()
      await world.store.query(`update site set body = 'new'`)
      await endLeases(world)
      await until('all is decided', async () => (await b.look()).kind === 'idle')
      expect(await wanted(world)).toEqual({ 1: 'new' })
      expect(await world.operations()).toHaveLength(1)
      const told = `select from orchestra.unit u join orchestra.operation o on ${isOfUnit('o', 'u.id')}`
      expect(await world.store.query(told)).toHaveLength(2)
    } finally {
      await away.close()
      await proxy.stop()
    }
  })

  it('end with what was committed last, however their steps fall', { timeout: 120_000 }, async () => {
    const { world } = await start([1, 2, 3])
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('commit' as const), ids: fc.subarray([1, 2, 3], { minLength: 1 }) }),
        fc.record({ kind: fc.constantFrom('look' as const, 'go' as const), nth: fc.nat(1) }),
        fc.record({ kind: fc.constant('lease' as const) }),
      ),
      { minLength: 4, maxLength: 14 },
    )
    let body = 0
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const deciders = [new GatedDecider(world), new GatedDecider(world)]
        for (const step of all) {
          if (step.kind === 'lease') await endLeases(world)
          else if (step.kind === 'commit')
            await world.store.query('update site set body = $1 where id = any($2::int[])', [++body, step.ids])
          else await deciders[step.nth]?.[step.kind]()
        }
        await Promise.all(deciders.map((decider) => decider.end()))
        await Promise.all(deciders.map((decider) => decider.lookUntilNothing()))
        const rows = await world.store.query<{ id: number; body: string }>('select id, body from site')
        expect(await wanted(world)).toEqual(Object.fromEntries(rows.map((row) => [row.id, row.body])))
        expect(await world.store.query('select from orchestra.ticket')).toEqual([])
      }),
      { numRuns: 60, seed },
    )
  })

  /** One look through the gate. */
  const lookWith = async (collector: Collector, gates: Gates) => {
    const begun = await begin(collector, gates)
    begun.go()
    await begun.looking
  }
})

describeStores('one that decides', (open) => {
  const build = useWorlds(open)

  it('has its loader ask the same database, and leaves no ticket', async () => {
    const gates = new Gates()
    const world = await build(gates.parts)
    gates.open()
    await world.store.query(`insert into site (id, body) values (1, 'one')`)
    await world.collect()
    expect(await wanted(world)).toEqual({ 1: 'one' })
    expect(await world.store.query('select from orchestra.ticket')).toEqual([])
  })
})
