import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineBackend, defineModel, type Model, sh } from '../../src/index.ts'
import { requestSync, syncStatus } from '../../src/sync/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

const Zone = defineModel({
  name: 'zone',
  table: 'zone',
  schema: z.object({ name: z.string() }),
  key: 'name',
})

const zones = defineBackend({
  name: 'zones',
  model: Zone,
  prepare: (script) => script.directory('zones'),
  save: (script, zone) => script.file(`zones/${zone.name}`, `zone ${zone.name}`),
  delete: (script, zone) => script.absent(`zones/${zone.name}`),
  list: sh`if [[ -d zones ]]; then ls -1 zones; fi`,
  prune: (script, identity) => script.absent(`zones/${identity}`),
})

const options = {
  models: [Zone] as Model[],
  backends: [zones],
  tables: 'create table zone (name text primary key)',
}

/** Names that begin with each other and end in each other. */
const trapName = fc
  .array(fc.constantFrom('example', '.com', '.au', '-', '*', '[a]', 'x'), { minLength: 1, maxLength: 4 })
  .map((parts) => `z${parts.join('')}`)

describeStores('what somebody else put on a server', (open) => {
  const build = useWorlds(open)

  async function sync(world: World, allowDeletes?: number) {
    const request = { mode: 'sync', actor: 'test', source: 'test', allowDeletes } as const
    const { id } = await requestSync(world.store, request)
    await untilWithin(20_000, 'the synchronization has ended', async () => {
      const { endedAt } = await syncStatus(world.store, id)
      return endedAt !== null && (await world.open()) === 0
    })
    return syncStatus(world.store, id)
  }

  const unseen = (world: World, sql: string, values: readonly unknown[] = []) =>
    world.store.transaction(async (tx) => {
      await tx.query('set local session_replication_role = replica')
      await tx.query(sql, values)
    })

  async function contents(world: World): Promise<Record<string, string>> {
    const directory = join(world.directory, 'here', 'zones')
    const names = await readdir(directory)
    return Object.fromEntries(
      await Promise.all(
        names.map(async (name) => [name, await readFile(join(directory, name), 'utf8')] as const),
      ),
    )
  }

  it('is never touched by a synchronization, whatever it is called', { timeout: 120_000 }, async () => {
    const world = await build(options)
    await world.work()
    await world.store.query(`insert into zone values ('z')`)
    await world.calm()
    const given = fc.uniqueArray(trapName, { minLength: 4, maxLength: 12 })
    const parts = fc.record({ names: given, ours: fc.nat(12), gone: fc.nat(12) })
    await fc.assert(
      fc.asyncProperty(parts, async ({ names, ours, gone }) => {
        const placed = names.slice(0, ours % names.length)
        const strangers = names.slice(placed.length)
        await unseen(world, 'insert into zone select unnest($1::text[])', [placed])
        await sync(world, 100)
        for (const name of strangers)
          await writeFile(join(world.directory, 'here', 'zones', name), `somebody's ${name}`)
        const stay = placed.slice(Math.min(gone, placed.length))
        await unseen(world, `delete from zone where name <> 'z' and not name = any($1::text[])`, [stay])
        expect((await sync(world, 100)).state).toBe('done')
        expect(await contents(world)).toEqual({
          z: 'zone z',
          ...Object.fromEntries(stay.map((name) => [name, `zone ${name}`])),
          ...Object.fromEntries(strangers.map((name) => [name, `somebody's ${name}`])),
        })
        await unseen(world, `delete from zone where name <> 'z'`)
        await sync(world, 100)
        for (const name of strangers) await rm(join(world.directory, 'here', 'zones', name))
      }),
      { numRuns: 15 },
    )
  })

  it('stays with everything else where too much would be removed', async () => {
    const world = await build(options)
    await world.work()
    await world.store.query(`insert into zone select 'z' || n from generate_series(1, 40) n`)
    await world.calm()
    await writeFile(join(world.directory, 'here', 'zones', 'z1.old'), 'somebody')
    const before = await contents(world)
    await unseen(world, 'delete from zone')
    const { state, error } = await sync(world)
    expect(state).toBe('stopped')
    expect(error).toContain('--allow-deletes 40')
    expect(await contents(world)).toEqual(before)
    expect((await sync(world, 40)).state).toBe('done')
    expect(await contents(world)).toEqual({ 'z1.old': 'somebody' })
  })

  it('is told from what was ours and lost its row and its placement', async () => {
    const world = await build(options)
    await world.work()
    await world.store.query(`insert into zone select 'z' || n from generate_series(1, 40) n`)
    await world.calm()
    await writeFile(join(world.directory, 'here', 'zones', 'z1.old'), 'somebody')
    await unseen(world, `delete from zone where name <> 'z40'`)
    await world.store.query(`delete from orchestra.placement where object_key <> 'z40'`)
    const before = await contents(world)
    expect(await sync(world)).toMatchObject({
      state: 'stopped',
      error: expect.stringContaining('--allow-deletes 39'),
    })
    expect(await contents(world)).toEqual(before)
    expect((await sync(world, 39)).state).toBe('done')
    expect(await contents(world)).toEqual({ 'z1.old': 'somebody', z40: 'zone z40' })
  })
})
