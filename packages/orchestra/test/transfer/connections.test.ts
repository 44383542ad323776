import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrate, openStore, type Store } from '../../src/store/index.ts'
import { listTransfers } from '../../src/transfer/index.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { untilWithin } from '../support/processes.ts'
import { addSshServer } from '../support/ssh-servers.ts'
import { describeSshd, type Sshd, startSshd } from '../support/sshd.ts'
import { testKey } from '../support/stores.ts'
import { buildWorld, type World } from '../support/world.ts'
import { dataConfig, dataOn, dataSites, notesOn, routeByPlan, writeData } from './data-sites.ts'

const until = (what: string, holds: () => boolean | Promise<boolean>) => untilWithin(40_000, what, holds)
const megabyte = 1024 * 1024
const data = { '1/small': 'small', '1/large': 'x'.repeat(30 * megabyte) }

describeSshd('data that moves over connections that break', () => {
  let postgres: PostgresServer
  let sshd: Sshd
  let store: Store
  let world: World
  const proxies = new Map<string, FaultProxy>()

  beforeAll(async () => {
    postgres = await startPostgres()
    sshd = await startSshd()
    const databaseUrl = await postgres.database()
    store = await openStore({ databaseUrl, directory: sshd.directory, key: testKey })
    await migrate(store)
    world = await buildWorld(store, { servers: [], backends: [dataSites], worker: dataConfig.worker })
    for (const name of ['old', 'new']) {
      const proxy = await startFaultProxy(sshd.port)
      proxies.set(name, proxy)
      await addSshServer(world, sshd, name, proxy.port)
    }
    await routeByPlan(world)
    await world.work()
  }, 60_000)

  afterAll(async () => {
    await world?.close()
    await store?.close()
    for (const proxy of proxies.values()) await proxy.stop()
    await sshd?.stop()
    await postgres?.stop()
  })

  for (const [name, direction] of [
    ['old', 'output'],
    ['new', 'input'],
  ] as const)
    it(`arrives whole after the ${direction} of the ${name} server was cut in the middle`, async () => {
      await store.query(`delete from site`)
      await world.calm()
      await store.query(`insert into site (id) values (1)`)
      await world.calm()
      await writeData(world, 'old', data)
      await writeFile(join(world.directory, 'new', 'hold-restore'), '')
      await writeFile(join(world.directory, 'new', 'notes'), '')
      await store.query(`update site set plan = 'premium'`)
      await until('it begins', async () => (await notesOn(world, 'new')).includes('restore'))
      proxies.get(name)?.set({ kind: 'cut', direction, after: 10 * megabyte })
      await rm(join(world.directory, 'new', 'hold-restore'))
      await until('it failed', async () => typeof (await listTransfers(store))[0]?.error === 'string')
      const [broken] = await listTransfers(store)
      expect(broken).toMatchObject({ step: 'copy', error: expect.stringContaining('connection') })
      expect(await notesOn(world, 'new')).not.toContain('switch')
      proxies.get(name)?.set({ kind: 'none' })
      await until('it has arrived', async () => (await listTransfers(store)).length === 0)
      await world.calm()
      expect(await dataOn(world, 'new')).toEqual(data)
      expect(await dataOn(world, 'old')).toEqual({})
    }, 90_000)
})
