import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { removeServer } from '../../src/fleet/index.ts'
import { listFindings } from '../../src/inspect/index.ts'
import { holdServer, pause } from '../../src/server/index.ts'
import { requestSync, type SyncStatus, syncStatus } from '../../src/sync/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

describeStores('a synchronization always ends, and names what it could not look at:', (open) => {
  const build = useWorlds(open)
  const two = { servers: ['here', 'there'] }

  async function filled(options: object = two): Promise<World> {
    const world = await build(options)
    await world.work()
    await world.store.query('insert into site (id) values (1), (2)')
    await world.calm()
    return world
  }

  async function ended(world: World, mode: 'check' | 'sync' = 'check', selector = {}): Promise<SyncStatus> {
    const { id } = await requestSync(world.store, { mode, actor: null, source: 'test', ...selector })
    return endOf(world, id)
  }

  async function endOf(world: World, id: number): Promise<SyncStatus> {
    await untilWithin(
      20_000,
      'it has ended',
      async () => (await syncStatus(world.store, id)).endedAt !== null,
    )
    expect(await untold(world, id)).toEqual([])
    return syncStatus(world.store, id)
  }

  /** What ended without an event that tells of it. */
  function untold(world: World, id: number): Promise<object[]> {
    return world.store.query(
      `select 'inspection' as what, i.id from orchestra.inspection i where i.sync_id = $1 and not exists (
         select from orchestra.event e where e.kind = 'inspection-ended'
           and e.detail = jsonb_build_object('inspection', i.id, 'server', i.server_id, 'state', i.state))
       union all select 'sync', y.id from orchestra.sync y where y.id = $1 and not exists (
         select from orchestra.event e where e.kind = 'sync-ended'
           and e.detail = jsonb_build_object('sync', y.id, 'state', y.state))`,
      [id],
    )
  }

  const statesOf = ({ inspections }: SyncStatus) =>
    inspections.map(({ server, state }) => `${server} ${state}`)

  it.each(['check', 'sync'] as const)('a server that does not answer, %s', async (mode) => {
    const world = await filled()
    await writeFile(join(world.directory, 'here/sites/1'), 'by hand')
    await rename(join(world.directory, 'there'), join(world.directory, 'gone'))
    const status = await ended(world, mode)
    expect(status.state).toBe('failed')
    expect(status.error).toMatch(
      /^there, files: it does not answer: .*gone|^there, files: it does not answer: .+/,
    )
    expect(statesOf(status)).toEqual(['here done', 'there failed'])
    if (mode === 'check')
      expect((await listFindings(world.store)).map(({ object, state }) => [object, state])).toEqual([
        ['site:1', 'drifted'],
      ])
  })

  it('a server that is held', async () => {
    const world = await filled()
    await holdServer(world.store, 'there', { by: 'anna', reason: 'new disk' })
    const status = await ended(world)
    expect(status).toMatchObject({
      state: 'failed',
      error: 'there, files: it is held by anna: new disk',
    })
    expect(statesOf(status)).toEqual(['here done', 'there failed'])
  })

  it('everything that is paused', async () => {
    const world = await filled()
    await pause(world.store, { by: 'anna', reason: 'storage' })
    const error = 'everything is paused by anna: storage'
    expect(await ended(world)).toMatchObject({
      state: 'failed',
      error: `here, files: ${error}; there, files: ${error}`,
    })
  })

  it.each([
    ['all of them', {}],
    ['its own', { server: 'there' }],
  ])('a server that is removed, of %s', async (_, selector) => {
    const world = await filled()
    await world.stopWorkers()
    const { id } = await requestSync(world.store, { mode: 'check', actor: null, source: 'test', ...selector })
    await world.collect()
    await removeServer(world.store, 'there', { by: 'anna', force: true })
    await world.work()
    const status = await endOf(world, id)
    expect(status.state).toBe('failed')
    expect(status.error).toContain('there, files: its server was removed')
  })

  it('a server that is removed before it begins', async () => {
    const world = await filled()
    await world.stopWorkers()
    const { id } = await requestSync(world.store, {
      mode: 'check',
      server: 'there',
      actor: null,
      source: 'test',
    })
    await removeServer(world.store, 'there', { by: 'anna', force: true })
    await world.work()
    expect(await endOf(world, id)).toMatchObject({ state: 'failed', error: 'server there was removed' })
  })

  it.each([{}, { backend: 'files' }])('a backend that is not configured any more, %o', async (selector) => {
    const world = await filled()
    await world.stopWorkers()
    const { id } = await requestSync(world.store, { mode: 'check', actor: null, source: 'test', ...selector })
    const config: Config = { ...world.config, backends: new Map() }
    await world.work({ config })
    const status = await endOf(world, id)
    const error = 'no backend "files" is defined in this configuration'
    expect(status).toMatchObject({ state: 'failed', error: `here, files: ${error}; there, files: ${error}` })
  })

  it('a server whose lane somebody keeps, when nothing moves for too long', async () => {
    const world = await filled()
    await world.store.query(
      `update orchestra.lane set owner = gen_random_uuid(), expires_at = 'infinity'
       where server_id = (select id from orchestra.server where name = 'there')`,
    )
    const { id } = await requestSync(world.store, { mode: 'check', actor: null, source: 'test' })
    await untilWithin(20_000, 'the other was looked at', async () => {
      return statesOf(await syncStatus(world.store, id)).includes('here done')
    })
    expect((await syncStatus(world.store, id)).state).toBe('inspecting')
    await world.store.query(`update orchestra.inspection set moved_at = moved_at - interval '11 minutes'`)
    const status = await endOf(world, id)
    expect(status).toMatchObject({
      state: 'failed',
      error: 'there, files: nothing of it could be looked at for 10 minutes',
    })
  })
})
