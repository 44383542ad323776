import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { installCapture } from '../packages/orchestra/src/capture/index.ts'
import { fingerprint } from '../packages/orchestra/src/methods/index.ts'
import { addRoute } from '../packages/orchestra/src/router/index.ts'
import { addServer, approveKey, recordPresentedKey } from '../packages/orchestra/src/server/index.ts'
import { migrate, openStore, type Store } from '../packages/orchestra/src/store/index.ts'
import type { PostgresServer } from '../packages/orchestra/test/support/postgres.ts'
import type { BenchHost, BenchHosts } from './hosts.ts'
import { config, createTable, page } from './project.ts'

const by = 'bench'
/**
 * Megabytes of objects that V8 may keep in a worker. Without a bound it puts off collecting garbage for as long as the machine has
 * memory, and what is measured is the machine's.
 */
export const WORKER_HEAP = 192

/** What all benchmarks share: a database server, and hosts once somebody needs them. */
export interface Machines {
  postgres: PostgresServer
  hosts(): Promise<BenchHosts>
}

/** Bytes of memory that the worker has, and had at most since the last question. */
export interface Memory {
  now: number
  peak: number
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

/** Sets up everything anew, so that no benchmark meets what another left. */
export async function openStage(machines: Machines): Promise<Stage> {
  const hosts = await (await machines.hosts()).renewed()
  const databaseUrl = await machines.postgres.database()
  const directory = await mkdtemp(join(tmpdir(), 'orchestra-bench-'))
  const store = await openStore({ databaseUrl, directory })
  await migrate(store)
  await store.query(createTable)
  await installCapture(store, [page])
  for (const host of hosts) await register(store, host)
  const listener = await listen(databaseUrl)
  const worker = await startWorker(databaseUrl, directory)
  return {
    store,
    databaseUrl,
    hosts,
    recorded: () => nextNotification(listener),
    workerMemory: () => ask(worker, 'memory') as Promise<Memory>,
    close: async () => {
      await stopWorker(worker)
      await listener.end()
      await store.close()
      await rm(directory, { recursive: true, force: true })
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

async function startWorker(databaseUrl: string, directory: string): Promise<ChildProcess> {
  const program = new URL('worker.ts', import.meta.url).pathname
  const worker = fork(program, [databaseUrl, directory], {
    execArgv: [`--max-old-space-size=${WORKER_HEAP}`],
  })
  const early = once(worker, 'exit').then(() => Promise.reject(new Error('The worker did not start')))
  await Promise.race([once(worker, 'message'), early])
  early.catch(() => undefined)
  return worker
}

async function ask(worker: ChildProcess, question: string): Promise<unknown> {
  const answered = once(worker, 'message')
  worker.send(question)
  const [answer] = await answered
  return answer
}

async function stopWorker(worker: ChildProcess): Promise<void> {
  const ended = once(worker, 'exit')
  worker.send('stop')
  await ended
}
