import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { claimLane } from '../../src/manager/claim.ts'
import { routeObjects } from '../../src/manager/index.ts'
import { askedAnew } from '../../src/placements/asked.ts'
import { objectStatus } from '../../src/placements/index.ts'
import type { Wait } from '../../src/places/index.ts'
import { planAll } from '../../src/plan/index.ts'
import { CurrentRouter } from '../../src/router/index.ts'
import type { Connection, Store } from '../../src/store/index.ts'
import { domainFiles } from '../converge/domains.ts'
import { untilWithin } from '../support/processes.ts'
import { seed } from '../support/seed.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

const servers = ['a', 'b']
const ROUNDS = 12

/** Few objects and names, so that they are in each other's way. */
const id = fc.integer({ min: 1, max: 4 })
const domain = fc.constantFrom('x', 'y', 'z')
const change = fc.oneof(
  fc
    .tuple(id, domain, fc.constantFrom(...servers))
    .map(
      ([one, name, plan]) =>
        `insert into site (id, domain, plan) values (${one}, '${name}', '${plan}') on conflict do nothing`,
    ),
  fc.tuple(id, domain).map(([one, name]) => `update site set domain = '${name}' where id = ${one}`),
  fc.constant(`update site set domain = case domain when 'x' then 'y' else 'x' end where domain <> 'z'`),
  fc
    .tuple(id, fc.constantFrom(...servers))
    .map(([one, to]) => `update site set plan = '${to}' where id = ${one}`),
  id.map((one) => `update site set body = body || '+' where id = ${one}`),
  id.map((one) => `delete from site where id = ${one}`),
)

async function planned(world: World) {
  const { store, config } = world
  const router = await new CurrentRouter(config.backends.values()).get(store)
  const context = { store, config, route: routeObjects(router) }
  return (await planAll(context, { selector: {}, scripts: false, differences: 100 })).operations
}

interface Claimed {
  steps: string[]
  /** What the lane found that places wait for, by the operation that waits. */
  waits: Map<number, Wait>
}

/** What a lane would begin now: it is claimed, and the claim undone. */
async function claimOf({ store, config }: World, server: string): Promise<Claimed> {
  const claimed: Claimed = { steps: [], waits: new Map() }
  const undone = new Error('undone')
  const [{ id: serverId } = { id: 0 }] = await store.query<{ id: number }>(
    'select id from orchestra.server where name = $1',
    [server],
  )
  const readWaits = async (tx: Connection) => {
    const rows = await tx.query<{ id: number; wait: Wait }>(
      "select operation_id as id, wait - 'since' as wait from orchestra.placement where server_id = $1 and wait is not null and open",
      [serverId],
    )
    claimed.waits = new Map(rows.map((row) => [row.id, row.wait]))
  }
  const undoing: Store = {
    ...store,
    transaction: <Result>(work: (tx: Connection) => Promise<Result>) =>
      store.transaction(async (tx) => {
        const claim = (await work(tx)) as Awaited<ReturnType<typeof claimLane>>
        claimed.steps = (claim?.operations ?? []).map(
          ({ action, model, object_key: key, identity, previous }) =>
            `${server}: ${action} ${model}:${key} ${[...previous.map((one) => one.identity), identity].join(' -> ')}`,
        )
        await readWaits(tx)
        throw undone
      }),
  }
  await claimLane(undoing, config, serverId, randomUUID()).catch((error: unknown) => {
    if (error !== undone) throw error
  })
  return claimed
}

/** Lets a worker do what can be done now. */
async function rest(world: World): Promise<void> {
  const worker = await world.work()
  await untilWithin(30_000, 'all has ended or waits', async () => {
    const [row] = await world.store.query<{ open: number }>(
      `select (select count(*) from orchestra.change) + (select count(*) from orchestra.log where ended_at is null)
         + (select count(*) from orchestra.placement where open and (wait is null or trying is not null)) as open`,
    )
    return row?.open === 0
  })
  await worker.stop()
}

describeStores('in random worlds', (open) => {
  const build = useWorlds(open)

  it('a plan shows the steps that lanes begin then, and explain says what they find to wait for', async () => {
    const world = await build({ backends: [domainFiles({ onMove: 'remove' })], servers: [] })
    for (const server of servers) {
      await world.addDirectoryServer(server)
      await world.route('files', server, `site.plan == "${server}"`)
    }
    const rounds = fc.sample(fc.array(change, { minLength: 1, maxLength: 5 }), { seed, numRuns: ROUNDS })
    let waited = 0
    for (const changes of rounds) {
      for (const one of changes) await world.store.query(one)
      const plan = await planned(world)
      await world.collect()
      const claims: Claimed[] = []
      for (const server of servers) claims.push(await claimOf(world, server))
      const begins = plan
        .filter(({ waitsFor }) => waitsFor === null)
        .map(
          ({ server, action, object, identity, previousIdentity }) =>
            `${server}: ${action} ${object} ${previousIdentity === null ? '' : `${previousIdentity} -> `}${identity}`,
        )
      expect(begins.toSorted(), changes.join('; ')).toEqual(claims.flatMap(({ steps }) => steps).toSorted())
      waited += await compareWaits(world, claims)
      await rest(world)
    }
    expect(waited).toBeGreaterThan(0)
  })
})

/** Answers how many were compared. */
async function compareWaits(world: World, claims: readonly Claimed[]): Promise<number> {
  const { store, config } = world
  const knowing = { config }
  const waits = new Map(claims.flatMap((claim) => [...claim.waits]))
  const told = await askedAnew(store, [...waits.keys()], knowing)
  expect([...waits].map(([one, wait]) => [one, wait])).toEqual(
    [...waits.keys()].map((one) => [one, told.get(one)?.wait]),
  )
  for (const key of ['1', '2', '3', '4']) {
    const { places } = await objectStatus(store, 'site', [key], knowing)
    for (const { waitsFor, id: one } of places.flatMap(({ pending }) => pending)) {
      const wait = waits.get(one)
      if (wait !== undefined && wait.kind !== 'time')
        expect(waitsFor?.kind).toBe(wait.kind === 'place' || wait.kind === 'data' ? 'move' : wait.kind)
    }
  }
  return waits.size
}
