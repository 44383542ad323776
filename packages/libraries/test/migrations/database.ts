import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineBackend, defineConfig, defineModel, Orchestra } from 'orchestrajs'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { checkCapture, checkMigrations } from '../../../orchestra/src/doctor/store.ts'
import { type PostgresServer, startPostgres } from '../../../orchestra/test/support/postgres.ts'
import { testKey } from '../../../orchestra/test/support/stores.ts'

/** A site is its row and its aliases. */
const Site = defineModel({
  name: 'site',
  table: 'site',
  schema: z.object({ id: z.int() }),
  related: [{ table: 'site_alias', references: { site_id: 'id' } }],
})
const pages = defineBackend({ name: 'pages', model: Site, save: () => undefined, delete: () => undefined })
const config = defineConfig({ models: [Site], backends: [pages] })

/** The tables as they are before a tool changes them. */
export const tables = `
create table site (id serial primary key, domain text not null);
create table site_alias (
  id serial primary key, site_id integer not null references site on delete cascade, domain text not null
)`

/** What stands of Orchestra in a database: how many tables are gone, and how many triggers each watched table has. */
export interface Standing {
  schema: 'whole' | 'some tables are gone' | 'no table is left'
  wakeups: Standing['schema']
  triggers: Record<string, number>
}

export const untouched: Standing = {
  schema: 'whole',
  wakeups: 'whole',
  triggers: { site: 4, site_alias: 4 },
}

/** Makes databases for the tests of a file: with the application's tables, under capture, after a worker has run. */
export function useDatabases(): () => Promise<Database> {
  let server: PostgresServer | undefined
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server?.stop())
  return async () => {
    if (server === undefined) throw new Error('databases can be opened in tests only')
    const database = await Database.open(await server.database())
    onTestFinished(() => database.close())
    return database
  }
}

export class Database {
  readonly url: string
  readonly orchestra: Orchestra
  readonly directory: string
  #relations: string[] = []

  private constructor(url: string, orchestra: Orchestra, directory: string) {
    this.url = url
    this.orchestra = orchestra
    this.directory = directory
  }

  static async open(url: string): Promise<Database> {
    const directory = mkdtempSync(join(tmpdir(), 'orchestra-migrations-'))
    const orchestra = await Orchestra.open(config, { databaseUrl: url, directory, key: testKey })
    const database = new Database(url, orchestra, directory)
    await database.query(tables)
    await orchestra.install()
    const worker = orchestra.worker()
    await worker.start()
    await worker.stop()
    database.#relations = await database.#relationsOfOrchestra()
    return database
  }

  query<Row>(text: string): Promise<Row[]> {
    return this.orchestra.store.query<Row>(text)
  }

  async standing(): Promise<Standing> {
    const left = await this.#relationsOfOrchestra()
    const triggers = await this.query<{ table: string; count: number }>(
      `select tgrelid::regclass::text as table, count(*)::int as count from pg_trigger join pg_class c on c.oid = tgrelid
       where not tgisinternal and c.relnamespace is distinct from to_regnamespace('orchestra') group by 1 order by 1`,
    )
    return {
      schema: stateOf('orchestra.', this.#relations, left),
      wakeups: stateOf('orchestra_boss.', this.#relations, left),
      triggers: Object.fromEntries(triggers.map(({ table, count }) => [table, count])),
    }
  }

  /** What `orchestra doctor` has to say of the schema and the triggers. */
  async complaints(): Promise<string[]> {
    const { store } = this.orchestra
    const findings = [
      await checkMigrations(store),
      ...(await checkCapture({ store, loaded: { config, path: '' } })),
    ]
    return findings.filter(({ state }) => state === 'problem').map(({ message }) => message)
  }

  /** The tool has left everything that is Orchestra's, and what is written is captured. */
  async expectUntouched(insert = insertSite): Promise<void> {
    expect(await this.standing()).toEqual(untouched)
    expect(await this.complaints()).toEqual([])
    const before = await this.#captured()
    await this.query(insert)
    expect(await this.#captured()).toBe(before + 1)
    expect((await this.orchestra.install()).installed).toEqual([])
  }

  /** The tool took triggers away: `doctor` says so, writes go on, the next look installs them and has the sites compared. */
  async expectHealed(triggers: Standing['triggers'], insert = insertSite): Promise<void> {
    expect(await this.standing()).toEqual({ ...untouched, triggers })
    expect(await this.complaints()).toContainEqual(expect.stringContaining('has no trigger'))
    await this.query(insert)
    expect(await this.orchestra.install()).toMatchObject({ compared: ['site'] })
    await this.expectUntouched(insert)
  }

  async #captured(): Promise<number> {
    const [row] = await this.query<{ count: number }>('select count(*)::int as count from orchestra.change')
    return row?.count ?? Number.NaN
  }

  async #relationsOfOrchestra(): Promise<string[]> {
    const rows = await this.query<{ name: string }>(
      `select format('%s.%s', relnamespace::regnamespace, relname) as name from pg_class
       where relkind in ('r', 'p') and relnamespace::regnamespace::text in ('orchestra', 'orchestra_boss')`,
    )
    return rows.map(({ name }) => name)
  }

  async close(): Promise<void> {
    await this.orchestra.close()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

export const insertSite = `insert into site (domain) values ('b.org')`

function stateOf(schema: string, before: readonly string[], now: readonly string[]): Standing['schema'] {
  const wanted = before.filter((name) => name.startsWith(schema))
  const left = wanted.filter((name) => now.includes(name))
  if (left.length === wanted.length) return 'whole'
  return left.length === 0 ? 'no table is left' : 'some tables are gone'
}
