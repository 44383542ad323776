import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { allDuties } from '../../src/generation/index.ts'
import { claimLane } from '../../src/manager/claim.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { lines } from './lines.ts'

describeStores('a claim of what is written as a whole', (open) => {
  const build = useWorlds(open)

  /** Sites that wait, so many. */
  async function waiting(count: number): Promise<World> {
    const world = await build({ backends: [lines] })
    await world.store.query(
      `insert into site (id, domain) select n, n || '.org' from generate_series(1, $1::int) n`,
      [count],
    )
    await world.collect()
    return world
  }

  const claim = (world: World, owner: string, most: number) =>
    claimLane(world.store, world.config, 1, owner, allDuties(world.config), most)

  const begun = async (world: World) =>
    (
      await world.store.query<{ object_key: string }>(
        `select object_key from orchestra.placement where trying is not null order by object_key::int`,
      )
    ).map(({ object_key: key }) => key)

  test('takes all of it, page by page, that one script writes', async () => {
    const world = await waiting(7)
    const taken = await claim(world, randomUUID(), 2)
    expect(taken).toMatchObject({
      operations: [],
      regenerations: [{ backend: 'lines', saves: true, deletes: false }],
    })
    expect(await begun(world)).toEqual(['1', '2', '3', '4', '5', '6', '7'])
  })

  test('takes what is tried alone when nothing else is due, one at a time', async () => {
    const world = await waiting(5)
    await world.store.query(`update orchestra.placement set alone = true where object_key in ('1', '2')`)
    const owner = randomUUID()
    await claim(world, owner, 2)
    expect(await begun(world)).toEqual(['3', '4', '5'])
    await world.store.query(
      'update orchestra.placement set trying = null, stands = generation where trying is not null',
    )
    await claim(world, owner, 2)
    expect(await begun(world)).toEqual(['1'])
  })
})
