import { expect, it } from 'vitest'
import { defineBackend } from '../../src/index.ts'
import { requestSync, syncStatus } from '../../src/sync/index.ts'
import { until, untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { Site, siteFiles, useWorlds, type World } from '../support/world.ts'

/** Turns after which a server that never runs out of work gives up. */
const ENOUGH = 40

/** A server `busy` whose every save makes the next one wait there, and `quiet`, which has one thing to do. */
async function busyBeside(build: (options: object) => Promise<World>): Promise<{
  world: World
  saved: string[]
}> {
  const saved: string[] = []
  let world: World | undefined
  const isWaiting = (id: number) => async () => {
    const rows = await (world as World).store.query(
      `select from orchestra.operation where object_key = $1 and state = 'waiting'`,
      [String(id)],
    )
    return rows.length > 0
  }
  const backend = defineBackend({
    name: 'files',
    model: Site,
    save: (script, site) =>
      script.call('save', async () => {
        saved.push(site.domain)
        const isEnough = saved.length > ENOUGH || saved.includes('quiet') || site.domain === 'quiet'
        if (isEnough || world === undefined) return
        await world.store.query(`insert into site (id, domain) values ($1, 'busy')`, [site.id + 1])
        await until('the next one waits', isWaiting(site.id + 1))
      }),
  })
  world = await build({ backends: [backend], servers: [], worker: { concurrency: 1 } })
  for (const name of ['busy', 'quiet']) {
    await world.addDirectoryServer(name)
    await world.route('files', name, `site.domain == "${name}"`)
  }
  await world.store.query(`update orchestra.server set method = 'function'; delete from orchestra.sync`)
  return { world, saved }
}

describeStores('lanes are fair:', (open) => {
  const build = useWorlds(open)

  it('a server that never runs out of work keeps no other from its turn', async () => {
    const { world, saved } = await busyBeside(build)
    await world.work()
    await world.store.query(`insert into site (id, domain) values (1, 'busy')`)
    await until('the busy one works', () => saved.length > 0)
    await world.store.query(`insert into site (id, domain) values (1000, 'quiet')`)
    await world.calm()
    expect(saved.indexOf('quiet')).toBeGreaterThan(0)
    expect(saved.length).toBeLessThan(ENOUGH)
  })

  it('changes that never end keep no inspection of their server waiting for ever', async () => {
    const { world, saved } = await busyBeside(build)
    await world.store.query(`insert into orchestra.placement (backend, server_id, model, object_key, keys, identity, want_identity, stands)
      select 'files', id, 'site', '2000', '["2000"]', 'x', 'x', 0 from orchestra.server where name = 'busy'`)
    const { id } = await requestSync(world.store, {
      mode: 'check',
      server: 'busy',
      actor: null,
      source: 'test',
    })
    await world.store.query(`insert into site (id, domain) values (1, 'busy')`)
    await world.work()
    await untilWithin(20_000, 'it was looked at', async () => {
      return (await syncStatus(world.store, id)).inspections.some(({ state }) => state !== 'waiting')
    })
    expect(saved.length).toBeLessThan(ENOUGH)
  })

  it('changes of one server go before the inspections of others', async () => {
    const servers = Array.from({ length: 8 }, (_, n) => `s${n}`)
    const world = await build({ backends: [siteFiles], servers, worker: { concurrency: 1 } })
    await world.work()
    await world.store.query(`insert into site (id) select n from generate_series(1, 20) n`)
    await world.calm(60_000)
    const { id } = await requestSync(world.store, { mode: 'check', actor: null, source: 'test' })
    await untilWithin(20_000, 'they are looked at', async () => {
      return (await syncStatus(world.store, id)).state === 'inspecting'
    })
    await world.store.query(`update site set body = 'new' where id = 1`)
    await world.calm(60_000)
    const [order] = await world.store.query<{ inspections: number }>(
      `select count(*) as inspections from orchestra.inspection
       where ended_at < (select max(ended_at) from orchestra.operation)`,
    )
    expect(order?.inspections).toBeLessThan(3)
    expect((await syncStatus(world.store, id)).state).toBe('done')
  })
})
