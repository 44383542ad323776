import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { captureStanding, installCapture } from '../../src/capture/index.ts'
import { unknownLine, workerLines } from '../../src/cli/status.ts'
import { type Config, type ConfigOptions, defineConfig } from '../../src/config/config.ts'
import { checkWork } from '../../src/doctor/work.ts'
import { allDuties } from '../../src/generation/index.ts'
import { defineBackend, defineModel, type Model } from '../../src/index.ts'
import { Manager } from '../../src/manager/index.ts'
import { objectStatus, readStatus } from '../../src/placements/index.ts'
import { requestSync } from '../../src/request/request.ts'
import { sh } from '../../src/script/index.ts'
import { assertMigrated, migrate, schemaVersion } from '../../src/store/index.ts'
import { comparingSync } from '../../src/sync/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import {
  createSites,
  quickBackoff,
  Site,
  siteFiles,
  siteFilesWith,
  useWorlds,
  type World,
} from '../support/world.ts'

const Box = defineModel({
  name: 'box',
  table: 'box',
  schema: z.object({ id: z.number().int(), size: z.number().int() }),
})

const boxFiles = defineBackend({
  name: 'boxes',
  model: Box,
  prepare: (script) => script.directory('boxes'),
  save: (script, box) => script.file(`boxes/${box.id}`, `${box.size}`),
  delete: (script, box) => script.absent(`boxes/${box.id}`),
})

/** Of sites too, in a directory of its own. */
const siteNotes = siteFilesWith({
  name: 'notes',
  prepare: (script) => script.directory('notes'),
  save: (script, site) => script.file(`notes/${site.id}`, site.body),
  delete: (script, site) => script.absent(`notes/${site.id}`),
})

const tables = `${createSites}; create table box (id integer primary key, size integer not null default 1)`
const wide = { models: [Site as Model, Box as Model], backends: [siteFiles, siteNotes, boxFiles] }

function configOf(options: Pick<ConfigOptions, 'models' | 'backends' | 'schedules'>): Config {
  return defineConfig({ ...options, worker: { backoff: quickBackoff } })
}

const narrow = configOf({ models: [Site as Model], backends: [siteFiles] })

async function notesOf(world: World): Promise<string[]> {
  const names = await readdir(join(world.directory, 'here/notes'))
  return names.filter((name) => !name.startsWith('.'))
}

/** A sweep looks once a second: two of them have looked at everything. */
async function sweepsOf(world: World, manager: Manager): Promise<void> {
  const seen = () =>
    world.store.query<{ at: string }>('select seen_at::text as at from orchestra.worker where id = $1', [
      manager.id,
    ])
  const [first] = await seen()
  await untilWithin(10_000, 'the worker has renewed its lease', async () => {
    const [now] = await seen()
    return now !== undefined && now.at !== first?.at
  })
}

describeStores('workers of two configurations', (open, kind) => {
  const build = useWorlds(open)

  it('leave operations of a backend that they do not know to a worker that does', async () => {
    const world = await build({ ...wide, tables })
    await world.store.query(`insert into site (id, body) values (1, 'one')`)
    await world.collect()
    const narrowWorker = await world.work({ config: narrow })
    await sweepsOf(world, narrowWorker)
    const before = await world.operations()
    expect(before.map(({ backend, state, attempt, error }) => ({ backend, state, attempt, error }))).toEqual([
      { backend: 'files', state: 'done', attempt: 1, error: null },
      { backend: 'notes', state: 'waiting', attempt: 0, error: null },
    ])
    const { unknown, failing } = await readStatus(world.store)
    expect(failing).toEqual([])
    expect(unknown).toEqual([{ what: 'backend', name: 'notes', count: 1, last: null }])
    expect(unknown.map(unknownLine)).toEqual([
      '1 operation waits for a worker whose configuration has backend "notes"',
    ])
    const loaded = { config: narrow, path: 'orchestra.config.ts' }
    const found = await checkWork({ store: world.store, loaded })
    expect(found.map(({ message }) => message)).toEqual([
      'work waits for a worker whose configuration has backend "notes"',
    ])
    await world.work()
    await world.calm()
    expect((await world.operations()).map(({ state, attempt }) => ({ state, attempt }))).toEqual([
      { state: 'done', attempt: 1 },
      { state: 'done', attempt: 1 },
    ])
  })

  it('leave changes of a model that they do not know, and hold up no others', async () => {
    const world = await build({ ...wide, tables })
    await world.store.query('insert into box (id) values (1)')
    await world.store.query(`insert into site (id, body) values (1, 'one')`)
    const narrowWorker = await world.work({ config: narrow })
    await sweepsOf(world, narrowWorker)
    expect(await world.files()).toEqual(await world.wanted())
    expect((await world.operations()).map(({ backend }) => backend)).toEqual(['files'])
    expect(await world.store.query('select model, attempt, error from orchestra.change')).toEqual([
      { model: 'box', attempt: 0, error: null },
    ])
    expect((await readStatus(world.store)).unknown).toMatchObject([{ what: 'model', name: 'box', count: 1 }])
    await world.work()
    await world.calm()
    expect(await readdir(join(world.directory, 'here/boxes'))).toContain('1')
  })

  it('keep the triggers of those that live', async () => {
    const world = await build({ ...wide, tables })
    const all = await captureStanding(world.store)
    const worker = await world.work()
    const other = new Manager({ store: world.store, config: narrow })
    await other.start()
    await installCapture(world.store, [...narrow.models.values()])
    expect((await captureStanding(world.store)).toSorted()).toEqual(all.toSorted())
    await worker.stop()
    await installCapture(world.store, [...narrow.models.values()])
    expect((await captureStanding(world.store)).filter((one) => one.includes('box'))).toEqual([])
    await other.stop()
  })

  it('say who had what they wait for, and what to do', async () => {
    const world = await build({ ...wide, tables })
    const worker = await world.work()
    await worker.stop()
    await world.store.query(`insert into site (id) values (1)`)
    await world.collect()
    await sweepsOf(world, await world.work({ config: narrow }))
    const { places } = await objectStatus(world.store, 'site', ['1'])
    const waits = places.flatMap(({ pending }) => pending.flatMap(({ waitsFor }) => waitsFor ?? []))
    expect(waits).toMatchObject([{ kind: 'configuration' }])
    expect(waits[0]?.text).toMatch(
      /^it waits for a worker whose configuration has backend "notes" \(last known by host .+, generation 1\): define it again/,
    )
  })

  it('decide a change together, each for its own backends', async () => {
    const world = await build({ ...wide, tables })
    await world.work({ config: configOf({ models: [Site as Model], backends: [siteNotes] }) })
    await world.work({ config: narrow })
    await world.store.query(`insert into site (id, body) values (1, 'one')`)
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
    expect(await notesOf(world)).toEqual(['1'])
    await world.store.query('delete from site')
    await world.calm()
    expect([await world.files(), await notesOf(world)]).toEqual([{}, []])
    expect((await world.operations()).map(({ attempt, state }) => `${attempt} ${state}`)).toEqual(
      Array(4).fill('1 done'),
    )
  })

  if (kind === 'postgres')
    it('give each other a turn on a server that has work for one of them all the time', async () => {
      const slow = siteFilesWith({
        prepare: (script) => {
          script.directory('sites')
          script.run(sh`sleep 0.3`)
        },
      })
      const world = await build({ ...wide, tables })
      await world.work({ config: configOf({ models: [Site as Model], backends: [slow] }) })
      const storm = new AbortController()
      const stream = async (id: number) => {
        while (!storm.signal.aborted) {
          await world.store.query(
            `insert into site (id, body) values ($1, '') on conflict (id) do update set body = site.body || 'x'`,
            [id],
          )
          await sleep(100)
        }
      }
      const streaming = stream(1)
      await world.work({ config: configOf({ models: [Box as Model], backends: [boxFiles] }) })
      for (let id = 1; id <= 2; id++) {
        await world.store.query('insert into box (id) values ($1)', [id])
        await untilWithin(10_000, `box ${id} stands`, async () => {
          const standing = await world.store.query(
            `select from orchestra.placement where model = 'box' and object_key = $1 and state = 'applied'`,
            [String(id)],
          )
          return standing.length > 0
        })
      }
      storm.abort()
      await streaming
      await world.calm()
      expect(await world.files()).toEqual(await world.wanted())
    })

  it('compare what they decided without a backend as soon as a worker has it', async () => {
    const world = await build({ ...wide, tables })
    await world.work({ config: narrow })
    await world.store.query(`insert into site (id, body) values (1, 'one')`)
    await world.calm()
    await world.work({ config: configOf({ models: [Site as Model], backends: [siteNotes] }) })
    await world.calm()
    expect(await notesOf(world)).toEqual(['1'])
  })

  it('leave what one has that is about to join, and end what nobody has', async () => {
    const world = await build({ ...wide, tables })
    const asked = [{ backend: 'notes' }, { model: 'box' }]
    for (const of of asked)
      await requestSync(world.store, { ...of, mode: 'sync', inspects: false, actor: null, source: 'test' })
    expect(await comparingSync(world.store, allDuties(narrow))).toBeUndefined()
    expect(await comparingSync(world.store, allDuties(world.config))).toMatchObject({ backend: 'notes' })
    await world.store.query(`update orchestra.sync set created_at = created_at - interval '2 minutes'`)
    expect(await comparingSync(world.store, allDuties(narrow))).toMatchObject({ backend: 'notes' })
  })

  it('compare everything together, and look at servers for what each has', async () => {
    const world = await build({ ...wide, tables })
    await world.work({ config: configOf({ models: [Site as Model], backends: [siteNotes] }) })
    await world.work({ config: narrow })
    await world.store.query(`insert into site (id, body) values (1, 'one')`)
    await world.calm()
    await world.store.query('delete from orchestra.sync')
    await rm(join(world.directory, 'here/notes/1'))
    await rm(join(world.directory, 'here/sites/1'))
    await requestSync(world.store, { mode: 'sync', actor: null, source: 'test' })
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
    expect(await notesOf(world)).toEqual(['1'])
    const syncs = await world.store.query('select backend, state, error from orchestra.sync order by id')
    expect(syncs).toEqual([
      { backend: null, state: 'done', error: null },
      { backend: 'notes', state: 'done', error: null },
    ])
  })
})

/** Two releases of one backend, of which only the release's name says that they are two. */
function release(name: string, word: string): Config {
  const backend = siteFilesWith({
    save: (script, site) => script.file(`sites/${site.id}`, `${word} ${site.body}`),
  })
  return defineConfig({
    models: [Site as Model],
    backends: [backend],
    release: name,
    worker: { backoff: quickBackoff },
  })
}

async function staleKeys({ store }: World): Promise<string[]> {
  const rows = await store.query<{ key: string }>(
    'select object_key as key from orchestra.placement where stale',
  )
  return rows.map(({ key }) => key)
}

describeStores('workers of two releases', (open, kind) => {
  const build = useWorlds(open)

  it('render by the newer one, also when the older one starts again', async () => {
    const world = await build()
    const [old, fresh] = [release('1', 'old'), release('2', 'new')]
    const first = await world.work({ config: old })
    await world.store.query(`insert into site (id, body) values (1, 'a')`)
    await world.calm()
    const second = await world.work({ config: fresh })
    await first.stop()
    await world.work({ config: old })
    await world.store.query(`insert into site (id, body) values (2, 'b')`)
    await world.calm()
    expect(await world.files()).toEqual({ 1: 'old a', 2: 'new b' })
    const stale = () => world.store.query('select object_key from orchestra.placement where stale')
    await untilWithin(
      5_000,
      'the newer one has marked what the older one made',
      async () => (await stale()).length > 0,
    )
    expect(await stale()).toEqual([{ object_key: '1' }])
    const { workers } = await readStatus(world.store)
    expect(workers.map(({ generation }) => generation)).toEqual([2, 1])
    expect(workerLines(workers)).toEqual([
      expect.stringMatching(/^process \d+ on .+ has configuration 1 and leaves to 2 what that has too$/),
    ])
    await second.stop()
    await world.store.query(`insert into site (id, body) values (3, 'c')`)
    await world.calm()
    expect((await world.files())[3]).toBe('old c')
  })

  it('mark by what the newer one renders, also where it was silent for a while', async () => {
    const world = await build()
    const worker = await world.work({ config: release('1', 'old') })
    await world.store.query(`insert into site (id, body) values (1, 'a')`)
    await world.calm()
    await sweepsOf(world, worker)
    await world.store.query(`update orchestra.worker set seen_at = seen_at - interval '1 minute'`)
    await world.store.query('update orchestra.placement set stale = true')
    await untilWithin(10_000, 'it has judged once more', async () => (await staleKeys(world)).length === 0)
  })

  if (kind === 'postgres')
    it('mark by what the newer one renders, also while the older one is at it', async () => {
      const world = await build()
      const [old, fresh] = [release('1', 'old'), release('2', 'new')]
      await (await world.work({ config: old })).stop()
      const first = await world.work({ config: fresh })
      await world.store.query(`insert into site (id, body) values (1, 'a')`)
      await world.calm()
      await first.stop()
      await world.store.query(`create table mark (id serial, stale boolean);
        create function note_mark() returns trigger language plpgsql as $$
          begin insert into mark (stale) values (new.stale); return null; end $$;
        create trigger note_mark after update of stale on orchestra.placement for each row execute function note_mark()`)
      const writer = await world.store.pool.connect()
      await writer.query('begin; lock table orchestra.placement in exclusive mode')
      await world.work({ config: old })
      await untilWithin(10_000, 'the older one has found what it renders otherwise', async () => {
        const waiting = await world.store.query(
          `select from pg_locks where relation = 'orchestra.placement'::regclass and not granted`,
        )
        return waiting.length > 0
      })
      await sweepsOf(world, await world.work({ config: fresh }))
      await writer.query('commit')
      writer.release()
      await untilWithin(5_000, 'the newer one has the last word', async () => {
        const marks = await world.store.query<{ stale: boolean }>('select stale from mark order by id')
        return marks.map(({ stale }) => stale).join() === 'true,false'
      })
    })

  it('go by the schedules of the newer one', async () => {
    const world = await build()
    const scheduled = (name: string) =>
      configOf({
        models: [Site as Model],
        backends: [siteFiles],
        schedules: [{ name, cron: '0 4 * * *', does: 'sync' }],
      })
    const names = async () => {
      const rows = await world.store.query<{ name: string }>(
        'select name from orchestra_boss.schedule order by 1',
      )
      return rows.flatMap(({ name }) => (name.startsWith('orchestra-schedule-') ? name.slice(19) : []))
    }
    const old = scheduled('old')
    const first = await world.work({ config: old })
    const second = await world.work({ config: scheduled('new') })
    await first.stop()
    expect(await names()).toEqual(['new'])
    await world.work({ config: old })
    expect(await names()).toEqual(['new'])
    await second.stop()
    await untilWithin(5_000, 'the older one asks for its own', async () => (await names()).join() === 'old')
  })

  it('go on under a newer schema that says that they may, and stop under one that does not', async () => {
    const world = await build()
    const { store } = world
    const worker = await world.work()
    const note = (version: number, older: string) =>
      store.query('insert into orchestra.migration (version, older) values ($1, $2)', [version, older])
    await note(schemaVersion + 1, 'go on')
    await assertMigrated(store)
    expect(await migrate(store)).toEqual([])
    await sweepsOf(world, worker)
    await store.query(`insert into site (id, body) values (1, 'one')`)
    await world.calm()
    await note(schemaVersion + 2, 'stop')
    await untilWithin(10_000, 'it says that it stopped', async () => {
      const { workers } = await readStatus(store)
      return workers.some(({ halted }) => halted?.includes('newer') === true)
    })
    expect(workerLines((await readStatus(store)).workers)).toEqual([
      expect.stringMatching(/^process \d+ on .+ takes nothing any more: The database is at schema version/),
    ])
    await store.query(`insert into site (id, body) values (2, 'two')`)
    await sweepsOf(world, worker)
    expect(await world.open()).toBe(1)
    expect(world.errors.map(String)).toEqual([expect.stringContaining('newer than this Orchestra')])
    await expect(assertMigrated(store)).rejects.toMatchObject({ code: 'ORC_STORE_OUTDATED' })
  })
})
