import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { sh } from '../../src/index.ts'
import { claimLane } from '../../src/manager/claim.ts'
import { settle } from '../../src/manager/settle.ts'
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
  const claim = (world: World) => claimLane(world.store, world.config, 1, owner)

  async function buildMovable(): Promise<World> {
    const world = await build({ backends: [siteFilesWith({ onMove: 'migrate', transfer })], servers: [] })
    for (const server of ['a', 'b']) {
      await world.addDirectoryServer(server)
      await world.route('files', server, `site.plan == "${server}"`)
    }
    await world.store.query('delete from orchestra.sync')
    return world
  }

  it('is as it was before, also where its server is to be asked first', async () => {
    const world = await buildMovable()
    await world.store.query(`insert into site (id, domain, plan) values (1, 'one', 'a')`)
    await world.collect()
    const first = await claim(world)
    const [operation] = first?.operations ?? []
    if (first === undefined || operation === undefined) throw new Error('nothing was begun')
    await settle(world, first, null, [{ ...failure, operationId: operation.id }])
    expect((await claim(world))?.operations).toHaveLength(1)
    await world.store.query(`update site set plan = 'b'`)
    await world.collect()
    // Of a first try that failed something may be there: whether data has to come from it, its server tells.
    expect((await claim(world))?.looks).toHaveLength(1)
    expect(await world.store.query('select from orchestra.placement where trying is not null')).toEqual([])
    await world.store.query(`update orchestra.lane set owner = null, expires_at = '-infinity'`)
    await world.work()
    await world.calm()
    expect(await world.files('a')).toEqual({})
    expect(await world.files('b')).toEqual({ 1: 'one ' })
    expect(world.errors).toEqual([])
  })
})
