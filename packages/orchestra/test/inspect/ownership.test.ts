import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { listFindings } from '../../src/inspect/index.ts'
import { pruneOrphans } from '../../src/inspect/repair.ts'
import { sh } from '../../src/script/index.ts'
import { markOf } from '../../src/script/inspect.ts'
import { describeStores } from '../support/stores.ts'
import { siteFilesWith, useWorlds, type World } from '../support/world.ts'
import { ended, fill, shown, treeOf } from './support.ts'

/** Sites by their domains; what a server has is listed and can be pruned. */
const listed = siteFilesWith({
  save: (script, site) => script.file(`sites/${site.domain}`, site.body),
  delete: (script, site) => script.absent(`sites/${site.domain}`),
  list: sh`ls -A sites | grep -v '^\.orchestra-' || true`,
  prune: (script, identity) => script.absent(`sites/${identity}`),
})

describeStores('ownership', (open) => {
  const build = useWorlds(open)
  const pathOf = (world: World, ...names: string[]) => join(world.directory, 'here', ...names)
  const marks = (world: World) =>
    readdir(pathOf(world, '.orchestra-state', 'owned', 'files')).then(
      (names) => names.filter((name) => name !== 'shared').length,
      () => 0,
    )
  const start = async (count: number) => {
    const world = await build({ backends: [listed] })
    await world.work()
    await fill(world, count)
    await world.calm()
    return world
  }
  /** An object that the store has forgotten and the server has not. */
  const forget = (world: World, id: number) =>
    world.store.query('delete from orchestra.placement where object_key = $1', [String(id)])
  const withoutTriggers = async (world: World, text: string) => {
    await world.store.query('alter table site disable trigger user')
    await world.store.query(text)
    await world.store.query('alter table site enable trigger user')
  }

  it('is marked with the first change and gone with the object', async () => {
    const world = await start(3)
    expect(await marks(world)).toBe(3)
    await world.store.query('delete from site where id = 1')
    await world.calm()
    expect(await marks(world)).toBe(2)
    expect(Object.keys(await world.files()).sort()).toEqual(['d2', 'd3'])
  })

  it('goes with a new name', async () => {
    const world = await start(2)
    await world.store.query(`update site set domain = 'new' where id = 1`)
    await world.calm()
    expect(await marks(world)).toBe(2)
    await world.store.query(`update site set domain = 'newer' where id = 1`)
    await world.calm()
    expect(await marks(world)).toBe(2)
    expect(await world.files()).toEqual({ d2: 'body of 2', newer: 'body of 1' })
  })

  it('tells what is ours and nobody stands for from what is not ours', async () => {
    const world = await start(12)
    await withoutTriggers(world, 'delete from site where id in (1, 2)')
    await forget(world, 1)
    await forget(world, 2)
    await writeFile(pathOf(world, 'sites', 'd1.au'), 'foreign')
    await writeFile(pathOf(world, 'sites', 'd'), 'foreign')
    const before = await treeOf(pathOf(world))
    const checked = await ended(world, 'check')
    expect(checked.inspections[0]?.counts).toMatchObject({ inSync: 10, orphaned: 2, unowned: 2 })
    expect(await treeOf(pathOf(world))).toEqual(before)
    expect(shown(await listFindings(world.store))).toEqual([
      'd unowned',
      'd1 orphaned',
      'd1.au unowned',
      'd2 orphaned',
    ])
    const synced = await ended(world, 'sync')
    expect(synced.inspections[0]?.counts).toMatchObject({ pruned: 2 })
    await world.calm()
    expect(shown(await listFindings(world.store))).toEqual(['d unowned', 'd1.au unowned'])
    const left = Object.keys(await world.files())
    expect(left.filter((name) => ['d', 'd1', 'd1.au', 'd2'].includes(name)).sort()).toEqual(['d', 'd1.au'])
    expect(await marks(world)).toBe(10)
  })

  it('stops a sync that would prune more than the bound, until it is allowed', async () => {
    const world = await start(20)
    await withoutTriggers(world, 'delete from site where id > 8')
    await world.store.query('delete from orchestra.placement where object_key::int > 8')
    const stopped = await ended(world, 'sync')
    expect(stopped.state).toBe('stopped')
    expect(stopped.error).toContain('--allow-deletes 12')
    expect(Object.keys(await world.files())).toHaveLength(20)
  })

  it('ends a removal whose thing became an object meanwhile', async () => {
    const world = await build({ backends: [listed] })
    await mkdir(pathOf(world, 'sites'))
    await writeFile(pathOf(world, 'sites', 'd1'), 'old')
    await mkdir(pathOf(world, '.orchestra-state', 'owned', 'files'), { recursive: true })
    await writeFile(pathOf(world, '.orchestra-state', 'owned', 'files', markOf('d1')), 'd1\n')
    const [server] = await world.store.query<{ id: number }>('select id from orchestra.server')
    const inspection = {
      backend: 'files',
      serverId: server?.id ?? 0,
      unitId: '00000000-0000-4000-8000-000000000000',
      actor: null,
      source: 'test',
    }
    await pruneOrphans(world.store, inspection, 'site', ['d1', 'd2'])
    await fill(world, 1)
    await world.collect()
    await world.work()
    await world.calm()
    const prunes = (await world.operations()).filter((one) => one.action === 'prune')
    expect(prunes.map((one) => `${one.object_key} ${one.outcome}`)).toEqual(['@d1 nothing', '@d2 success'])
    expect(await world.files()).toEqual({ d1: 'body of 1' })
  })

  it('of rows that cannot be decided is doubted: nothing is pruned', async () => {
    const world = await start(2)
    await forget(world, 1)
    await withoutTriggers(world, `update site set domain = '' where id = 1`)
    const status = await ended(world, 'sync')
    expect(status.inspections[0]?.counts).toMatchObject({ orphaned: 1, pruned: 0 })
    expect(Object.keys(await world.files())).toContain('d1')
    await world.store.query('delete from site where id = 1')
    await rm(pathOf(world, 'sites', 'd1'))
  })
})
