import { expect, it } from 'vitest'
import { removeServer } from '../../src/fleet/index.ts'
import { objectStatus, readStatus } from '../../src/placements/index.ts'
import { forget, listProtections, protect, unprotect } from '../../src/removal/index.ts'
import { removeRoute } from '../../src/router/index.ts'
import { holdServer, releaseServer } from '../../src/server/index.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { domainFiles } from './domains.ts'

const site = (id: number) => ({ model: 'site', key: [`${id}`] })

describeStores('removal', (open) => {
  const build = useWorlds(open)

  const addSites = (world: World, count: number) =>
    world.store.query(
      `insert into site (id, domain) select n, 'd' || n || '.org' from generate_series(1, $1::int) n`,
      [count],
    )

  const refusals = async (world: World) => (await readStatus(world.store)).protected

  it('of what somebody protected is refused with the reason, and happens when the protection ends', async () => {
    const world = await build({ backends: [domainFiles()] })
    await world.work()
    await addSites(world, 2)
    await world.calm()
    const subject = { kind: 'object', ...site(1), backend: null } as const
    expect(await protect(world.store, subject, { by: 'alice', reason: 'in court' })).toMatchObject({
      object: 'site:1',
      backend: null,
      by: 'alice',
      reason: 'in court',
    })
    await world.store.query('delete from site')
    await until('it is refused', async () => (await refusals(world)).length === 1)
    const [refused] = await refusals(world)
    expect(refused?.object).toBe('site:1')
    expect(refused?.error).toContain(
      '"d1.org" of backend "files" is not removed: it is protected by alice: in court',
    )
    await until('the other is gone', async () => Object.keys(await world.files()).length === 1)
    expect(await unprotect(world.store, subject, 'alice')).toBe(true)
    await world.calm()
    expect(await world.files()).toEqual({})
    expect(await unprotect(world.store, subject, 'alice')).toBe(false)
    expect(await listProtections(world.store)).toEqual([])
  })

  it('that waits already waits on while a protection lasts', async () => {
    const world = await build({ backends: [domainFiles()] })
    await world.work()
    await addSites(world, 1)
    await world.calm()
    await holdServer(world.store, 'here', { by: 'test', reason: '' })
    await world.store.query('delete from site')
    await until('the delete waits', async () =>
      (await world.operations()).some((one) => one.action === 'delete'),
    )
    await protect(world.store, { kind: 'backend', backend: 'files' }, { by: 'alice' })
    await releaseServer(world.store, 'here', { by: 'test' })
    await world.store.query(`insert into site (id, domain) values (2, 'd2.org')`)
    await until('others go on', async () => Object.keys(await world.files()).length === 2)
    const { places } = await objectStatus(world.store, 'site', ['1'])
    expect(places[0]?.placement?.state).toBe('deleting')
    expect(places[0]?.pending[0]?.waitsFor?.kind).toBe('protection')
    await until('status names it', async () => (await readStatus(world.store)).asking[0]?.object === 'site:1')
    await unprotect(world.store, { kind: 'backend', backend: 'files' }, 'alice')
    await world.calm()
    expect(Object.keys(await world.files())).toEqual(['d2.org'])
  })

  it('is refused by a backend for the objects that it names', async () => {
    const backend = domainFiles({ protect: (one) => one.plan === 'gold' })
    const world = await build({ backends: [backend] })
    await world.work()
    await addSites(world, 2)
    await world.store.query(`update site set plan = 'gold' where id = 2`)
    await world.calm()
    await world.store.query('delete from site')
    await until('one is refused', async () => (await refusals(world)).length === 1)
    await until('one is gone', async () => Object.keys(await world.files()).length === 1)
    expect(Object.keys(await world.files())).toEqual(['d2.org'])
    expect((await refusals(world))[0]?.error).toContain('protected by its backend "files"')
  })

  it('is not what a rename does to something protected', async () => {
    const world = await build({ backends: [domainFiles({ protect: true })] })
    await world.work()
    await addSites(world, 1)
    await world.calm()
    await world.store.query(`update site set domain = 'b.org'`)
    await until('it is refused', async () => (await world.operations()).some((one) => one.server_id === null))
    expect(Object.keys(await world.files())).toEqual(['d1.org'])
  })

  it('is given up by forgetting an object, which stays where it is', async () => {
    const world = await build({ backends: [domainFiles()] })
    await world.work()
    await addSites(world, 2)
    await world.calm()
    expect(await forget(world.store, { object: site(1) }, 'alice')).toMatchObject({
      placements: 1,
      operations: 0,
      objects: ['site:1'],
    })
    await world.store.query('delete from site where id = 1')
    await world.calm()
    expect(Object.keys(await world.files())).toEqual(['d1.org', 'd2.org'])
    const audits = await world.store.query(
      `select actor, target from orchestra.audit where action = 'forget'`,
    )
    expect(audits).toEqual([{ actor: 'alice', target: 'site:1' }])
    await expect(forget(world.store, { object: site(1) }, 'alice')).rejects.toMatchObject({
      code: 'ORC_OBJECT_UNKNOWN',
    })
  })

  it('from a server that is never coming back ends when the server is forgotten', async () => {
    const world = await build({ backends: [domainFiles()], servers: ['here', 'dead'] })
    await world.work()
    await addSites(world, 3)
    await world.calm()
    await holdServer(world.store, 'dead', { by: 'test', reason: 'on fire' })
    await removeRoute(world.store, 2, { by: 'test' })
    await world.store.query('delete from site where id = 3')
    await until('it waits there', async () => (await world.open()) === 1)
    expect(await forget(world.store, { server: 'dead' }, 'alice')).toMatchObject({
      placements: 3,
      operations: 1,
    })
    await world.calm()
    await removeServer(world.store, 'dead', { by: 'alice' })
    expect(Object.keys(await world.files('dead'))).toHaveLength(3)
  })

  it('of a server is refused while objects stand there, which are named', async () => {
    const world = await build({ backends: [domainFiles()] })
    await world.work()
    await addSites(world, 12)
    await world.calm()
    await expect(removeServer(world.store, 'here', { by: 'alice' })).rejects.toMatchObject({
      code: 'ORC_SERVER_IN_USE',
      message:
        'Server here has 1 routes, 0 open operations and 12 placed objects: site:1, site:10, site:11, site:12, site:2, site:3, site:4, site:5, site:6, site:7 and 2 more',
      hint: expect.stringContaining('orchestra forget --server here'),
    })
    expect(await removeServer(world.store, 'here', { by: 'alice', force: true })).toMatchObject({
      placements: 12,
    })
  })

  it('of a server lets copies go that waited for their object to stand there', async () => {
    const backend = domainFiles({ onMove: 'remove' })
    const world = await build({ backends: [backend], servers: [] })
    for (const server of ['a', 'b']) {
      await world.addDirectoryServer(server)
      await world.route('files', server, `site.plan == "${server}"`)
    }
    await world.work()
    await world.store.query(`insert into site (id, domain, plan) values (1, 'd1.org', 'a')`)
    await world.calm()
    await holdServer(world.store, 'b', { by: 'test', reason: '' })
    await world.store.query(`update site set plan = 'b'`)
    const waiting = async () => (await world.operations()).filter((one) => one.state === 'waiting').length
    await until('both wait', async () => (await waiting()) === 2)
    await removeServer(world.store, 'b', { by: 'alice', force: true })
    await world.calm()
    expect(await world.files('a')).toEqual({})
  })
})
