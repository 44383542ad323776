import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { defineConfig } from '../../src/config/config.ts'
import { type Backend, defineBackend, defineModel, type Model } from '../../src/index.ts'
import { adopt, listFindings, named, overwrite, survey } from '../../src/inspect/index.ts'
import { createMethods } from '../../src/methods/index.ts'
import { sh } from '../../src/script/index.ts'
import { getServer } from '../../src/server/index.ts'
import { until, untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { Site, siteFilesWith, useWorlds, type World } from '../support/world.ts'
import { ended, treeOf } from './support.ts'

const listed = siteFilesWith({
  prepare: () => undefined,
  save: (script, site) => script.file(`sites/${site.domain}`, site.body),
  delete: (script, site) => script.absent(`sites/${site.domain}`),
  list: sh`ls -A sites | grep -v '^\.orchestra-' || true`,
  read: (identity) => sh`cat ${`sites/${identity}`}`,
  prune: (script, identity) => script.absent(`sites/${identity}`),
})

const sealed = defineBackend({
  ...listed,
  model: defineModel({ name: 'site', table: 'site', schema: Site.schema, secrets: ['plan'] }),
})

describeStores('adopting', (open) => {
  const build = useWorlds(open)

  /** Rows whose files are there already, one of them with another content, one not at all; and a stranger. */
  async function start(
    backend: Backend = listed,
  ): Promise<{ world: World; context: Parameters<typeof survey>[0] }> {
    const world = await build({ models: [backend.model], backends: [backend] })
    await world.store.query('alter table site disable trigger user')
    await world.store.query(
      `insert into site select id, 'd' || id, 'body ' || id from generate_series(1, 4) id`,
    )
    await world.store.query('alter table site enable trigger user')
    const sites = join(world.directory, 'here', 'sites')
    await mkdir(sites)
    await writeFile(join(sites, 'd1'), 'body 1')
    await writeFile(join(sites, 'd2'), 'body 2')
    await writeFile(join(sites, 'd3'), 'by hand')
    await writeFile(join(sites, 'stranger'), 'nobody knows me')
    const server = await getServer(world.store, 'here')
    const { store, config } = world
    return { world, context: { store, config, methods: createMethods(), server, backend } }
  }

  /** Waits until all that is left to do is refused because it is not ours; answers the objects. */
  async function refused(world: World): Promise<string[]> {
    const waiting = async () =>
      (await world.operations()).filter(({ state }) => state === 'waiting' || state === 'running')
    await untilWithin(20_000, 'the rest is refused', async () => {
      const left = await waiting()
      const changes = await world.store.query('select from orchestra.change')
      return (
        changes.length === 0 && left.length > 0 && left.every(({ error }) => error?.includes('ORC_NOT_OURS'))
      )
    })
    return (await waiting()).map(({ object_key }) => object_key)
  }

  it('shows what matches its row, what would be changed, and what no row stands for', async () => {
    const { world, context } = await start()
    const before = await treeOf(join(world.directory, 'here'))
    const found = await survey(context)
    expect(await treeOf(join(world.directory, 'here'))).toEqual(before)
    expect(found.right.map(({ object }) => object)).toEqual(['site:1', 'site:2'])
    expect(found.different.map(({ object }) => object)).toEqual(['site:3'])
    expect(found.different[0]?.differences[0]?.diff).toContain('-by hand')
    expect(found.absent.map(({ object }) => object)).toEqual(['site:4'])
    expect(found.unmatched).toEqual([{ identity: 'stranger', read: 'nobody knows me' }])
  })

  it('takes what is right and changes nothing but its own marks', async () => {
    const { world, context } = await start()
    const sites = join(world.directory, 'here', 'sites')
    const before = await treeOf(sites)
    const { right } = await survey(context)
    expect(await adopt(context, named(right, ['site:1']), 'test')).toBe(1)
    expect(await adopt(context, right, 'test')).toBe(1)
    expect(await treeOf(sites)).toEqual(before)
    expect((await survey(context)).right).toEqual([])
    expect(await world.operations()).toEqual([])
    // Also a worker that compares everything finds nothing to do there.
    await world.work()
    await ended(world, 'sync')
    expect(await refused(world)).toEqual(['3'])
    const after = await treeOf(sites)
    for (const name of ['d1', 'd2', 'd3', 'stranger']) expect(after[name]).toEqual(before[name])
    const found = async () =>
      (await listFindings(world.store)).map(({ identity, object }) => [identity, object])
    const both = [
      ['d3', 'site:3'],
      ['stranger', null],
    ]
    // The worker looks at what it missed as well, and a look clears away what the one before it found.
    await until('both are found', async () => JSON.stringify(await found()) === JSON.stringify(both))
  })

  it('takes over what waits to be written, and what another row waits with stays', async () => {
    const { world, context } = await start()
    await world.store.query(`update site set body = body || '.'`)
    await world.store.query(`update site set body = rtrim(body, '.')`)
    await world.collect()
    const sites = join(world.directory, 'here', 'sites')
    const before = await treeOf(sites)
    const found = await survey(context)
    expect(found.right.map(({ object, waits }) => [object, waits])).toEqual([
      ['site:1', true],
      ['site:2', true],
    ])
    await world.store.query(`update site set body = 'anew' where id = 2`)
    await world.collect()
    expect(await adopt(context, found.right, 'test')).toBe(2)
    const waiting = (await world.operations()).filter(({ state }) => state === 'waiting')
    expect(waiting.map(({ object_key }) => object_key).sort()).toEqual(['2', '3', '4'])
    await world.work()
    expect(await refused(world)).toEqual(['3'])
    const after = await treeOf(sites)
    expect([after.d1, after.stranger]).toEqual([before.d1, before.stranger])
    expect(await world.files()).toMatchObject({ d2: 'anew', d3: 'by hand', d4: 'body 4' })
    expect(await adopt(context, found.right, 'test')).toBe(0)
  })

  it('takes over what waits to be written with a secret in it', async () => {
    const { world, context } = await start(sealed)
    await world.store.query(`update site set body = body || '.'`)
    await world.store.query(`update site set body = rtrim(body, '.')`)
    await world.collect()
    const { right } = await survey(context)
    await world.store.query(`update site set plan = 'another secret' where id = 2`)
    await world.collect()
    expect(await adopt(context, right, 'test')).toBe(2)
    const waiting = (await world.operations()).filter(({ state }) => state === 'waiting')
    expect(waiting.map(({ object_key }) => object_key).sort()).toEqual(['2', '3', '4'])
  })

  it('tells why nothing could be marked, and takes it the next time', async () => {
    const { world, context } = await start()
    const { right } = await survey(context)
    const hint = 'What was taken before stays adopted; run it again'
    await expect(adopt({ ...context, signal: AbortSignal.abort() }, right, 'test')).rejects.toMatchObject({
      message: 'here: 2 of 2 objects could not be marked: it was cancelled',
      hint,
    })
    const owned = join(world.directory, 'here', '.orchestra-state', 'owned')
    await mkdir(dirname(owned), { recursive: true })
    await writeFile(owned, '')
    await expect(adopt(context, right, 'test')).rejects.toMatchObject({
      message: expect.stringMatching(
        /could not be marked: mkdir: .*Not a directory \/ Nothing can be written below \S+; is the disk full\?$/,
      ),
      hint,
    })
    await rm(owned)
    expect(await adopt(context, right, 'test')).toBe(2)
  })

  it('lets what was taken go with its row', async () => {
    const { world, context } = await start()
    await adopt(context, (await survey(context)).right, 'test')
    await world.work()
    await world.store.query('delete from site where id = 1')
    await ended(world, 'sync')
    await refused(world)
    expect(Object.keys(await world.files())).not.toContain('d1')
  })

  it('writes what is different when it is asked to', async () => {
    const { world, context } = await start()
    const { different } = await survey(context)
    await overwrite(context, different, 'test')
    await world.work()
    await world.calm()
    expect(await world.files()).toMatchObject({ d3: 'body 3', stranger: 'nobody knows me' })
    expect((await survey(context)).different).toEqual([])
  })

  it('lets go on what was refused before it was ours', async () => {
    const { world, context } = await start()
    await world.store.query(`update site set body = body || '.' where id = 3`)
    await world.work()
    expect(await refused(world)).toEqual(['3'])
    const [operation] = await world.operations()
    expect(operation?.error).toBe(
      "d3 is on here already and is not ours (ORC_NOT_OURS). Nothing was changed. It is taken over with: orchestra adopt --backend files --server here 'site:3'",
    )
    await overwrite(context, (await survey(context)).different, 'test')
    await world.calm()
    expect(await world.files()).toMatchObject({ d3: 'body 3.' })
  })

  it('marks again what a server has lost the marks of, also what is to be removed', async () => {
    const { world, context } = await start()
    await rm(join(world.directory, 'here', 'sites'), { recursive: true })
    await mkdir(join(world.directory, 'here', 'sites'))
    await world.work()
    await ended(world, 'sync')
    await world.calm()
    const before = await world.files()
    await rm(join(world.directory, 'here', '.orchestra-state', 'owned'), { recursive: true })
    await world.store.query('delete from site where id = 1')
    await world.store.query(`update site set body = 'anew' where id = 2`)
    await world.store.query(`update site set domain = 'renamed' where id = 3`)
    expect((await refused(world)).sort()).toEqual(['1', '2', '3'])
    expect(await world.files()).toEqual(before)
    const found = await survey(context)
    expect(found.right.map(({ object, placed }) => [object, placed])).toEqual([
      ['site:4', 'unmarked'],
      ['site:1', 'removed'],
    ])
    expect(found.different.map(({ object }) => object)).toEqual(['site:2', 'site:3'])
    expect(await adopt(context, found.right, 'test')).toBe(2)
    await overwrite(context, found.different, 'test')
    await world.calm()
    expect(await world.files()).toEqual({ d2: 'anew', renamed: 'body 3', d4: 'body 4' })
  })

  it('of a backend that lists nothing goes by what its rows would make', async () => {
    const { world } = await start()
    const { list: _, read: __, prune: ___, ...unlisted } = listed
    const server = await getServer(world.store, 'here')
    const config = defineConfig({ models: [Site as Model], backends: [unlisted] })
    const context = { store: world.store, config, methods: createMethods(), server, backend: unlisted }
    const found = await survey(context)
    expect(found.right.map(({ object }) => object)).toEqual(['site:1', 'site:2'])
    expect(found.different.map(({ object }) => object)).toEqual(['site:3'])
    expect(found.absent.map(({ object }) => object)).toEqual(['site:4'])
    expect(await adopt(context, found.right, 'test')).toBe(2)
  })
})
