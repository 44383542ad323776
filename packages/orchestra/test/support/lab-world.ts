import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Lab, type LabHost, type LabOptions, startLab } from '../../../../lab/index.ts'
import { addServer } from '../../src/fleet/index.ts'
import { fingerprint } from '../../src/methods/index.ts'
import { approveKey, recordPresentedKey } from '../../src/server/index.ts'
import { migrate, openStore, type Store } from '../../src/store/index.ts'
import { startPostgres } from './postgres.ts'
import { testKey } from './stores.ts'
import { buildWorld, type World, type WorldOptions } from './world.ts'

/** A world whose servers are hosts of the lab, registered and approved, without routes and workers yet. */
export interface LabWorld {
  lab: Lab
  store: Store
  world: World
  close(): Promise<void>
}

export async function startLabWorld(
  hosts: LabOptions,
  options: Omit<WorldOptions, 'servers'> | ((lab: Lab) => Omit<WorldOptions, 'servers'>),
): Promise<LabWorld> {
  await using opened = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'orchestra-lab-world-'))
  opened.defer(() => rm(directory, { recursive: true, force: true }))
  const lab = opened.adopt(await startLab(hosts), (one) => one.stop())
  const given = typeof options === 'function' ? options(lab) : options
  const postgres = opened.adopt(await startPostgres(), (one) => one.stop())
  const databaseUrl = await postgres.database()
  const store = opened.adopt(await openStore({ databaseUrl, directory, key: testKey }), (one) => one.close())
  await migrate(store)
  const world = opened.adopt(await buildWorld(store, { ...given, servers: [] }), (one) => one.close())
  for (const host of lab.hosts) await register(store, lab, host)
  const closing = opened.move()
  return { lab, store, world, close: () => closing.disposeAsync() }
}

async function register(store: Store, lab: Lab, { name, address, hostKey }: LabHost): Promise<void> {
  const by = 'test'
  const server = await addServer(store, { name, host: address, identityFile: lab.clientKeyPath, by })
  await recordPresentedKey(store, server.id, hostKey)
  await approveKey(store, name, fingerprint(hostKey), { by })
}
