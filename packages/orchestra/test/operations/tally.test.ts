import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cancel, retry } from '../../src/manager/index.ts'
import { COUNTED, RECOUNT, sumUp, TALLY } from '../../src/operations/tally.ts'
import { readStatus } from '../../src/placements/index.ts'
import { SERVERS } from '../../src/placements/status.ts'
import { forget } from '../../src/removal/index.ts'
import { holdServer, releaseServer } from '../../src/server/index.ts'
import type { Queryable } from '../../src/store/index.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { startWorker } from '../support/worker-process.ts'
import { useWorlds, type World } from '../support/world.ts'
import { siteBackends } from './tally-config.ts'

/** Where what was noted and what there is differ, as of one moment. */
function wrong(db: Queryable): Promise<unknown[]> {
  const something =
    'placed <> 0 or stale <> 0 or kept <> 0 or waiting <> 0 or running <> 0 or failing <> 0 or held <> 0'
  return db.query(`
    with told as materialized (select * from ${TALLY} as t where ${something}), counted as materialized (select * from ${COUNTED} as c)
    (select 'told' as side, * from (select * from told except select * from counted) as a)
    union all
    (select 'counted', * from (select * from counted except select * from told) as b)`)
}

const id = fc.integer({ min: 1, max: 8 })
const deed = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), id, body: fc.constantFrom('a', 'b', 'fail') }),
  fc.record({ kind: fc.constant('rename' as const), id, domain: fc.constantFrom('x.org', 'y.org') }),
  fc.record({ kind: fc.constant('delete' as const), id }),
  fc.record({ kind: fc.constantFrom('hold', 'release', 'stale', 'sum' as const) }),
  fc.record({ kind: fc.constantFrom('cancel', 'retry', 'forget' as const), id }),
)
type Deed = typeof deed extends fc.Arbitrary<infer One> ? One : never

async function act({ store }: World, one: Deed): Promise<unknown> {
  switch (one.kind) {
    case 'write':
      return store.query(
        'insert into site (id, body) values ($1, $2) on conflict (id) do update set body = excluded.body',
        [one.id, one.body],
      )
    case 'rename':
      return store.query('update site set domain = $2 where id = $1', [one.id, one.domain])
    case 'delete':
      return store.query('delete from site where id = $1', [one.id])
    case 'hold':
      return holdServer(store, 'here', { by: 'test' })
    case 'release':
      return releaseServer(store, 'here', { by: 'test' })
    case 'stale':
      // One row: who changes several has to lock them in order.
      return store.query(`update orchestra.placement set stale = not stale where object_key = '1' and backend = 'files'
        and server_id = (select id from orchestra.server where name = 'there')`)
    case 'sum':
      return sumUp(store)
    case 'cancel':
      return cancel(store, { kind: 'object', model: 'site', key: String(one.id) }, 'test')
    case 'retry':
      return retry(store, { kind: 'object', model: 'site', key: String(one.id) }, 'test')
    case 'forget':
      return forget(store, { object: { model: 'site', key: [String(one.id)] } }, 'test').catch(
        () => undefined,
      )
  }
}

describeStores('what is noted of each server', (open, kind) => {
  const build = useWorlds(open)
  const servers = ['here', 'there']

  it('is what there is, whatever happens', async () => {
    const world = await build({ servers, backends: siteBackends })
    await world.work()
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { minLength: 10, maxLength: 40 }), async (deeds) => {
        for (const one of deeds) {
          await act(world, one)
          expect(await wrong(world.store)).toEqual([])
        }
      }),
      { numRuns: 5, endOnFailure: true },
    )
    await world.stopWorkers()
    expect(await wrong(world.store)).toEqual([])
  }, 120_000)

  it('is what status tells', async () => {
    const world = await build({ servers })
    await world.work()
    await world.store.query(`insert into site (id, body) values (1, ''), (2, ''), (3, 'fail')`)
    await until('all were tried', async () => (await readStatus(world.store)).totals.failing === 2)
    await sumUp(world.store)
    await holdServer(world.store, 'here', { by: 'test' })
    await world.store.query(`update site set body = 'later' where id = 1`)
    const of = async () =>
      (await readStatus(world.store)).servers.map(({ name, placed, waiting, failing, oldestWaiting }) => {
        return { name, placed, waiting, failing, waits: oldestWaiting !== null }
      })
    await expect.poll(of, { timeout: 20_000 }).toEqual([
      { name: 'here', placed: 3, waiting: 2, failing: 1, waits: true },
      { name: 'there', placed: 3, waiting: 1, failing: 1, waits: true },
    ])
  })

  it('is summed up, and corrected where somebody changed it', async () => {
    const world = await build({ servers })
    await world.store.query(`insert into site (id) select generate_series(1, 5)`)
    await world.collect()
    await sumUp(world.store)
    expect(await world.store.query('select from orchestra.tally_change')).toEqual([])
    await world.store.query('update orchestra.tally set waiting = waiting + 3, placed = 0')
    expect(await wrong(world.store)).not.toEqual([])
    await world.store.query(RECOUNT)
    expect(await wrong(world.store)).toEqual([])
    await world.store.query(RECOUNT)
    expect(await world.store.query('select from orchestra.tally_change')).toHaveLength(2)
  })

  it('costs status no look through the places', async () => {
    const world = await build({ servers })
    await world.store.query(
      `insert into orchestra.placement (backend, server_id, model, object_key, keys, identity, want_identity)
       select 'files', s.id, 'site', n::text, jsonb_build_array(n::text), n::text, n::text
       from orchestra.server s, generate_series(1, 5000) n`,
    )
    await world.store.query(
      `insert into orchestra.operation (unit_id, server_id, backend, action, model, object_key, keys)
       select gen_random_uuid(), server_id, backend, 'save', model, object_key, keys from orchestra.placement`,
    )
    for (const table of ['placement', 'finding', 'operation', 'tally', 'tally_change'])
      await world.store.query(`analyze orchestra.${table}`)
    const plan = await world.store.query<Record<string, string>>(`explain analyze ${SERVERS}`)
    const lines = plan.flatMap((row) => Object.values(row))
    const read = lines.filter((line) => / on (placement|operation) .*actual/.test(line))
    // The first operation that waits on each server is looked up.
    expect(read.map((line) => Number(/actual .*rows=(\d+)/.exec(line)?.[1]))).toEqual([1])
    const passedOver = lines.map((line) => Number(/Rows Removed .*: (\d+)/.exec(line)?.[1] ?? 0))
    expect(Math.max(...passedOver)).toBeLessThan(5)
    expect((await readStatus(world.store)).servers.map(({ placed }) => placed)).toEqual([5000, 5000])
  })

  it('is what there is when workers are killed', async () => {
    if (kind === 'pglite') return
    const world = await build({ servers, backends: siteBackends })
    const program = join(import.meta.dirname, 'tally-worker.ts')
    for (let time = 0; time < 3; time++) {
      const worker = await startWorker(world, program)
      const before = await world.store.query('select from orchestra.log')
      await world.store.query(
        `insert into site (id, body) select n, $1 from generate_series(1, 200) n on conflict (id) do update set body = excluded.body`,
        [`b${time}`],
      )
      await until('it has begun', async () => {
        expect(await wrong(world.store)).toEqual([])
        return (await world.store.query('select from orchestra.log')).length > before.length
      })
      await worker.kill()
      expect(await wrong(world.store)).toEqual([])
    }
    await world.work()
    await world.calm(60_000)
    expect(await wrong(world.store)).toEqual([])
  }, 120_000)
})
