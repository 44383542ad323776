import { once } from 'node:events'
import pg from 'pg'
import { addServer } from '../packages/orchestra/src/fleet/index.ts'
import { fingerprint } from '../packages/orchestra/src/methods/index.ts'
import { addRoute } from '../packages/orchestra/src/router/index.ts'
import { approveKey, recordPresentedKey } from '../packages/orchestra/src/server/index.ts'
import type { Store } from '../packages/orchestra/src/store/index.ts'
import type { PostgresServer } from '../packages/orchestra/test/support/postgres.ts'
import { openApplication } from './application.ts'
import type { BenchHost, BenchHosts } from './hosts.ts'
import { config } from './project.ts'
import { type Memory, startWorker } from './worker-process.ts'

const by = 'bench'

/** What all benchmarks share: a database server, and hosts once somebody needs them. */
export interface Machines {
  postgres: PostgresServer
  hosts(): Promise<BenchHosts>
}

/** A database with the application's table, hosts with routes to them, and a worker that runs. */
export interface Stage {
  store: Store
  databaseUrl: string
  hosts: readonly BenchHost[]
  /** Resolves at the next record of outcomes with the time it came at. */
  recorded(): Promise<number>
  workerMemory(): Promise<Memory>
  close(): Promise<void>
}

/** How the worker gets to a database: as its URL says, or by another. */
export type Way = (databaseUrl: string) => string | Promise<string>

/** Sets up everything anew, so that no benchmark meets what another left. */
export async function openStage(
  machines: Machines,
  way: Way = (url) => url,
  arrange: (hosts: readonly BenchHost[]) => Promise<readonly BenchHost[]> = async (hosts) => hosts,
): Promise<Stage> {
  const hosts = await arrange(await (await machines.hosts()).renewed())
  const application = await openApplication(machines.postgres)
  const { store, databaseUrl, directory } = application
  for (const host of hosts) await register(store, host)
  const listener = await listen(databaseUrl)
  const worker = await startWorker(await way(databaseUrl), directory)
  return {
    store,
    databaseUrl,
    hosts,
    recorded: () => nextNotification(listener),
    workerMemory: () => worker.memory(),
    close: async () => {
      await worker.stop()
      await listener.end()
      await application.close()
    },
  }
}

async function register(store: Store, { target }: BenchHost): Promise<void> {
  const { name, host, port, user, hostKey, identityFile, directory } = target
  const files = { identityFile: identityFile ?? '', directory: directory ?? '' }
  const server = await addServer(store, { name, host, port, user, ...files, by })
  await recordPresentedKey(store, server.id, hostKey ?? '')
  await approveKey(store, name, fingerprint(hostKey ?? ''), { by })
  await addRoute(store, config, { backend: 'pages', server: name, match: `page.host == "${name}"`, by })
}

async function listen(databaseUrl: string): Promise<pg.Client> {
  const listener = new pg.Client({ connectionString: databaseUrl })
  await listener.connect()
  await listener.query('listen orchestra_settled')
  return listener
}

async function nextNotification(listener: pg.Client): Promise<number> {
  await once(listener, 'notification')
  return performance.now()
}
