import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { captureStatus, installCapture } from '../../src/capture/index.ts'
import { defineConfig, type Model } from '../../src/index.ts'
import { Manager } from '../../src/manager/index.ts'
import { migrate, openStore, type Store } from '../../src/store/index.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { describeStores, testKey } from '../support/stores.ts'
import { createSites, Site, siteFiles } from '../support/world.ts'

const WORKERS = 8
/** Whether two meet in the middle of it is chance. */
const ROUNDS = 2

const config = defineConfig({ models: [Site as Model], backends: [siteFiles] })

describeStores('workers that start at once on a database that has nothing of theirs', (open, kind) => {
  let directory: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'orchestra-starting-'))
  })

  afterAll(() => rm(directory, { recursive: true, force: true }))

  /** All that `orchestra up` does, by as many as there are stores; what failed, or was reported. */
  async function startAll(stores: readonly Store[]): Promise<string[]> {
    const errors: unknown[] = []
    const managers = stores.map(
      (store) => new Manager({ store, config, onError: (error) => errors.push(error) }),
    )
    const started = await Promise.allSettled(
      stores.map(async (store, index) => {
        await migrate(store)
        await installCapture(store, [Site])
        await managers[index]?.start()
      }),
    )
    await Promise.all(managers.map((manager) => manager.stop()))
    return [...started.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])), ...errors].map(
      String,
    )
  }

  async function emptied(): Promise<Store> {
    const store = await open()
    await store.query('drop schema orchestra cascade')
    await store.query(createSites)
    return store
  }

  async function expectWhole(store: Store): Promise<void> {
    expect((await captureStatus(store, [Site])).filter(({ state }) => state !== 'ok')).toEqual([])
    const schedules = await store.query('select name from orchestra_boss.schedule order by 1')
    expect(schedules.map(({ name }) => name)).toContain('orchestra-compare')
  }

  async function several(databaseUrl: string): Promise<Store[]> {
    const stores = Array.from({ length: WORKERS }, () =>
      openStore({ databaseUrl, directory, key: testKey, connections: 3 }),
    )
    return Promise.all(stores)
  }

  it('all start', async () => {
    for (let round = 0; round < (kind === 'postgres' ? ROUNDS : 1); round++) {
      const store = await emptied()
      const stores = kind === 'postgres' ? await several(store.databaseUrl) : Array(WORKERS).fill(store)
      const errors = await startAll(stores)
      expect(errors).toEqual([])
      await expectWhole(store)
      if (kind === 'postgres') await Promise.all(stores.map((one) => one.close()))
    }
  }, 120_000)

  if (kind === 'postgres')
    it('all start behind a pooler of transactions', async () => {
      const store = await emptied()
      const bouncer = await startPgBouncer(store.databaseUrl, { poolSize: 12 })
      const stores = await several(bouncer.url)
      const errors = await startAll(stores)
      await Promise.all(stores.map((one) => one.close()))
      await bouncer.stop()
      expect(errors).toEqual([])
      await expectWhole(store)
    }, 120_000)
})
