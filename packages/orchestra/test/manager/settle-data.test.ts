import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { sh } from '../../src/index.ts'
import { claimLane } from '../../src/manager/claim.ts'
import { settle } from '../../src/manager/settle.ts'
import type { Settlement } from '../../src/manager/settlement.ts'
import { forget } from '../../src/removal/index.ts'
import { success } from '../support/settlement.ts'
import { describeStores } from '../support/stores.ts'
import { siteFilesWith, useWorlds, type World } from '../support/world.ts'

const transfer = { dump: () => sh`true`, restore: () => sh`true`, switch: () => sh`true` }

/** Nothing of it ran. */
const back = { ...success, outcome: null, next: 'back', changed: null } as const

describeStores('data of an object that is moved about while it is made', (open) => {
  const build = useWorlds(open)
  const owner = randomUUID()

  async function buildMovable(): Promise<World> {
    const world = await build({ backends: [siteFilesWith({ onMove: 'migrate', transfer })], servers: [] })
    for (const server of ['a', 'b', 'c']) {
      await world.addDirectoryServer(server)
      await world.route('files', server, `site.plan == "${server}"`)
    }
    await world.store.query('delete from orchestra.sync')
    return world
  }

  async function put(world: World, plan: string): Promise<void> {
    await world.store.query(
      `insert into site (id, plan) values (1, $1) on conflict (id) do update set plan = excluded.plan`,
      [plan],
    )
    await world.collect()
  }

  /** Begins what waits on a server, and answers how to end it. */
  async function begin(world: World, serverId: number) {
    const claim = await claimLane(world.store, world.config, serverId, owner)
    const [operation] = claim?.operations ?? []
    if (claim === undefined || operation === undefined) throw new Error('nothing was begun')
    return (how: Omit<Settlement, 'operationId'>) =>
      settle(world, claim, null, [{ ...how, operationId: operation.id }])
  }

  const data = async (world: World) => {
    const rows = await world.store.query<{ at: string }>(
      `select s.name || ' ' || p.data as at from orchestra.placement p join orchestra.server s on s.id = p.server_id order by 1`,
    )
    return rows.map(({ at }) => at)
  }

  const transfers = (world: World) =>
    world.store.query(
      'select from_server as away, to_server as there from orchestra.transfer where ended_at is null',
    )

  it('is that of the copy which was begun when the first one came to nothing', async () => {
    const world = await buildMovable()
    await put(world, 'a')
    const endFirst = await begin(world, 1)
    await put(world, 'b')
    const endSecond = await begin(world, 2)
    await put(world, 'a')
    await endFirst(back)
    const endThird = await begin(world, 1)
    await put(world, 'a')
    expect(await data(world)).toEqual(['a awaits', 'b own'])
    await endSecond(success)
    await endThird(success)
    await world.store.query(`update site set body = 'new'`)
    await world.collect()
    expect(await transfers(world)).toEqual([{ away: 2, there: 1 }])
  })

  it('is that of a first copy that was made while its script was ended', async () => {
    const world = await buildMovable()
    await put(world, 'a')
    const endFirst = await begin(world, 1)
    await put(world, 'b')
    await endFirst({ ...back, untouched: false })
    // Whether it has data that is to go along, its server tells.
    const claim = await claimLane(world.store, world.config, 1, owner)
    expect(claim?.looks.map(({ names }) => names)).toEqual([['a.org']])
    expect(await data(world)).toEqual(['a own', 'b awaits'])
  })

  it('is that of one of two others when the copy that had it is given up', async () => {
    const world = await buildMovable()
    await put(world, 'a')
    await (await begin(world, 1))(success)
    await put(world, 'b')
    const endSecond = await begin(world, 2)
    await put(world, 'c')
    await forget(world.store, { object: { model: 'site', key: ['1'] }, server: 'a' }, 'test')
    const endThird = await begin(world, 3)
    await world.store.query(`update site set body = 'new'`)
    await world.collect()
    expect(await data(world)).toEqual(['b own', 'c awaits'])
    await endThird(success)
    await endSecond(success)
  })
})
