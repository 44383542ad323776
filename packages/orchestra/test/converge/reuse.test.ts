import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { collect } from '../../src/capture/index.ts'
import { defineBackend, defineModel, type Model, sh } from '../../src/index.ts'
import { routeObjects } from '../../src/manager/index.ts'
import { planAll } from '../../src/plan/index.ts'
import { protect, unprotect } from '../../src/removal/index.ts'
import { CurrentRouter } from '../../src/router/index.ts'
import type { Queryable } from '../../src/store/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { Site, useWorlds, type World, type WorldOptions } from '../support/world.ts'
import { domainHomes } from './domains.ts'

/** What a customer has put into its home. */
const LETTER = 'letter'

/** Each row gets a token of its own, which no update changes. */
const Owned = defineModel({
  name: 'site',
  table: 'site',
  schema: Site.schema.extend({ token: z.string() }),
  incarnation: 'token',
})

const tables = `create table site (id integer primary key, domain text not null, body text not null default '',
  plan text not null default 'a', token uuid not null default gen_random_uuid())`

const homes = (other: Parameters<typeof domainHomes>[0] = {}) =>
  domainHomes({ model: Owned as never, ...other })

const insert = (db: Queryable, { domain = 'a.org', body = '', plan = 'a' } = {}) =>
  db.query('insert into site (id, domain, body, plan) values (1, $1, $2, $3)', [domain, body, plan])

describeStores('a key that is used again', (open) => {
  const build = useWorlds(open)

  /** A customer whose home holds something, and nobody who works. */
  async function lived({ on = 'here', ...options }: WorldOptions & { on?: string } = {}): Promise<World> {
    const world = await build({ models: [Owned as Model], backends: [homes()], tables, ...options })
    const worker = await world.work()
    await insert(world.store)
    await world.calm()
    await worker.stop()
    await writeFile(join(world.directory, on, 'homes', 'a.org', LETTER), 'private')
    return world
  }

  const home = (world: World, name = 'a.org', server = 'here') =>
    readdir(join(world.directory, server, 'homes', name)).catch(() => undefined)

  async function worked(world: World): Promise<void> {
    await world.work()
    await world.calm()
  }

  it('is another object, which gets nothing of the one before', async () => {
    const world = await lived()
    await world.store.query('delete from site')
    await insert(world.store)
    await worked(world)
    expect(await home(world)).toEqual([])
  })

  it('is another object where somebody looked in between', async () => {
    const world = await lived()
    await world.store.query('delete from site')
    await world.collect()
    await insert(world.store)
    await worked(world)
    expect(await home(world)).toEqual([])
  })

  it('is another object where one transaction gave it away', async () => {
    const world = await lived()
    await world.store.transaction(async (tx) => {
      await tx.query('delete from site')
      await insert(tx)
    })
    await worked(world)
    expect(await home(world)).toEqual([])
  })

  it.each([
    ['its row is changed', `update site set body = 'b'`],
    [
      'a statement takes it away and puts it back',
      `with gone as (delete from site returning *) insert into site select id, domain, 'b', plan, token from gone`,
    ],
    [
      'its row is written over',
      `insert into site values (1, 'a.org', 'b') on conflict (id) do update set body = 'b'`,
    ],
    ['its key is another for a while', `begin; update site set id = 2; update site set id = 1; commit`],
  ])('is the same object where %s', async (_what, statement) => {
    const world = await lived()
    await world.store.query(statement)
    await worked(world)
    expect(await home(world)).toEqual([LETTER])
  })

  it.each(['before anybody looked', 'after somebody looked'])(
    'is the same object where a row that was deleted is restored %s',
    async (when) => {
      const world = await lived()
      await world.store.query('create table saved as select * from site')
      await world.store.query('delete from site')
      if (when === 'after somebody looked') await world.collect()
      await world.store.query('insert into site select * from saved')
      await world.collect()
      await worked(world)
      expect(await home(world)).toEqual([LETTER])
    },
  )

  it('is the same object where nothing tells it from another', async () => {
    const world = await lived({ models: [Site as Model], backends: [domainHomes()] })
    await world.store.query('delete from site')
    await insert(world.store)
    await worked(world)
    expect(await home(world)).toEqual([LETTER])
  })

  it('is another object though its row cannot be read at first', async () => {
    const strict = Owned.schema.extend({ body: z.string().regex(/^(good)?$/) })
    const model = defineModel({ name: 'site', table: 'site', schema: strict, incarnation: 'token' })
    const world = await lived({
      models: [model as Model],
      backends: [domainHomes({ model: model as never })],
    })
    await world.store.query('delete from site')
    await insert(world.store, { body: 'bad' })
    await world.collect()
    await world.store.query(`update site set body = 'good'`)
    await worked(world)
    expect(await home(world)).toEqual([])
  })

  it('is said by the plan, before and after it is looked at', async () => {
    const world = await lived()
    await world.store.query('delete from site')
    await insert(world.store)
    const router = await new CurrentRouter(world.config.backends.values()).get(world.store)
    const context = { store: world.store, config: world.config, route: routeObjects(router) }
    const planned = async () =>
      (await planAll(context, { selector: {}, scripts: true, differences: 0 })).operations.map(
        ({ kind, action }) => `${kind} ${action}`,
      )
    expect(await planned()).toEqual(['replace delete'])
    await world.collect()
    expect(await planned()).toEqual(['replace delete'])
  })

  it('gives the new object another name, and nothing moves there', async () => {
    const world = await lived()
    await world.store.query('delete from site')
    await insert(world.store, { domain: 'b.org' })
    await worked(world)
    expect([await home(world), await home(world, 'b.org')]).toEqual([undefined, []])
  })

  it('waits for the person who protected what stands', async () => {
    const world = await lived()
    const subject = { kind: 'object', model: 'site', key: ['1'], backend: null } as const
    await protect(world.store, subject, { by: 'anna' })
    await world.store.query('delete from site')
    await world.collect()
    await insert(world.store)
    await world.work()
    await untilWithin(20_000, 'it waits', async () => {
      const [row] = await world.store.query<{ kind: string | null }>(
        `select wait ->> 'kind' as kind from orchestra.placement`,
      )
      return row?.kind === 'protection'
    })
    expect(await home(world)).toEqual([LETTER])
    await unprotect(world.store, subject, 'anna')
    await world.calm()
    expect(await home(world)).toEqual([])
  })

  it('is removed and made however often the removal fails', async () => {
    const stuck = homes({
      delete: (script, site) => {
        script.run(sh`exit 3`, { onlyIf: sh`[[ -e stuck ]]` })
        script.absent(`homes/${site.domain}`, { recursive: true })
      },
    })
    const world = await lived({ backends: [stuck] })
    await writeFile(join(world.directory, 'here', 'stuck'), '')
    await world.store.query('delete from site')
    await insert(world.store)
    await world.work()
    await untilWithin(20_000, 'the removal has failed', async () =>
      (await world.operations()).some(({ outcome }) => outcome === 'failure'),
    )
    expect(await home(world)).toEqual([LETTER])
    await rm(join(world.directory, 'here', 'stuck'))
    await world.calm()
    expect(await home(world)).toEqual([])
  })

  it.each(['keep', 'migrate'] as const)(
    'leaves nothing behind where the new object belongs on another server: %s',
    async (onMove) => {
      const transfer = {
        dump: () => sh`tar -C homes -cf - a.org`,
        restore: () => sh`tar -C homes -xf -`,
        switch: () => sh`true`,
      }
      const world = await build({
        models: [Owned as Model],
        tables,
        backends: [homes({ onMove, ...(onMove === 'migrate' ? { transfer } : {}) })],
        servers: [],
      })
      for (const server of ['a', 'b']) {
        await world.addDirectoryServer(server)
        await world.route('homes', server, `site.plan == "${server}"`)
      }
      const worker = await world.work()
      await insert(world.store)
      await world.calm()
      await worker.stop()
      await writeFile(join(world.directory, 'a', 'homes', 'a.org', LETTER), 'private')
      await world.store.query('delete from site')
      await insert(world.store, { plan: 'b' })
      await worked(world)
      expect([await home(world, 'a.org', 'a'), await home(world, 'a.org', 'b')]).toEqual([undefined, []])
    },
  )

  it('is another object where no table holds it, and it was collected as deleted', async () => {
    const schema = z.object({ id: z.number(), name: z.string(), since: z.number() })
    const model = defineModel({ name: 'box', key: 'id', schema, incarnation: 'since' })
    const backend = defineBackend({
      name: 'homes',
      model,
      identity: (box) => box.name,
      save: (script, box) => script.directory(`homes/${box.name}`),
      delete: (script, box) => script.absent(`homes/${box.name}`, { recursive: true }),
    })
    const world = await build({ models: [model as Model], backends: [backend] })
    const save = (since: number) =>
      collect(world.store, { model: 'box', keys: [['1']], payload: { id: 1, name: 'a.org', since } })
    const worker = await world.work()
    await save(1)
    await world.calm()
    await worker.stop()
    await writeFile(join(world.directory, 'here', 'homes', 'a.org', LETTER), 'private')
    await collect(world.store, { model: 'box', keys: [['1']], action: 'delete' })
    await save(2)
    await worked(world)
    expect(await home(world)).toEqual([])
  })
})
