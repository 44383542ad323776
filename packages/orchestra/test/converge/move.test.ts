import { expect, it } from 'vitest'
import { sh } from '../../src/index.ts'
import { type Protectable, protect, unprotect } from '../../src/removal/index.ts'
import { disableRoute, removeRoute } from '../../src/router/index.ts'
import { holdServer, releaseServer } from '../../src/server/index.ts'
import { requestSync } from '../../src/sync/index.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { domainFiles } from './domains.ts'

const transfer = { dump: () => sh`true`, restore: () => sh`true`, switch: () => sh`true` }

describeStores('moves', (open) => {
  const build = useWorlds(open)

  /** Sites go to the server that their plan names. */
  async function buildMovable(onMove: 'keep' | 'remove' | 'migrate'): Promise<World> {
    const backend = domainFiles({ onMove, ...(onMove === 'migrate' ? { transfer } : {}) })
    const world = await build({ backends: [backend], servers: [] })
    for (const server of ['a', 'b', 'c']) {
      await world.addDirectoryServer(server)
      await world.route('files', server, `site.plan == "${server}"`)
    }
    await world.store.query(`insert into site (id, domain, plan) values (1, 'a.org', 'a')`)
    return world
  }

  const move = (world: World, plan: string) => world.store.query('update site set plan = $1', [plan])

  const places = async (world: World) => {
    const rows = await world.store.query<{ name: string; state: string }>(
      `select s.name, p.state from orchestra.placement p join orchestra.server s on s.id = p.server_id order by s.name`,
    )
    return rows.map((row) => `${row.name} ${row.state}`)
  }

  const transfers = async (world: World) => {
    const rows = await world.store.query<{ away: string; there: string; outcome: string | null }>(
      `select a.name as away, b.name as there, t.outcome from orchestra.transfer t
       join orchestra.server a on a.id = t.from_server join orchestra.server b on b.id = t.to_server order by t.id`,
    )
    return rows.map(({ away, there, outcome }) => `${away} to ${there}: ${outcome}`)
  }

  const stands = async (world: World) => {
    const found: string[] = []
    for (const server of ['a', 'b', 'c'])
      if ((await world.files(server))['a.org'] !== undefined) found.push(server)
    return found
  }

  it('keep the old copy where nothing else is asked for, and say so once', async () => {
    const world = await buildMovable('keep')
    await world.work()
    await world.calm()
    await move(world, 'b')
    await world.calm()
    await world.store.query(`update site set body = 'new'`)
    await world.calm()
    expect(await places(world)).toEqual(['a kept', 'b applied'])
    expect(await stands(world)).toEqual(['a', 'b'])
    const kept = (await world.operations()).filter((one) => one.outcome === 'nothing')
    expect(kept).toMatchObject([
      {
        action: 'delete',
        error: 'It belongs elsewhere now, and this copy stays: the policy of backend "files" is to keep it',
      },
    ])
  })

  it('take a kept copy into use again when the object comes back', async () => {
    const world = await buildMovable('keep')
    await world.work()
    await world.calm()
    await move(world, 'b')
    await world.calm()
    await move(world, 'a')
    await world.calm()
    expect(await places(world)).toEqual(['a applied', 'b kept'])
  })

  it('remove kept copies together with their object', async () => {
    const world = await buildMovable('keep')
    await world.work()
    await world.calm()
    await move(world, 'b')
    await world.calm()
    await world.store.query('delete from site')
    await world.calm()
    expect(await stands(world)).toEqual([])
    expect(await places(world)).toEqual([])
  })

  it('remove the old copy after the new one stands, however long that takes', async () => {
    const world = await buildMovable('remove')
    await world.work()
    await world.calm()
    await holdServer(world.store, 'b', { by: 'test', reason: 'later' })
    await move(world, 'b')
    await until('the move is decided', async () => (await places(world)).length === 2)
    await world.store.query(`insert into site (id, domain, plan) values (2, 'other.org', 'a')`)
    await until('others go on', async () => (await world.files('a'))['other.org'] !== undefined)
    expect(await stands(world)).toEqual(['a'])
    await releaseServer(world.store, 'b', { by: 'test' })
    await world.calm()
    expect(await stands(world)).toEqual(['b'])
    expect(await places(world)).toEqual(['a applied', 'b applied'])
  })

  it('leave the old copy while the new one fails', async () => {
    const world = await buildMovable('remove')
    await world.work()
    await world.calm()
    await world.store.query(`update site set plan = 'b', body = 'fail'`)
    await until('it has failed there', async () => (await places(world)).includes('b failed'))
    expect(await stands(world)).toContain('a')
    await world.store.query(`update site set body = ''`)
    await world.calm()
    expect(await stands(world)).toEqual(['b'])
  })

  it('remove nothing when the object comes back before it was due', async () => {
    const world = await buildMovable('remove')
    await world.work()
    await world.calm()
    await holdServer(world.store, 'b', { by: 'test', reason: 'later' })
    await move(world, 'b')
    await until('the move is decided', async () => (await places(world)).length === 2)
    await move(world, 'a')
    await until('the return is decided', async () => (await places(world)).includes('a applied'))
    await releaseServer(world.store, 'b', { by: 'test' })
    await world.calm()
    expect(await stands(world)).toEqual(['a'])
    expect(await places(world)).toEqual(['a applied'])
  })

  it('remove what belongs nowhere any more when its object is looked at', async () => {
    const world = await buildMovable('remove')
    await world.work()
    await world.calm()
    await removeRoute(world.store, 1, { by: 'test' })
    await world.store.query(`update site set body = 'new'`)
    await world.calm()
    expect(await stands(world)).toEqual([])
  })

  it('wait for a route that is disabled', async () => {
    const world = await buildMovable('remove')
    await world.work()
    await world.calm()
    await disableRoute(world.store, 2, { by: 'test' })
    await move(world, 'b')
    await until('the move is decided', async () => (await places(world)).includes('a deleting'))
    expect(await stands(world)).toEqual(['a'])
  })

  it('open a transfer where data has to go along, and cancel it when the object comes back', async () => {
    const world = await buildMovable('migrate')
    const worker = await world.work()
    await world.calm()
    await worker.stop()
    await move(world, 'b')
    await world.collect()
    expect(await transfers(world)).toEqual(['a to b: null'])
    await move(world, 'c')
    await world.collect()
    expect(await transfers(world)).toEqual(['a to b: cancelled', 'a to c: null'])
    expect(await places(world)).toEqual(['a deleting', 'c pending'])
    await move(world, 'a')
    await world.collect()
    expect(await transfers(world)).toEqual(['a to b: cancelled', 'a to c: cancelled'])
    await world.work()
    await world.calm()
    expect(await stands(world)).toEqual(['a'])
  })

  it('of a route take the data along before anything new is made where it goes', async () => {
    const world = await buildMovable('migrate')
    const worker = await world.work()
    await world.calm()
    await worker.stop()
    await removeRoute(world.store, 1, { by: 'test' })
    await world.route('files', 'b', 'site.plan == "a"')
    await requestSync(world.store, {
      mode: 'sync',
      inspects: false,
      actor: 'test',
      source: 'test',
    })
    const collector = world.collector()
    while ((await collector.look()).kind === 'collected') {
      const early = await world.store.query(
        `select from orchestra.operation where state = 'waiting' and action = 'save'
           and not exists (select from orchestra.transfer where ended_at is null)`,
      )
      expect(early).toEqual([])
    }
    expect(await transfers(world)).toEqual(['a to b: null'])
    const [counts] = await world.store.query(
      `select sum((counts ->> 'created')::int)::int as created, sum((counts ->> 'moved')::int)::int as moved from orchestra.sync`,
    )
    expect(counts).toEqual({ created: 1, moved: 1 })
  })

  it('take the data of what is protected along, and let its removal wait', async () => {
    const world = await buildMovable('migrate')
    await world.work()
    await world.calm()
    const site: Protectable = { kind: 'object', model: 'site', key: ['1'], backend: null }
    await protect(world.store, site, { by: 'alice' })
    await move(world, 'b')
    await until('its removal waits', async () => {
      const [wait] = await world.store.query(
        `select from orchestra.placement where wait ->> 'kind' = 'protection'`,
      )
      return wait !== undefined
    })
    expect(await transfers(world)).toEqual(['a to b: success'])
    expect(await places(world)).toEqual(['a deleting', 'b applied'])
    expect(await stands(world)).toEqual(['a', 'b'])
    await unprotect(world.store, site, 'alice')
    await world.calm()
    expect(await stands(world)).toEqual(['b'])
  })

  it('end with the transfer, and then remove the old copy', async () => {
    const world = await buildMovable('migrate')
    await world.work()
    await world.calm()
    await move(world, 'b')
    await world.calm(40_000)
    expect(await transfers(world)).toEqual(['a to b: success'])
    expect(await stands(world)).toEqual(['b'])
  })

  it('end with their object', async () => {
    const world = await buildMovable('migrate')
    const worker = await world.work()
    await world.calm()
    await worker.stop()
    await move(world, 'b')
    await world.collect()
    await world.store.query('delete from site')
    await world.work()
    await world.calm()
    expect(await transfers(world)).toEqual(['a to b: cancelled'])
    expect(await stands(world)).toEqual([])
    expect(await places(world)).toEqual([])
  })
})
