import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { sh } from '../../src/index.ts'
import { claimLane } from '../../src/manager/claim.ts'
import { settle } from '../../src/manager/settle.ts'
import type { Settlement } from '../../src/manager/settlement.ts'
import { untilWithin } from '../support/processes.ts'
import { success } from '../support/settlement.ts'
import { describeStores } from '../support/stores.ts'
import { siteFilesWith, useWorlds, type World } from '../support/world.ts'

const transfer = { dump: () => sh`true`, restore: () => sh`true`, switch: () => sh`true` }

/** Some of it ran, and it is tried again at once. */
const failure = { ...success, outcome: 'failure', next: 'again', changed: null, error: 'no' } as const

/** Its script has no log: nothing of it ran. */
describeStores('what a worker had begun when it was lost', (open) => {
  const build = useWorlds(open)
  const owner = randomUUID()
  const claim = (world: World, serverId = 1) => claimLane(world.store, world.config, serverId, owner)

  async function buildMovable(): Promise<World> {
    const world = await build({ backends: [siteFilesWith({ onMove: 'migrate', transfer })], servers: [] })
    for (const server of ['a', 'b']) {
      await world.addDirectoryServer(server)
      await world.route('files', server, `site.plan == "${server}"`)
    }
    await world.store.query('delete from orchestra.sync')
    await world.store.query(`insert into site (id, domain, plan) values (1, 'one', 'a')`)
    await world.collect()
    return world
  }

  async function move(world: World, plan: string): Promise<void> {
    await world.store.query('update site set plan = $1', [plan])
    await world.collect()
  }

  /** Begins what is due on a server, and answers how to end it. */
  async function begin(world: World, serverId: number) {
    const taken = await claim(world, serverId)
    const [operation] = taken?.operations ?? []
    if (taken === undefined || operation === undefined) throw new Error('nothing was begun')
    return (how: Omit<Settlement, 'operationId'>) =>
      settle(world, taken, null, [{ ...how, operationId: operation.id }])
  }

  async function workOn(world: World): Promise<void> {
    await world.store.query(`update orchestra.lane set owner = null, expires_at = '-infinity'`)
    await world.work()
    const begun = 'select from orchestra.placement where open or trying is not null'
    await untilWithin(60_000, 'all stands', async () => (await world.store.query(begun)).length === 0)
    await world.calm(60_000)
    expect(world.errors).toEqual([])
  }

  it('is as it was before, also where its server is to be asked first', async () => {
    const world = await buildMovable()
    await (await begin(world, 1))(failure)
    await begin(world, 1)
    // Of a first try that failed something may be there: whether data has to come from it, its server tells.
    await move(world, 'b')
    await workOn(world)
    expect(await world.files('a')).toEqual({})
    expect(await world.files('b')).toEqual({ 1: 'one ' })
  })

  it('has no data: that of the copy counts which was made meanwhile', async () => {
    const world = await buildMovable()
    await begin(world, 1)
    await move(world, 'b')
    const endSecond = await begin(world, 2)
    await move(world, 'a')
    await endSecond(success)
    await workOn(world)
    const moved = await world.store.query(
      'select from_server as away, to_server as there, outcome from orchestra.transfer',
    )
    expect(moved).toEqual([{ away: 2, there: 1, outcome: 'success' }])
    expect(await world.store.query('select data from orchestra.placement')).toEqual([{ data: 'own' }])
    expect(await world.files('a')).toEqual({ 1: 'one ' })
  })

  it('is forgotten where somebody deleted its operation', async () => {
    const world = await buildMovable()
    await begin(world, 1)
    await world.store.query('delete from orchestra.operation')
    await workOn(world)
    expect(await world.files('a')).toEqual({ 1: 'one ' })
  })

  it('is told to its end where somebody deleted what is wanted since', async () => {
    const world = await buildMovable()
    await begin(world, 1)
    await world.store.query(`update site set body = 'new'`)
    await world.collect()
    await world.store.query(`delete from orchestra.operation where state = 'waiting'`)
    await workOn(world)
    expect(await world.files('a')).toEqual({ 1: 'one new' })
    expect((await world.operations()).map(({ state }) => state)).toEqual(['superseded', 'done'])
  })
})
