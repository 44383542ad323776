import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { captureStanding, installCapture } from '../../src/capture/index.ts'
import { type Config, type ConfigOptions, defineConfig } from '../../src/config/config.ts'
import { defineBackend, defineModel, type Model } from '../../src/index.ts'
import { Manager } from '../../src/manager/index.ts'
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

describeStores('workers of two configurations', (open) => {
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
})
