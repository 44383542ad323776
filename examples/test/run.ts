import { readFileSync } from 'node:fs'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Config, type Manager, Orchestra, type Store } from 'orchestrajs'
import pg from 'pg'
import { addServer } from '../../packages/orchestra/src/fleet/index.ts'
import { addRoute } from '../../packages/orchestra/src/router/index.ts'
import { openStore } from '../../packages/orchestra/src/store/index.ts'

const by = 'the test'

export interface Example {
  config: Config
  tables: string
  method?: 'local' | 'function'
}

/** One embedded database for all examples, because starting it takes seconds. */
export interface Base {
  directory: string
  store: Store
  close(): Promise<void>
}

export async function openBase(): Promise<Base> {
  const directory = await scratchDirectory()
  const store = await openStore({ directory })
  const close = async () => {
    await store.close()
    await rm(directory, { recursive: true, force: true })
  }
  return { directory, store, close }
}

async function scratchDirectory(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), 'orchestra-example-')))
}

/** An example at work: its tables exist, and all its objects are routed to one server. */
export class RunningExample implements AsyncDisposable {
  readonly orchestra: Orchestra
  /** The application's own connections. */
  readonly pool: pg.Pool
  /** Where the server's scripts run. */
  readonly directory: string
  readonly #worker: Manager

  private constructor(orchestra: Orchestra, pool: pg.Pool, directory: string, worker: Manager) {
    this.orchestra = orchestra
    this.pool = pool
    this.directory = directory
    this.#worker = worker
  }

  /** Starts an example over the emptied database of `base`. */
  static async start(base: Base, { config, tables, method = 'local' }: Example): Promise<RunningExample> {
    await base.store.query(emptyDatabase)
    await base.store.query(tables)
    const directory = await scratchDirectory()
    const orchestra = await Orchestra.open(config, { databaseUrl: undefined, directory: base.directory })
    await orchestra.install()
    await addServer(orchestra.store, { name: 'here', method, directory, by })
    for (const backend of config.backends.keys())
      await addRoute(orchestra.store, config, { backend, server: 'here', by })
    const worker = orchestra.worker()
    await worker.start()
    const pool = new pg.Pool({ connectionString: orchestra.store.databaseUrl })
    return new RunningExample(orchestra, pool, directory, worker)
  }

  /** Commits, and waits until everything that came of it has ended or failed; answers the outcomes by object. */
  async commit(text: string): Promise<Record<string, string | null>> {
    const { operations } = await this.orchestra.unitOfWork(async (unit) => {
      await this.orchestra.pool(this.pool).query(text)
      return unit.settled({ timeout: 20_000 })
    })
    return Object.fromEntries(
      operations.map(({ action, object, outcome }) => [`${action} ${object}`, outcome]),
    )
  }

  read(path: string): string {
    return readFileSync(join(this.directory, path), 'utf8')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.stop({ grace: 1_000 })
    await this.pool.end()
    await this.orchestra.close()
    await rm(this.directory, { recursive: true, force: true })
  }
}

/** Polls until a condition holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`still waiting for ${holds}`)
    await sleep(20)
  }
}

const emptyDatabase = `
do $$
declare
  name text;
begin
  for name in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
    execute format('drop schema %I cascade', name);
  end loop;
  create schema public;
end
$$`
