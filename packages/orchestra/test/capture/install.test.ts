import pg from 'pg'
import { expect, test } from 'vitest'
import { captureStatus, installCapture, removeCapture } from '../../src/capture/index.ts'
import type { WatchedModel } from '../../src/capture/watch.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { describeStores, testKey } from '../support/stores.ts'
import { changes, model, site, siteTables, takeChanges } from './support.ts'

const nothing = { installed: [], removed: [], compared: [], failed: [], replaced: [] }

describeStores('installing capture', (open, kind) => {
  async function openSites(): Promise<Store> {
    const store = await open()
    await store.query(siteTables)
    return store
  }

  async function problems(store: Store, models: WatchedModel[] = [site]): Promise<string[]> {
    const found = await captureStatus(store, models)
    return found
      .filter(({ state }) => state !== 'ok')
      .map(({ table, event, state }) => [table, event, state].filter((part) => part !== undefined).join(' '))
  }

  const all = (table: string, state: string) =>
    ['insert', 'update', 'delete', 'truncate'].map((event) => `${table} ${event} ${state}`)

  test('tells what it installed, and does nothing the second time', async () => {
    const store = await openSites()
    expect(await problems(store)).toEqual([
      ...all('public.site', 'missing'),
      ...all('public.site_alias', 'missing'),
    ])
    const first = await installCapture(store, [site])
    expect(first.installed.map(({ table, event }) => `${table} ${event}`)).toHaveLength(8)
    const triggers = () =>
      store.query('select oid, tgname from pg_trigger where not tgisinternal order by oid')
    const before = await triggers()
    expect(await installCapture(store, [site])).toEqual(nothing)
    expect(await triggers()).toEqual(before)
    expect(await problems(store)).toEqual([])
  })

  test('a trigger that was disabled, dropped, or lost with its table is reported and comes back', async () => {
    const store = await openSites()
    await installCapture(store, [site])
    const [name] = await store.query<{ name: string }>(
      `select tgname as name from pg_trigger where tgrelid = 'site'::regclass and tgname like '%insert'`,
    )
    await store.query(`alter table site disable trigger "${name?.name}"`)
    expect(await problems(store)).toEqual(['public.site insert disabled'])
    await store.query(`drop trigger "${name?.name}" on site`)
    expect(await problems(store)).toEqual(['public.site insert missing'])
    await store.query(`alter table site disable trigger user`)
    await store.query(
      'drop table site_alias; create table site_alias (id int, site_id bigint, checked_at timestamptz)',
    )
    const report = await installCapture(store, [site])
    expect(report.installed.map(({ state }) => state)).toEqual([
      'missing',
      'disabled',
      'disabled',
      'disabled',
      'missing',
      'missing',
      'missing',
      'missing',
    ])
    expect(await problems(store)).toEqual([])
    await store.query(`insert into site (id, domain) values (1, 'a')`)
    expect(await takeChanges(store)).toEqual(['save site:1'])
  })

  test('a changed definition is outdated until it is installed; what is watched no more is removed', async () => {
    const store = await openSites()
    await installCapture(store, [site])
    const changed = { ...site, ignore: [], related: [] }
    expect(await problems(store, [changed])).toEqual(all('public.site', 'outdated'))
    const report = await installCapture(store, [changed])
    expect(report.installed).toHaveLength(4)
    expect(report.removed).toHaveLength(4)
    expect(report.removed[0]).toMatch(/^orchestra_capture_site_[0-9a-f]{8}_\w+ on public\.site_alias$/)
    await store.query(`insert into site (id, domain) values (1, 'a')`)
    await store.query('insert into site_alias (site_id) values (1)')
    await store.query('update site set hits = 1')
    expect(await takeChanges(store)).toEqual(['save site:1', 'save site:1'])
  })

  test('removing leaves nothing behind', async () => {
    const store = await openSites()
    await installCapture(store, [site])
    expect(await removeCapture(store)).toHaveLength(8)
    await store.query(`insert into site (id, domain) values (1, 'a')`)
    expect(await changes(store)).toEqual([])
    expect(await store.query(`select proname from pg_proc where proname like 'capture\\_%'`)).toEqual([])
    expect(await removeCapture(store)).toEqual([])
  })

  test('a table or column that does not exist is named, and all else is installed', async () => {
    const store = await openSites()
    const good = model({ name: 'good', table: 'site' })
    const refused = (one: WatchedModel) =>
      expect(installCapture(store, [one, good]).then(({ failed }) => failed[0]?.error)).resolves
    await refused(model({ name: 'a', table: 'nowhere' })).toMatchObject({
      code: 'ORC_CAPTURE_TABLE',
      message: expect.stringContaining('"nowhere"'),
    })
    await refused(model({ name: 'a', table: 'x.y.z' })).toMatchObject({ code: 'ORC_CAPTURE_TABLE' })
    for (const [one, column] of [
      [model({ name: 'a', table: 'site', key: ['ID'] }), '"ID"'],
      [model({ name: 'a', table: 'site', ignore: ['seen'] }), '"seen"'],
      [
        model({ name: 'a', table: 'site', related: [{ table: 'site_alias', references: { site: 'id' } }] }),
        '"site"',
      ],
      [
        model({
          name: 'a',
          table: 'site',
          related: [{ table: 'site_alias', references: { site_id: 'no' } }],
        }),
        '"id"',
      ],
    ] as const) {
      await refused(one).toMatchObject({
        code: 'ORC_CAPTURE_COLUMN',
        message: expect.stringContaining(column),
      })
    }
    await store.query('create view site_view as select * from site')
    await refused(model({ name: 'a', table: 'site_view' })).toMatchObject({
      code: 'ORC_CAPTURE_TABLE',
      message: expect.stringContaining('is a view'),
    })
    expect(await problems(store, [good])).toEqual([])
    expect(await problems(store, [model({ name: 'a', table: 'nowhere' })])).toEqual([
      '"nowhere" table missing',
    ])
    expect(await problems(store, [model({ name: 'a', table: 'site', key: ['no'] })])).toEqual([
      'public.site column missing',
    ])
  })

  test('a key that is computed when it is read is refused, because triggers are not given it', async () => {
    const store = await open()
    await store.query(
      `create table page (number int primary key, id text generated always as ('p' || number::text) virtual)`,
    )
    const { failed } = await installCapture(store, [model({ name: 'page' })])
    expect(failed.map(({ error }) => error.message)).toEqual([
      'Model page cannot be captured: Column "id" of public.page is a virtual generated column, which triggers are not given',
    ])
  })

  test('a partition is refused, because what is written through its table goes unnoticed', async () => {
    const store = await open()
    await store.query(`create table visit (id int, year int) partition by list (year);
      create table visit_1 partition of visit for values in (1)`)
    const { failed } = await installCapture(store, [model({ name: 'visit', table: 'visit_1' })])
    expect(failed).toMatchObject([{ error: { code: 'ORC_CAPTURE_TABLE', hint: 'Name public.visit' } }])
  })

  test('a model that no table holds needs nothing', async () => {
    const store = await openSites()
    expect(await installCapture(store, [{ ...model({ name: 'virtual' }), table: null }])).toEqual(nothing)
  })

  test('many may install at once', async () => {
    const store = await openSites()
    const { databaseUrl } = store
    const others = await Promise.all([1, 2, 3].map(() => openStore({ databaseUrl, key: testKey })))
    const reports = await Promise.all([store, ...others].map((one) => installCapture(one, [site])))
    await Promise.all(others.map((one) => one.close()))
    expect(reports.flatMap(({ installed }) => installed)).toHaveLength(8)
    expect(await problems(store)).toEqual([])
  })

  // An embedded database is one session, where transactions take turns.
  if (kind === 'postgres') {
    test('installing again waits for nobody', async () => {
      const store = await openSites()
      await installCapture(store, [site])
      await store.transaction(async (tx) => {
        await tx.query('lock table site in access exclusive mode')
        expect(await installCapture(store, [site])).toEqual(nothing)
      })
    })

    test('a table that stays locked is an error in time, and keeps no writer waiting for long', async () => {
      const store = await openSites()
      await store.transaction(async (tx) => {
        await tx.query(`insert into site (id, domain) values (1, 'a')`)
        const { failed } = await installCapture(store, [site], { patience: 200 })
        expect(failed).toMatchObject([{ model: 'site', error: { code: 'ORC_CAPTURE_LOCKED' } }])
        await store.query(`insert into site (id, domain) values (2, 'b')`)
      })
      expect((await installCapture(store, [site])).installed.map(({ table }) => table)).toEqual(
        Array(4).fill('public.site'),
      )
    })

    test('writers go on while it waits for a table that a long transaction holds', async () => {
      const store = await openSites()
      await store.transaction(async (tx) => {
        await tx.query(`insert into site (id, domain) values (1, 'a')`)
        const installing = installCapture(store, [site], { patience: 3_000 })
        let ended = false
        const over = installing.finally(() => {
          ended = true
        })
        // Postgres itself judges how long a writer waits: far less than the two seconds that it once was.
        for (let id = 2; !ended; id++)
          await store.query(
            `begin; set local lock_timeout = 600; insert into site (id, domain) values (${id}, 'b'); commit`,
          )
        expect((await over).failed).toMatchObject([{ model: 'site', error: { code: 'ORC_CAPTURE_LOCKED' } }])
      })
    })

    test('two transactions that write the same model wait for each other in nothing', async () => {
      const store = await openSites()
      await installCapture(store, [site])
      await store.transaction(async (first) => {
        await first.query(`insert into site (id, domain) values (1, 'a')`)
        await store.transaction((second) => second.query(`insert into site (id, domain) values (2, 'b')`))
        expect(await changes(store)).toMatchObject([{ keys: [['2']] }])
      })
      expect(await changes(store)).toHaveLength(2)
    })

    test('COPY is captured', async () => {
      const store = await openSites()
      await installCapture(store, [site])
      const client = new pg.Client(store.databaseUrl)
      await client.connect()
      await copyIn(client, 'copy site (id, domain) from stdin', '1\ta\n2\tb\n')
      await client.end()
      expect(await takeChanges(store)).toEqual(['save site:1', 'save site:2'])
    })

    test('a schema that the role may not use keeps no other model from being captured', async () => {
      const store = await openSites()
      await store.query(`create schema closed; create table closed.page (id int primary key)`)
      await store.query(
        `create role narrow login password 'narrow'; grant usage, create on schema orchestra to narrow`,
      )
      await store.query(
        'grant all on all tables in schema orchestra to narrow; alter table site owner to narrow',
      )
      await store.query('alter table site_alias owner to narrow; grant create on schema public to narrow')
      const databaseUrl = store.databaseUrl.replace('postgres:postgres@', 'narrow:narrow@')
      const narrow = await openStore({ databaseUrl, key: testKey })
      const { failed, installed } = await installCapture(narrow, [
        model({ name: 'page', table: 'closed.page' }),
        site,
      ])
      expect(failed).toMatchObject([{ model: 'page', error: { code: 'ORC_CAPTURE_DENIED' } }])
      expect(installed).toHaveLength(8)
      await narrow.close()
    })

    test('a role that may not install is told what it lacks', async () => {
      const store = await openSites()
      await store.query(`create role guest login password 'guest'`)
      await store.query('grant usage, create on schema orchestra to guest')
      await store.query('grant all on all tables in schema orchestra to guest')
      const databaseUrl = store.databaseUrl.replace('postgres:postgres@', 'guest:guest@')
      const guest = await openStore({ databaseUrl, key: testKey })
      const { failed } = await installCapture(guest, [site])
      expect(failed).toMatchObject([{ error: { code: 'ORC_CAPTURE_DENIED' } }, {}])
      await guest.close()
    })
  }
})

/** What the driver leaves to others: feeding a COPY. */
function copyIn(client: pg.Client, text: string, data: string): Promise<unknown> {
  class CopyIn extends pg.Query {
    handleCopyInResponse(
      connection: pg.Connection & Record<'sendCopyFromChunk' | 'endCopyFrom', (chunk?: Buffer) => void>,
    ) {
      connection.sendCopyFromChunk(Buffer.from(data))
      connection.endCopyFrom()
    }
  }
  const query = client.query(new CopyIn(text))
  return new Promise((resolve, reject) => query.on('end', resolve).on('error', reject))
}
