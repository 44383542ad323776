import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createMethods } from '../../src/methods/index.ts'
import { getServer } from '../../src/server/index.ts'
import { listTrash } from '../../src/trash/index.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

async function wipe(world: World): Promise<void> {
  for (const name of ['sites', '.orchestra-state'])
    await rm(join(world.directory, 'here', name), { recursive: true })
}

describeStores('a server that lost everything', (open) => {
  const build = useWorlds(open)

  it('is rebuilt when the next change gets there', async () => {
    const world = await build()
    await world.work()
    await world.store.query(
      `insert into site (id, body) select id, 'body ' || id from generate_series(1, 30) id`,
    )
    await world.calm()
    await wipe(world)
    await world.store.query(`update site set body = 'new' where id = 7`)
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
    expect(world.errors).toEqual([])
  })

  it('is rebuilt although somebody looked at its trash before', async () => {
    const world = await build()
    await world.work()
    await world.store.query(
      `insert into site (id, body) select id, 'body ' || id from generate_series(1, 3) id`,
    )
    await world.calm()
    await wipe(world)
    const methods = createMethods()
    await listTrash({ config: world.config, methods }, await getServer(world.store, 'here'))
    await methods.close()
    await world.store.query(`update site set body = 'new' where id = 2`)
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
  })

  it('is not what a server is that has its first script', async () => {
    const world = await build()
    await world.work()
    await world.store.query(`insert into site (id) values (1)`)
    await world.calm()
    expect(await world.store.query(`select from orchestra.sync where source = 'wiped'`)).toEqual([])
  })
})
