import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { BackendOptions } from '../../src/config/backend.ts'
import { sh } from '../../src/index.ts'
import { holdServer, releaseServer } from '../../src/server/index.ts'
import { Gates } from '../support/gates.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { type Site, siteFilesWith, useWorlds, type World } from '../support/world.ts'

const transfer = {
  dump: () => sh`cat sites/1`,
  restore: () => sh`cat >sites/new`,
  switch: () => sh`mv sites/new sites/1`,
}

type Policy = Pick<BackendOptions<typeof Site.schema, never>, 'onMove' | 'transfer' | 'delete'>

describeStores('a copy that is begun while its object is looked at and belongs elsewhere', (open) => {
  const build = useWorlds(open)

  /** The object is seen before anything of it is on `a`, its script there runs, and then what was decided is written. */
  async function moveMeanwhile(policy: Policy): Promise<World> {
    const gates = new Gates()
    const backend = siteFilesWith({
      model: gates.model,
      ...policy,
      // Made once, where it is made first.
      save: (script, site) =>
        script.run(sh`until [[ -e go ]]; do sleep 0.05; done; pwd >sites/${site.id}`, {
          unless: sh`test -e sites/1`,
        }),
    })
    const world = await build({ models: [gates.model], backends: [backend], servers: [] })
    for (const server of ['a', 'b']) {
      await world.addDirectoryServer(server)
      await world.route('files', server, `site.plan == "${server}"`)
    }
    // Of what new routes ask for, loaders would wait too.
    await world.store.query('delete from orchestra.sync')
    await holdServer(world.store, 'a', { by: 'test', reason: 'later' })
    await world.work()
    await world.store.query(`insert into site (id, plan) values (1, 'a')`)
    ;(await gates.next()).go()
    await until('it waits', async () => (await world.operations()).length === 1)
    await world.store.query(`update site set plan = 'b'`)
    const looked = await gates.next()
    await releaseServer(world.store, 'a', { by: 'test' })
    await until('it is begun', async () => (await world.operations())[0]?.state === 'running')
    looked.go()
    await until('the move is written', async () => (await world.operations()).length === 3)
    gates.open()
    for (const server of ['a', 'b']) await writeFile(join(world.directory, server, 'go'), '')
    await world.calm()
    return world
  }

  const stands = async (world: World) => {
    const found: Record<string, string | undefined> = {}
    for (const server of ['a', 'b']) found[server] = (await world.files(server))['1']?.trim().slice(-1)
    return found
  }

  it('gives its data', async () => {
    const world = await moveMeanwhile({ onMove: 'migrate', transfer })
    expect(await stands(world)).toEqual({ a: undefined, b: 'a' })
  })

  it('goes', async () => {
    const world = await moveMeanwhile({ onMove: 'remove' })
    expect(await stands(world)).toEqual({ a: undefined, b: 'b' })
  })

  it('stays by the policy of its backend', async () => {
    const world = await moveMeanwhile({ onMove: 'keep' })
    expect(await stands(world)).toEqual({ a: 'a', b: 'b' })
  })

  it('stays where its backend removes nothing', async () => {
    const world = await moveMeanwhile({ delete: undefined })
    expect(await stands(world)).toEqual({ a: 'a', b: 'b' })
  })
})
