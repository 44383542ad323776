import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { addServer, removeServer } from '../../src/fleet/index.ts'
import { claimLane } from '../../src/manager/claim.ts'
import { cancel, retry } from '../../src/manager/index.ts'
import { releaseLane } from '../../src/manager/lease.ts'
import { settle } from '../../src/manager/settle.ts'
import { givenBack } from '../../src/manager/settlement.ts'
import { forget, protect, unprotect } from '../../src/removal/index.ts'
import { codeOf } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

const ROUNDS = 30
const SITES = 40

describeStores('who writes operations of several lanes', (open, kind) => {
  const build = useWorlds(open)

  /** What a worker does with a lane, without its scripts. */
  async function work(world: World, serverId: number, owner: string): Promise<void> {
    const claim = await claimLane(world.store, world.config, serverId, owner)
    if (claim === undefined) return
    const ends = claim.operations.toReversed().map(({ id }) => givenBack(id, null, null))
    await settle(world, claim, null, ends)
    await releaseLane(world.store, claim)
  }

  it('never waits for whom it keeps waiting', { timeout: 120_000 }, async () => {
    if (kind === 'pglite') return
    const world = await build({ servers: ['one', 'two', 'three', 'four'] })
    const { store } = world
    await store.query(`insert into site (id) select n from generate_series(1, ${SITES}) n`)
    await world.collect()
    const [unit] = await store.query<{ unit_id: string }>('select unit_id from orchestra.operation limit 1')
    const target = { kind: 'unit', id: unit?.unit_id ?? '' } as const
    const object = (n: number) => ({ model: 'site', key: [String((n % SITES) + 1)] })
    const owner = randomUUID()
    const codes: (string | undefined)[] = []
    const rounds = async (act: (n: number) => Promise<unknown>) => {
      for (let n = 0; n < ROUNDS; n++) {
        await act(n).catch((error) => codes.push(codeOf(error) ?? String(error)))
      }
    }
    const again = (n: number) =>
      store.query(
        `with standing as (
           select p.key_hash, p.model, p.backend, p.server_id, p.operation_id from orchestra.placement p
           where p.stands = p.generation and p.trying is null and p.operation_id % 7 = $1
           order by p.key_hash, p.model, p.backend, p.server_id for update skip locked
         ), asked as (
           update orchestra.operation o set state = 'waiting', outcome = null, cancelled_by = null
           from standing where o.id = standing.operation_id
         )
         update orchestra.placement p set stands = null from standing
         where (p.key_hash, p.model, p.backend, p.server_id) =
           (standing.key_hash, standing.model, standing.backend, standing.server_id)`,
        [n % 7],
      )
    await Promise.all([
      ...[1, 2, 3, 4].map((id) => rounds(() => work(world, id, owner))),
      rounds(() => retry(store, target, 'anna')),
      rounds(() => retry(store, 'failed', 'anna')),
      rounds(() => cancel(store, target, 'bert')),
      rounds(again),
      rounds((n) => forget(store, { object: object(n) }, 'carl')),
      rounds((n) => protect(store, { kind: 'object', ...object(n), backend: null }, { by: 'dora' })),
      rounds((n) => unprotect(store, { kind: 'object', ...object(n), backend: null }, 'dora')),
      rounds(async (n) => {
        await store.query(`update site set body = $1 where id % 3 = $2`, [`b${n}`, n % 3])
        await world.collect()
      }),
      rounds(async (n) => {
        const name = `more${n}`
        await addServer(store, { name, method: 'local', directory: '/', by: 'test' })
        await world.route('files', name)
        await removeServer(store, name, { by: 'test', force: true })
      }),
      rounds(async (n) => {
        if (n !== ROUNDS / 2) return
        await removeServer(store, 'four', { by: 'test', force: true })
      }),
    ])
    expect(codes.filter((code) => code === '40P01')).toEqual([])
    expect(
      [...new Set(codes)].filter((code) => !/ORC_OBJECT_UNKNOWN|Nothing is known/.test(String(code))),
    ).toEqual([])
  })
})
