import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Inspector, listFindings } from '../../src/inspect/index.ts'
import { claimLane } from '../../src/manager/claim.ts'
import { releaseLane } from '../../src/manager/lease.ts'
import { createMethods } from '../../src/methods/index.ts'
import { sh } from '../../src/script/index.ts'
import { requestSync, syncStatus } from '../../src/sync/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { siteFilesWith, useWorlds, type World } from '../support/world.ts'
import { ended, fill, shown, treeOf } from './support.ts'

/** Looks at one page as a worker does that ends after it. */
async function onePage(world: World, inspector = new Inspector()): Promise<void> {
  const { store, config } = world
  const [server] = await store.query<{ id: number }>('select id from orchestra.server')
  const methods = createMethods()
  const claim = await claimLane(store, config, server?.id ?? 0, randomUUID())
  if (claim === undefined) throw new Error('the lane has nothing to do')
  const { signal } = new AbortController()
  expect(await inspector.step({ store, config, methods, signal, asksAhead: true }, claim)).toEqual({
    kind: 'looked',
  })
  await inspector.forget()
  await releaseLane(store, claim)
  await methods.close()
}

describeStores('an inspection', (open) => {
  const build = useWorlds(open)
  const pathOf = (world: World, ...names: string[]) => join(world.directory, 'here', ...names)

  it('of a check reports what was damaged, and changes nothing', async () => {
    const world = await build()
    await world.work()
    await fill(world, 9)
    await world.calm()
    await writeFile(pathOf(world, 'sites', '1'), 'edited')
    await rm(pathOf(world, 'sites', '2'))
    await rm(pathOf(world, 'sites', '3'))
    await mkdir(pathOf(world, 'sites', '3'))
    await rm(pathOf(world, 'sites', '4'))
    await symlink('5', pathOf(world, 'sites', '4'))
    const before = await treeOf(pathOf(world))
    const operations = await world.operations()
    const status = await ended(world, 'check')
    expect(status).toMatchObject({ state: 'done', inspections: [{ state: 'done', seen: 9, total: 9 }] })
    expect(status.inspections[0]?.counts).toMatchObject({ inSync: 5, drifted: 3, missing: 1 })
    expect(await treeOf(pathOf(world))).toEqual(before)
    const findings = await listFindings(world.store)
    expect(shown(findings)).toEqual(['site:1 drifted', 'site:2 missing', 'site:3 drifted', 'site:4 drifted'])
    expect(findings[0]?.differences[0]?.diff).toContain('-edited')
    expect(await world.operations()).toEqual(operations)
  })

  it('of a check forgets what is in order again, or gone', async () => {
    const world = await build()
    await world.work()
    await fill(world, 3)
    await world.calm()
    for (const site of ['1', '2', '3']) await writeFile(pathOf(world, 'sites', site), 'edited')
    await ended(world, 'check')
    expect(await listFindings(world.store)).toHaveLength(3)
    await writeFile(pathOf(world, 'sites', '1'), 'd1 body of 1')
    await world.store.query(`update site set body = 'new' where id = 2`)
    await world.store.query('delete from site where id = 3')
    await world.calm()
    expect(shown(await listFindings(world.store))).toEqual(['site:1 drifted', 'site:3 drifted'])
    await ended(world, 'check')
    expect(await listFindings(world.store)).toEqual([])
  })

  it('of a sync restores what was damaged', async () => {
    const world = await build()
    await world.work()
    await fill(world, 5)
    await world.calm()
    await writeFile(pathOf(world, 'sites', '1'), 'edited')
    await rm(pathOf(world, 'sites', '2'))
    const status = await ended(world, 'sync')
    expect(status.inspections[0]?.counts).toMatchObject({ inSync: 3, drifted: 1, missing: 1, repaired: 2 })
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
    const repairs = (await world.operations()).filter((one) => one.unit_id === status.unitId)
    expect(repairs.map((one) => `${one.object_key} ${one.outcome}`).sort()).toEqual([
      '1 success',
      '2 success',
    ])
    expect(await listFindings(world.store)).toEqual([])
  })

  it.each(['report', 'repair'] as const)('by the clock does what its backend says: %s', async (onDrift) => {
    const world = await build({ backends: [siteFilesWith({ onDrift })] })
    await world.work()
    await fill(world, 2)
    await world.calm()
    await writeFile(pathOf(world, 'sites', '1'), 'edited')
    await ended(world, 'check', 'schedule')
    await world.calm()
    expect((await world.files())['1']).toBe(onDrift === 'repair' ? 'd1 body of 1' : 'edited')
  })

  it('goes on where a worker left it, page by page, and lets a change go first', async () => {
    const world = await build()
    await world.work()
    await fill(world, 700)
    await world.calm(60_000)
    await world.stopWorkers()
    await writeFile(pathOf(world, 'sites', '600'), 'edited')
    const { id } = await requestSync(world.store, { mode: 'check', actor: 'test', source: 'test' })
    await world.collect()
    await onePage(world)
    expect((await syncStatus(world.store, id)).inspections).toMatchObject([{ state: 'running', seen: 500 }])
    await world.store.query(`update site set body = 'new' where id = 1`)
    await world.collect()
    await world.work()
    await untilWithin(60_000, 'the check has ended', async () => {
      return (await syncStatus(world.store, id)).endedAt !== null
    })
    const [order] = await world.store.query<{ changed_first: boolean }>(
      `select (select max(ended_at) from orchestra.operation) < (
         select ended_at from orchestra.inspection where sync_id = $1) as changed_first`,
      [id],
    )
    expect(order?.changed_first).toBe(true)
    expect((await syncStatus(world.store, id)).inspections).toMatchObject([{ state: 'done', seen: 700 }])
    expect(shown(await listFindings(world.store))).toEqual(['site:600 drifted'])
  })

  it('learns the size of its pages anew, as its objects may be larger than those before', async () => {
    const world = await build()
    await world.work()
    await fill(world, 700)
    await world.calm(60_000)
    await world.stopWorkers()
    const inspector = new Inspector()
    const check = async () => {
      const { id } = await requestSync(world.store, { mode: 'check', actor: 'test', source: 'test' })
      await world.collect()
      await onePage(world, inspector)
      return (await syncStatus(world.store, id)).inspections
    }
    expect(await check()).toMatchObject([{ seen: 500 }])
    await onePage(world, inspector)
    // What is wanted there and was never made is a page of its own.
    await onePage(world, inspector)
    expect(await check()).toMatchObject([{ seen: 500 }])
  })

  it('goes on with a server that did not answer for a moment', async () => {
    const world = await build({ worker: { backoff: { server: { base: 600_000, cap: 600_000 } } } })
    await world.work()
    await fill(world, 2)
    await world.calm()
    await rename(pathOf(world), `${pathOf(world)}-gone`)
    const { id } = await requestSync(world.store, { mode: 'check', actor: 'test', source: 'test' })
    await untilWithin(20_000, 'the lane is blocked', async () => {
      const rows = await world.store.query('select from orchestra.lane where blocked_outcome is not null')
      return rows.length > 0
    })
    expect((await syncStatus(world.store, id)).state).toBe('inspecting')
    await rename(`${pathOf(world)}-gone`, pathOf(world))
    await world.store.query(`update orchestra.lane set due_at = '-infinity'`)
    await untilWithin(20_000, 'the check has ended', async () => {
      return (await syncStatus(world.store, id)).state === 'done'
    })
  })

  it('finds a list that fails to be no empty list', async () => {
    const list = sh`if [[ -e breaks ]]; then echo broken >&2; exit 3; fi`
    const world = await build({ backends: [siteFilesWith({ list })] })
    await world.work()
    await fill(world, 1)
    await world.calm()
    await writeFile(join(world.directory, 'here', 'breaks'), '')
    const status = await ended(world, 'check')
    expect(status.state).toBe('failed')
    expect(status.error).toContain('its list failed with status 3: broken')
  })
})
