import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { checkRows } from '../../src/doctor/rows.ts'
import { type Model, Orchestra } from '../../src/index.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { requestSync, syncStatus } from '../../src/sync/index.ts'
import { describeStores, testKey } from '../support/stores.ts'
import { createSites, Site, siteFilesWith, useWorlds, World } from '../support/world.ts'

/** The same world as a role sees it that policies apply to. */
async function asRole(world: World, role: string): Promise<World> {
  const url = new URL(world.store.databaseUrl)
  url.username = role
  url.password = role
  const store = await openStore({ databaseUrl: url.href, directory: world.directory, key: testKey })
  onTestFinished(() => store.close())
  return new World(store, world.config, world.directory)
}

/** A role that may do what a worker does, and is subject to policies. */
async function createWorker(world: World, role: string): Promise<void> {
  await world.store.query(
    `do $$ begin create role ${role} login password '${role}'; exception when duplicate_object then null; end $$;
     grant usage, create on schema public to ${role}; grant select on site to ${role};
     grant usage on schema orchestra to ${role}; grant all on all tables in schema orchestra to ${role};
     grant all on all sequences in schema orchestra to ${role}`,
  )
}

const failures = async (world: World) =>
  (await world.operations())
    .filter((one) => one.server_id === null && one.state === 'waiting')
    .map((one) => one.error)

describeStores('row level security', (open, kind) => {
  const build = useWorlds(open)

  /** Seven sites stand on the server; then a policy hides all of them from everybody. */
  const hidden = async () => {
    const world = await build()
    await world.work()
    await world.store.query(
      `insert into site (id, domain) select n, n || '.org' from generate_series(1, 7) n`,
    )
    await world.calm()
    await world.stopWorkers()
    await world.store.query(
      `alter table site enable row level security; create policy nobody on site using (false)`,
    )
    return world
  }

  it('does not concern a role that sees all rows', async () => {
    const world = await hidden()
    await world.store.query(`update site set body = 'x'`)
    await world.collect()
    expect(await failures(world)).toEqual([])
    expect((await world.operations()).filter((one) => one.state === 'waiting')).toHaveLength(7)
  })

  // The embedded database has one role, which is a superuser's.
  if (kind === 'pglite') return

  it('lets one update of 7 rows remove nothing where it hides them from the worker, and says why', async () => {
    const world = await hidden()
    await createWorker(world, 'plain_worker')
    const worker = await asRole(world, 'plain_worker')
    await world.store.query(`update site set body = 'x'`)
    await worker.collect()
    expect((await world.operations()).filter((one) => one.action === 'delete')).toEqual([])
    const said = await failures(world)
    expect(said).toHaveLength(7)
    expect(said[0]).toMatch(
      /Role "plain_worker" does not see all rows: .*"site".*alter role "plain_worker" bypassrls/,
    )
  })

  it('hides nothing from a worker that bypasses it', async () => {
    const world = await hidden()
    await createWorker(world, 'seeing_worker')
    await world.store.query('alter role seeing_worker bypassrls')
    const worker = await asRole(world, 'seeing_worker')
    await world.store.query(`update site set body = 'x'`)
    await worker.collect()
    expect(await failures(world)).toEqual([])
  })

  it('refuses too when it is forced on the owner of the table, who is the worker', async () => {
    const world = await hidden()
    await createWorker(world, 'owning_worker')
    await world.store.query(
      'alter table site owner to owning_worker; alter table site force row level security',
    )
    const worker = await asRole(world, 'owning_worker')
    await world.store.query(`update site set body = 'x'`)
    await worker.collect()
    expect((await world.operations()).filter((one) => one.action === 'delete')).toEqual([])
    expect(await failures(world)).toHaveLength(7)
  })

  it('fails a synchronization and a plan, which remove nothing', async () => {
    const world = await hidden()
    await createWorker(world, 'syncing_worker')
    const worker = await asRole(world, 'syncing_worker')
    const request = { mode: 'sync', inspects: false, actor: null, source: 'test' } as const
    const { id } = await requestSync(worker.store, request)
    await worker.collect()
    const what = 'row level security may hide rows of site, so 7 of its objects could not be compared'
    expect(await syncStatus(world.store, id)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining(what),
    })
    expect((await world.operations()).filter((one) => one.action === 'delete')).toEqual([])
    const orchestra = await Orchestra.open(world.config, {
      directory: world.directory,
      key: testKey,
      databaseUrl: worker.store.databaseUrl,
    })
    onTestFinished(() => orchestra.close())
    expect((await orchestra.plan()).failures).toEqual([
      { object: 'site', reason: expect.stringContaining(what) },
    ])
  })

  it('lets plan() of the application not take for deleted what its policies hide', async () => {
    const world = await build()
    await world.store.query(
      `insert into site (id, plan) values (1, 'basic');
       alter table site enable row level security;
       create policy visible on site using (plan = 'basic') with check (true)`,
    )
    await world.collect()
    await createWorker(world, 'app')
    await world.store.query('grant insert, update, delete on site to app')
    const url = (await asRole(world, 'app')).store.databaseUrl
    const orchestra = await Orchestra.open(world.config, {
      directory: world.directory,
      key: testKey,
      databaseUrl: url,
    })
    const raw = new pg.Pool({ connectionString: url })
    onTestFinished(async () => {
      await raw.end()
      await orchestra.close()
    })
    const pool = orchestra.pool(raw)
    const planned = orchestra.unitOfWork(async (unit) => {
      const client = await pool.connect()
      try {
        await client.query('begin')
        await client.query(`insert into site (id, plan) values (2, 'hidden')`)
        return await unit.plan()
      } finally {
        await client.query('rollback')
        client.release()
      }
    })
    await expect(planned).rejects.toThrow(
      /site:2: It was not found.*row level security may hide rows of public\.site/,
    )
  })

  it('is named by doctor, for the tables of models and those that are related', async () => {
    const Joined = { ...Site, related: [{ table: 'alias', references: { site: 'id' } }] } as Model
    const world = await build({
      models: [Joined],
      backends: [siteFilesWith({ model: Joined as never })],
      tables: `${createSites}; create table alias (site integer)`,
    })
    const doctored = (store: Store) => checkRows({ store, loaded: { config: world.config } as never })
    await createWorker(world, 'doctored_worker')
    const { store } = await asRole(world, 'doctored_worker')
    expect(await doctored(store)).toMatchObject([{ state: 'ok' }])
    await world.store.query(
      'alter table site enable row level security; alter table alias enable row level security',
    )
    expect(await doctored(store)).toMatchObject([
      { state: 'problem', message: expect.stringContaining('rows of "alias" from the role doctored_worker') },
      { state: 'problem', message: expect.stringContaining('rows of "site" from the role doctored_worker') },
    ])
    expect(await doctored(world.store)).toMatchObject([{ state: 'ok' }])
  })

  it('does not run policies of the application as the worker', async () => {
    const world = await hidden()
    await world.store.query(
      `create table trap (role text); grant all on trap to public;
       create function spy() returns boolean language plpgsql as
         $$ begin insert into trap values (current_user); return true; end $$;
       create policy spying on site using (spy())`,
    )
    await createWorker(world, 'spied_worker')
    const worker = await asRole(world, 'spied_worker')
    await world.store.query(`update site set body = 'x'`)
    await worker.collect()
    expect(await world.store.query('select * from trap')).toEqual([])
  })

  it('is not gone for a worker whose search path leads to another table', async () => {
    const world = await hidden()
    await world.store.query(
      `alter table site disable row level security; create schema other; create table other.site (like public.site)`,
    )
    const url = new URL(world.store.databaseUrl)
    url.searchParams.set('options', '-c search_path=other,public')
    const store = await openStore({ databaseUrl: url.href, directory: world.directory, key: testKey })
    onTestFinished(() => store.close())
    await world.store.query(`update site set body = 'x' where id = 1`)
    await new World(store, world.config, world.directory).collect()
    expect((await world.operations()).filter((one) => one.action === 'delete')).toEqual([])
    expect(await failures(world)).toEqual([
      expect.stringContaining('site leads to other.site, but changes are captured of public.site'),
    ])
  })
})
