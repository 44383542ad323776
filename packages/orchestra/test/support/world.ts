import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { z } from 'zod'
import { installCapture } from '../../src/capture/index.ts'
import type { Backend, BackendOptions } from '../../src/config/backend.ts'
import { type Config, type ConfigOptions, defineConfig } from '../../src/config/config.ts'
import { addServer } from '../../src/fleet/index.ts'
import type { Crew } from '../../src/generation/index.ts'
import { defineBackend, defineModel, type Model } from '../../src/index.ts'
import { Collector } from '../../src/manager/collector.ts'
import { currentRoutes, Manager, type ManagerOptions } from '../../src/manager/index.ts'
import { addRoute, CurrentRouter, type Route } from '../../src/router/index.ts'
import { sh } from '../../src/script/index.ts'
import type { Store } from '../../src/store/index.ts'
import { untilWithin } from './processes.ts'
import type { OpenStore } from './stores.ts'

export const Site = defineModel({
  name: 'site',
  table: 'site',
  schema: z.object({
    id: z.number().int(),
    domain: z.string().min(1),
    body: z.string(),
    plan: z.string(),
  }),
})

export type SiteRow = z.infer<typeof Site.schema>

export const createSites = `create table site (
  id integer primary key, domain text not null default 'a.org', body text not null default '',
  plan text not null default 'basic')`

type SiteOptions = BackendOptions<typeof Site.schema, never>

const siteOptions: SiteOptions = {
  name: 'files',
  model: Site,
  // Of rows that were given no domain, the number tells them apart.
  identity: ({ id, domain }) => (domain === 'a.org' && id !== 1 ? `${id}.a.org` : domain),
  prepare: (script) => script.directory('sites'),
  save: (script, site) => {
    script.file(`sites/${site.id}`, `${site.domain} ${site.body}`)
    if (site.body === 'fail') script.run(sh`echo no such thing >&2; exit 3`)
  },
  delete: (script, site) => script.absent(`sites/${site.id}`),
  actions: { touch: (script, site) => script.run(sh`echo ${site.id} >>touched`) },
}

/** A file for each site; the body `fail` makes its operation fail. */
export const siteFiles: Backend = defineBackend(siteOptions)

/** The same with something else. */
export function siteFilesWith(other: Partial<SiteOptions>): Backend {
  return defineBackend({ ...siteOptions, ...other })
}

/** Rests are short, so that tests see what comes after them. */
export const quickBackoff = { operation: { base: 200, cap: 1_000 }, server: { base: 200, cap: 1_000 } }

export interface WorldOptions extends Partial<ConfigOptions> {
  /** Names of servers that are directories of this machine, each with a route of every backend; default `here`. */
  servers?: readonly string[]
  /** SQL that makes the application's tables; default those of the sites. */
  tables?: string
}

/** An application with its tables, a configuration, and servers that are directories. */
export class World {
  readonly store: Store
  readonly config: Config
  readonly directory: string
  readonly #managers: Manager[] = []
  errors: unknown[] = []

  constructor(store: Store, config: Config, directory: string) {
    this.store = store
    this.config = config
    this.directory = directory
  }

  /** A worker that is stopped after the test. */
  async work(options: Partial<ManagerOptions> = {}): Promise<Manager> {
    const manager = new Manager({
      store: this.store,
      config: this.config,
      onError: (error) => this.errors.push(error),
      ...options,
    })
    this.#managers.push(manager)
    await manager.start()
    return manager
  }

  route(backend: string, server: string, match = 'true'): Promise<Route> {
    return addRoute(this.store, this.config, { backend, server, match, by: 'test' })
  }

  async addDirectoryServer(name: string): Promise<void> {
    await mkdir(join(this.directory, name))
    await addServer(this.store, { name, method: 'local', directory: join(this.directory, name), by: 'test' })
  }

  /** A collector alone, whose operations nobody runs. */
  /** @param crew who else lives; default nobody */
  collector(crew?: Crew): Collector {
    const router = new CurrentRouter(this.config.backends.values())
    return new Collector({
      store: this.store,
      config: this.config,
      router: () => currentRoutes(router, this.store),
      ...(crew === undefined ? {} : { duties: (db) => crew.look(db) }),
      onError: (error) => this.errors.push(error),
    })
  }

  /** Looks until nothing is left to look at. */
  async collect(collector = this.collector()): Promise<void> {
    while ((await collector.look()).kind === 'collected');
  }

  operations(): Promise<OperationRow[]> {
    return this.store.query<OperationRow>(
      `select id, unit_id, backend, action, object_key, state, outcome, error, attempt, superseded_by, server_id, held
       from orchestra.operation order by id`,
    )
  }

  /** Names and contents of the sites' files on a directory server. */
  async files(server = 'here'): Promise<Record<string, string>> {
    const directory = join(this.directory, server, 'sites')
    const names = await readdir(directory).catch(() => [])
    const files: Record<string, string> = {}
    for (const name of names.filter((one) => !one.startsWith('.'))) {
      // A worker may remove it between the list and the look.
      const content = await readFile(join(directory, name), 'utf8').catch(() => undefined)
      if (content !== undefined) files[name] = content
    }
    return files
  }

  /** The files that the rows ask for. */
  async wanted(): Promise<Record<string, string>> {
    const rows = await this.store.query<{ id: number; domain: string; body: string }>('select * from site')
    return Object.fromEntries(rows.map((row) => [row.id, `${row.domain} ${row.body}`]))
  }

  /** Waits until nothing is to be collected, waits or runs. */
  async calm(within = 20_000): Promise<void> {
    await untilWithin(within, 'everything has ended', async () => (await this.open()) === 0).catch(
      async (error) => {
        const open = (await this.operations()).filter(
          (one) => one.state === 'waiting' || one.state === 'running',
        )
        const places = await this.store.query(
          `select to_jsonb(p) - 'snapshot' - 'rendered' as place from orchestra.placement p
           where open or (model, object_key) in (select model, object_key from orchestra.operation where id = any($1::bigint[]))
           limit 10`,
          [open.map(({ id }) => id)],
        )
        const lanes = await this.store.query('select * from orchestra.lane')
        throw new Error(
          `${error}: ${JSON.stringify({ open: open.slice(0, 10), places, lanes })} ${this.errors.join('; ')}`,
        )
      },
    )
  }

  async open(): Promise<number> {
    const [row] = await this.store.query<{ open: number }>(
      `select (select count(*) from orchestra.change)
         + (select count(*) from orchestra.operation where state in ('waiting', 'running'))
         + (select count(*) from orchestra.log where ended_at is null)
         + (select count(*) from orchestra.sync where ended_at is null)
         + (select count(*) from orchestra.transfer where ended_at is null) as open`,
    )
    return row?.open ?? 0
  }

  /** Ends all workers; what they run has so many milliseconds. */
  async stopWorkers(grace = 1_000): Promise<void> {
    await Promise.all(this.#managers.splice(0).map((manager) => manager.stop({ grace })))
  }

  async close(): Promise<void> {
    await this.stopWorkers()
    await rm(this.directory, { recursive: true, force: true })
  }
}

export interface OperationRow {
  id: number
  unit_id: string
  backend: string | null
  action: string
  object_key: string
  state: string
  outcome: string | null
  error: string | null
  attempt: number
  superseded_by: number | null
  server_id: number | null
  held: boolean
}

/** Makes worlds for the tests of a suite; each is closed after its test, before its store is. */
export function useWorlds(open: OpenStore): (options?: WorldOptions) => Promise<World> {
  const worlds: World[] = []
  afterEach(async () => {
    await Promise.all(worlds.splice(0).map((world) => world.close()))
  })
  return async (options = {}) => {
    const world = await buildWorld(await open(), options)
    worlds.push(world)
    return world
  }
}

export async function buildWorld(store: Store, options: WorldOptions): Promise<World> {
  const { servers = ['here'], tables = createSites, ...rest } = options
  const config = defineConfig({
    models: [Site as Model],
    backends: [siteFiles],
    ...rest,
    worker: { backoff: quickBackoff, ...rest.worker },
  })
  await store.query(tables)
  await installCapture(store, [...config.models.values()])
  const world = new World(store, config, await mkdtemp(join(tmpdir(), 'orchestra-world-')))
  for (const server of servers) {
    await world.addDirectoryServer(server)
    for (const backend of config.backends.keys()) await world.route(backend, server)
  }
  // A new route asks for a comparison; here it could only find what the test itself is about to write.
  await store.query('delete from orchestra.sync')
  return world
}
