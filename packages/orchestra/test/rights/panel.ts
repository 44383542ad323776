import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect } from 'vitest'
import { z } from 'zod'
import { installCapture } from '../../src/capture/index.ts'
import { defineBackend } from '../../src/config/backend.ts'
import { type Config, defineConfig } from '../../src/config/config.ts'
import { defineModel, type Model } from '../../src/config/model.ts'
import { sealCanary } from '../../src/doctor/index.ts'
import { addServer } from '../../src/fleet/index.ts'
import { Orchestra, type UnitStatus } from '../../src/index.ts'
import { Manager } from '../../src/manager/index.ts'
import { grantsFor, readFacts, type Section } from '../../src/rights/index.ts'
import { addRoute } from '../../src/router/index.ts'
import { sh } from '../../src/script/index.ts'
import { migrate, openStore, type Store } from '../../src/store/index.ts'
import { untilWithin } from '../support/processes.ts'
import { testKey } from '../support/stores.ts'

export const Site = defineModel({
  name: 'site',
  table: 'Shop.site',
  schema: z.object({ id: z.int(), domain: z.string(), aliases: z.array(z.string()) }),
  related: [{ table: 'Shop.alias', references: { site_id: 'id' } }],
  load: (keys, { query }) =>
    query(
      `select id, domain, array(select domain from "Shop".alias where site_id = site.id order by 1) as aliases
       from "Shop".site where id = any($1::int[])`,
      [keys.map(([id]) => id)],
    ),
})

export const User = defineModel({ name: 'user', table: 'Shop.user', schema: z.object({ id: z.int() }) })

export const files = defineBackend({
  name: 'files',
  model: Site,
  prepare: (script) => script.directory('sites'),
  save: (script, site) => {
    script.file(`sites/${site.id}`, site.domain)
    if (site.domain === 'fail.org') script.run(sh`echo no such domain; exit 3`)
  },
  delete: (script, site) => script.absent(`sites/${site.id}`),
  actions: { touch: (script, site) => script.file(`touched-${site.id}`, '') },
})

const tables = `
create table "Shop".site (id serial primary key, domain text not null);
create table "Shop".alias (site_id int not null, domain text not null, primary key (site_id, domain));
create table "Shop"."user" (id int primary key)`

/** Names that need quotes, so that whoever forgets them fails. */
export const roles = { owner: 'Table Owner', application: 'the-app', worker: 'Worker' }

export interface Application {
  orchestra: Orchestra
  pool: pg.Pool
}

/** A panel in a database where nobody may do anything yet, with three roles that do not know each other. */
export class Panel {
  readonly adminUrl: string
  readonly config: Config = defineConfig({ models: [Site as Model, User as Model], backends: [files] })
  readonly directory = mkdtempSync(join(tmpdir(), 'orchestra-rights-'))
  readonly #closing: (() => Promise<unknown>)[] = []

  constructor(adminUrl: string) {
    this.adminUrl = adminUrl
  }

  url(role: string): string {
    const url = new URL(this.adminUrl)
    url.username = encodeURIComponent(role)
    url.password = 'secret'
    return url.href
  }

  /** Runs statements as a role; null is the superuser. */
  async run(role: string | null, ...statements: string[]): Promise<void> {
    const client = new pg.Client(role === null ? this.adminUrl : this.url(role))
    await client.connect()
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }

  /** The application's schema as its owner made it; roles are those of the whole server, and left by other tests. */
  async build(): Promise<void> {
    const drops = ['Table Owner', 'the-app', 'Worker', 'orchestra_capture'].map(
      (role) => `drop role if exists "${role}"`,
    )
    await this.run(null, ...drops, `create role "Table Owner" login password 'secret'`)
    const database = new URL(this.adminUrl).pathname.slice(1)
    await this.run(
      null,
      `revoke all on database "${database}" from public`,
      `grant connect on database "${database}" to "Table Owner"`,
      'revoke all on schema public from public',
      'create schema "Shop" authorization "Table Owner"',
    )
    await this.run('Table Owner', tables)
  }

  async sections(): Promise<Section[]> {
    const admin = await openStore({ databaseUrl: this.adminUrl, key: testKey })
    try {
      return grantsFor(await readFacts(admin, this.config), roles)
    } finally {
      await admin.close()
    }
  }

  /** Runs what is printed, but for one statement. */
  async grant(sections: readonly Section[], when: Section['when'], except = ''): Promise<void> {
    for (const { as, statements } of sections.filter((section) => section.when === when)) {
      await this.run(as, ...statements.map(({ sql }) => sql).filter((sql) => sql !== except))
      if (as === null)
        await this.run(null, ...Object.values(roles).map((role) => `alter role "${role}" password 'secret'`))
    }
  }

  async store(role: string): Promise<Store> {
    const store = await openStore({ databaseUrl: this.url(role), key: testKey, directory: this.directory })
    this.#closing.unshift(() => store.close())
    return store
  }

  /** What the first `orchestra up` does before it works. */
  async install(worker: Store): Promise<void> {
    await migrate(worker)
    await sealCanary(worker)
    const { failed } = await installCapture(worker, [...this.config.models.values()])
    for (const { error } of failed) throw error
    mkdirSync(join(this.directory, 'here'), { recursive: true })
    await addServer(worker, { name: 'here', method: 'local', directory: join(this.directory, 'here') })
    await addRoute(worker, this.config, { backend: 'files', server: 'here' })
  }

  async work(worker: Store): Promise<Manager> {
    const errors: unknown[] = []
    const manager = new Manager({
      store: worker,
      config: this.config,
      onError: (error) => errors.push(error),
    })
    await manager.start()
    this.#closing.unshift(() => manager.stop({ grace: 1_000 }))
    return manager
  }

  async application(): Promise<Application> {
    const databaseUrl = this.url(roles.application)
    const orchestra = await Orchestra.open(this.config, {
      databaseUrl,
      key: testKey,
      directory: this.directory,
    })
    const raw = new pg.Pool({ connectionString: databaseUrl, max: 3 })
    // Ending a pool does not wait for its sockets: a server that stops meanwhile may still have a last word.
    raw.on('connect', (client) => client.on('error', () => undefined))
    this.#closing.unshift(async () => {
      await raw.end()
      await orchestra.close()
    })
    return { orchestra, pool: orchestra.pool(raw) }
  }

  async calm(worker: Store): Promise<void> {
    await untilWithin(60_000, 'nothing is open', async () => {
      const [row] = await worker.query<{ open: number }>(
        `select (select count(*) from orchestra.change) + (select count(*) from orchestra.sync where ended_at is null)
           + (select count(*) from orchestra.operation where state in ('waiting', 'running')) as open`,
      )
      return row?.open === 0
    })
  }

  async close(): Promise<void> {
    for (const close of this.#closing.splice(0)) await close()
    const admin = await openStore({ databaseUrl: this.adminUrl, key: testKey, connections: 1 })
    const database = new URL(this.adminUrl).pathname.slice(1)
    await admin.close()
    await this.run(
      null,
      ...[...Object.values(roles), 'orchestra_capture'].map(
        (role) =>
          `do $$ begin if to_regrole('"${role}"') is not null then drop owned by "${role}" cascade; end if; end $$`,
      ),
      `revoke all on database "${database}" from public`,
    )
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** All that the application does with its own role. */
export async function applicationWork(panel: Panel, id: number): Promise<void> {
  const application = await panel.application()
  const { orchestra, pool } = application
  const status = await writeUnit(application, id, 'a.org')
  if (status.state !== 'settled') throw new Error(`the unit is ${status.state}: ${JSON.stringify(status)}`)
  const failing = await writeUnit(application, id + 1, 'fail.org')
  const tails = failing.operations.map(({ outputTail }) => outputTail)
  expect(tails, JSON.stringify(failing)).toContain('no such domain\n')
  await pool.query('insert into "Shop".site (domain) values ($1)', ['counted.org'])
  await pool.query('update "Shop".site set domain = $2 where id = $1', [id + 1, 'c.org'])
  await pool.query('delete from "Shop".alias where site_id = $1', [id])
  await orchestra.collect('site', id)
  await orchestra.plan()
  await orchestra.sync()
  await orchestra.checkNow()
}

async function writeUnit({ orchestra, pool }: Application, id: number, domain: string): Promise<UnitStatus> {
  return orchestra.unitOfWork(
    async (unit) => {
      const client = await pool.connect()
      try {
        await client.query('begin')
        await client.query('insert into "Shop".site (id, domain) values ($1, $2)', [id, domain])
        await client.query('insert into "Shop".alias values ($1, $2)', [id, 'b.org'])
        await unit.plan()
        await orchestra.collect('site', id, { action: 'touch', client })
        await client.query('commit')
      } catch (error) {
        await client.query('rollback')
        throw error
      } finally {
        client.release()
      }
      return unit.settled({ timeout: 60_000 })
    },
    { actor: 'alice' },
  )
}
