import pg from 'pg'
import { expect, test } from 'vitest'
import { captureStatus, installCapture } from '../../src/capture/triggers.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { changes, model, site, siteTables, takeChanges } from './support.ts'

describeStores('capture triggers', (open) => {
  async function openSites(): Promise<Store> {
    const store = await open()
    await store.query(siteTables)
    await installCapture(store, [site])
    return store
  }

  async function openSitesWithRows(): Promise<Store> {
    const store = await openSites()
    await store.query(
      `insert into site (id, domain, body) values (1, 'a', '{"x":1}'), (2, 'b', null), (3, 'c', '{}')`,
    )
    await store.query(
      `insert into site_alias (id, site_id, domain) values (10, 1, 'x'), (11, 1, 'y'), (20, 2, 'z')`,
    )
    await takeChanges(store)
    return store
  }

  test('an insert is a save of each row', async () => {
    const store = await openSites()
    await store.query(`insert into site (id, domain) values (1, 'a'), (2, 'b')`)
    expect(await takeChanges(store)).toEqual(['save site:1', 'save site:2'])
  })

  test('a delete is a delete of each row, and of what it cascades to', async () => {
    const store = await openSitesWithRows()
    await store.query('delete from site where id < 3')
    expect(await takeChanges(store)).toEqual(['delete site:1', 'delete site:2', 'save site:1', 'save site:2'])
  })

  test('an update is a save of the rows that changed', async () => {
    const store = await openSitesWithRows()
    await store.query(`update site set domain = case when id = 2 then 'new' else domain end`)
    expect(await takeChanges(store)).toEqual(['save site:2'])
  })

  test('an update of a column whose type has no equality is noticed', async () => {
    const store = await open()
    await store.query(`create table doc (id int primary key, body json, at point)`)
    await installCapture(store, [model({ name: 'doc' })])
    await store.query(`insert into doc values (1, '{}', '(1,2)'), (2, '{}', '(1,2)')`)
    await takeChanges(store)
    await store.query(`update doc set body = '{}', at = '(1,2)'`)
    expect(await takeChanges(store)).toEqual([])
    await store.query(`update doc set at = '(1,3)' where id = 2`)
    await store.query(`update doc set body = '[]' where id = 1`)
    expect(await takeChanges(store)).toEqual(['save doc:1', 'save doc:2'])
  })

  test('an update that changes nothing, or only ignored columns, writes nothing', async () => {
    const store = await openSitesWithRows()
    await store.query('update site set domain = domain, hits = hits + 1')
    await store.query('update site_alias set checked_at = now()')
    await store.query('update site set domain = domain where id = 99')
    await store.query('delete from site where id = 99')
    expect(await changes(store)).toEqual([])
  })

  test('an update of the key is a delete of the old and a save of the new', async () => {
    const store = await openSitesWithRows()
    await store.query('update site set id = id + 100 where id = 3')
    expect(await takeChanges(store)).toEqual(['delete site:3', 'save site:103'])
  })

  test('keys that are swapped in one statement are saves of both', async () => {
    const store = await open()
    await store.query('create table spot (id int primary key deferrable initially deferred, name text)')
    await installCapture(store, [model({ name: 'spot' })])
    await store.query(`insert into spot values (1, 'a'), (2, 'b')`)
    await takeChanges(store)
    await store.query('update spot set id = 3 - id')
    expect(await takeChanges(store)).toEqual(['save spot:1', 'save spot:2'])
  })

  test('an upsert is a save of what it inserted and of what it changed', async () => {
    const store = await openSitesWithRows()
    await store.query(
      `insert into site (id, domain) values (1, 'a'), (2, 'changed'), (9, 'new')
       on conflict (id) do update set domain = excluded.domain`,
    )
    expect(await takeChanges(store)).toEqual(['save site:2', 'save site:9'])
    await store.query(`insert into site (id, domain) values (1, 'z') on conflict do nothing`)
    expect(await takeChanges(store)).toEqual([])
  })

  test('a merge is captured in all that it does', async () => {
    const store = await openSitesWithRows()
    await store.query(
      `merge into site using (values (1, 'gone'), (2, 'changed'), (9, 'new')) as s (id, domain) on site.id = s.id
       when matched and s.domain = 'gone' then delete
       when matched then update set domain = s.domain
       when not matched then insert (id, domain) values (s.id, s.domain)`,
    )
    const taken = await takeChanges(store)
    expect(taken).toEqual(['delete site:1', 'save site:1', 'save site:2', 'save site:9'])
  })

  test('a truncate is noted for the whole model, and reaches what it cascades to', async () => {
    const store = await openSitesWithRows()
    await store.query('truncate site cascade')
    expect(await takeChanges(store)).toEqual(['truncate site', 'truncate site'])
  })

  test('statements inside WITH and inside functions are captured', async () => {
    const store = await openSitesWithRows()
    await store.query(
      `with gone as (delete from site where id = 3 returning domain) insert into site (id, domain) select 4, domain from gone`,
    )
    await store.query(
      `do $$ begin for n in 5..6 loop insert into site (id, domain) values (n, 'x'); end loop; end $$`,
    )
    expect(await takeChanges(store)).toEqual(['delete site:3', 'save site:4', 'save site:5', 'save site:6'])
  })

  test('a change of a related row is a save of its object', async () => {
    const store = await openSitesWithRows()
    await store.query(`insert into site_alias (id, site_id) values (12, 1), (13, 1), (14, null)`)
    expect(await takeChanges(store)).toEqual(['save site:1'])
    await store.query(`update site_alias set domain = 'new' where id in (10, 20)`)
    expect(await takeChanges(store)).toEqual(['save site:1', 'save site:2'])
    await store.query('delete from site_alias where id in (10, 11)')
    expect(await takeChanges(store)).toEqual(['save site:1'])
    await store.query('truncate site_alias')
    expect(await takeChanges(store)).toEqual(['truncate site'])
  })

  test('a related row that moves is a save of both its objects', async () => {
    const store = await openSitesWithRows()
    await store.query('update site_alias set site_id = 3 where id = 10')
    expect(await takeChanges(store)).toEqual(['save site:1', 'save site:3'])
    await store.query('update site_alias set site_id = null where id = 10')
    expect(await takeChanges(store)).toEqual(['save site:3'])
  })

  test('many rows are recorded a thousand keys at a time', async () => {
    const store = await openSites()
    await store.query(`insert into site (id, domain) select n, 'd' from generate_series(1, 2500) n`)
    const rows = await changes(store)
    expect(rows.map(({ keys }) => keys.length).sort()).toEqual([1000, 1000, 500])
    expect(new Set(rows.flatMap(({ keys }) => keys.map(([id]) => Number(id)))).size).toBe(2500)
    await takeChanges(store)
    await store.query(`update site set domain = 'e' where id > 100`)
    expect(await takeChanges(store)).toHaveLength(2400)
  })

  test('rollback and savepoint leave nothing', async () => {
    const store = await openSites()
    await expect(
      store.transaction(async (tx) => {
        await tx.query(`insert into site (id, domain) values (1, 'a')`)
        throw new Error('refused')
      }),
    ).rejects.toThrow('refused')
    await store.transaction(async (tx) => {
      await tx.query('savepoint one')
      await tx.query(`insert into site (id, domain) values (2, 'b')`)
      await tx.query('rollback to one')
      await tx.query(`insert into site (id, domain) values (3, 'c')`)
      await tx.query('savepoint two')
      await tx.query(`insert into site (id, domain) values (4, 'd')`)
      await tx.query('release two')
    })
    const rows = await changes(store)
    expect(rows.flatMap(({ keys }) => keys)).toEqual([['3'], ['4']])
    expect(new Set(rows.map((row) => row.unit_id)).size).toBe(1)
  })

  test('a transaction is a unit of its own, with a well-formed id', async () => {
    const store = await openSites()
    await store.transaction(async (tx) => {
      await tx.query(`insert into site (id, domain) values (1, 'a')`)
      await tx.query(`update site set domain = 'b'`)
    })
    await store.query(`insert into site (id, domain) values (2, 'a')`)
    const [first, second, third] = await changes(store)
    expect(first?.unit_id).toBe(second?.unit_id)
    expect(third?.unit_id).not.toBe(first?.unit_id)
    expect(first?.unit_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  test('the unit, the actor and the source come from the settings of the transaction', async () => {
    const store = await openSites()
    const unit = '0b3a4cbe-5a4b-4c5d-8e6f-7a8b9c0d1e2f'
    await store.transaction(async (tx) => {
      await tx.query(
        `select set_config('orchestra.unit_of_work', $1, true), set_config('orchestra.actor', 'eva', true),
        set_config('orchestra.source', 'PUT /sites/1', true)`,
        [unit],
      )
      await tx.query(`insert into site (id, domain) values (1, 'a')`)
    })
    await store.transaction(async (tx) => {
      await tx.query(`set local application_name = 'cron job'`)
      await tx.query(`insert into site (id, domain) values (2, 'a')`)
    })
    const [bound, free] = await changes(store)
    expect(bound).toMatchObject({ unit_id: unit, actor: 'eva', source: 'PUT /sites/1' })
    expect(free).toMatchObject({ actor: 'postgres', source: 'cron job' })
  })

  test('a client that knows nothing of Orchestra is captured, COPY included', async () => {
    const store = await openSites()
    const client = new pg.Client(store.databaseUrl)
    await client.connect()
    await client.query(`insert into site (id, domain) values (1, 'a')`)
    await client.end()
    expect(await takeChanges(store)).toEqual(['save site:1'])
  })

  test('keys of any type and content are kept as they are', async () => {
    const store = await open()
    await store.query(`create schema "Odd schema"`)
    await store.query(
      `create table "Odd schema"."My.Table" ("Id" uuid, "a ""quoted"" name" text, n bigint, primary key ("Id", "a ""quoted"" name", n))`,
    )
    const odd = model({
      name: `odd 'model' %s $capture$`,
      table: '"Odd schema"."My.Table"',
      key: ['Id', 'a "quoted" name', 'n'],
    })
    await installCapture(store, [odd])
    const uuid = '0b3a4cbe-5a4b-4c5d-8e6f-7a8b9c0d1e2f'
    const text = `o'ne "two"\n\t\\three, é 漢 %s`
    const insert = `insert into "Odd schema"."My.Table" values ($1, $2, 9223372036854775807), ($1, 'x', -1)`
    await store.query(insert, [uuid, text])
    await store.query('delete from "Odd schema"."My.Table" where n = -1')
    await store.query('truncate "Odd schema"."My.Table"')
    const rows = await changes(store)
    expect(rows.map(({ action, keys }) => [action, keys])).toEqual([
      [
        'save',
        [
          [uuid, text, '9223372036854775807'],
          [uuid, 'x', '-1'],
        ],
      ],
      ['delete', [[uuid, 'x', '-1']]],
      ['truncate', []],
    ])
    expect(rows[0]?.model).toBe(odd.name)
  })

  test('a key of 10 kB is captured', async () => {
    const store = await open()
    await store.query('create table page (id text)')
    await installCapture(store, [model({ name: 'page' })])
    const key = Array.from({ length: 10_000 }, (_, index) =>
      String.fromCharCode(97 + ((index * 7919) % 26)),
    ).join('')
    await store.query('insert into page values ($1)', [key])
    expect((await changes(store))[0]?.keys).toEqual([[key]])
  })

  test('the text of a key does not depend on settings of the session', async () => {
    const store = await open()
    await store.query('create table event (at timestamptz, ratio float8, span interval, data bytea)')
    await installCapture(store, [model({ name: 'event', key: ['at', 'ratio', 'span', 'data'] })])
    await store.transaction(async (tx) => {
      await tx.query(`set local timezone = 'Asia/Tokyo'`)
      await tx.query(`set local datestyle = 'SQL, DMY'`)
      await tx.query('set local extra_float_digits = -10')
      await tx.query(`set local intervalstyle = 'iso_8601'`)
      await tx.query(`set local bytea_output = 'escape'`)
      await tx.query(
        `insert into event values ('2026-02-01 10:00:00+09', 0.1::float8 + 0.2, '1 day 2 hours', '\\x00ff')`,
      )
    })
    const key = ['2026-02-01 01:00:00+00', '0.30000000000000004', '1 day 02:00:00', '\\x00ff']
    expect((await changes(store))[0]?.keys).toEqual([key])
  })

  test('a column may have any name', async () => {
    const store = await open()
    await store.query(`create table page (id int primary key, this_row text, key text, image text, position int,
      n int, o int, new_key text, is_one boolean, action text, page int)`)
    await installCapture(store, [model({ name: 'page' })])
    await store.query('insert into page (id) values (1), (2)')
    expect(await takeChanges(store)).toEqual(['save page:1', 'save page:2'])
    await store.query('update page set n = 1 where id = 1')
    expect(await takeChanges(store)).toEqual(['save page:1'])
    await store.query(`update page set n = 1, this_row = 'x'`)
    expect(await takeChanges(store)).toEqual(['save page:1', 'save page:2'])
  })

  test('a row that another partition refuses when it moves there is deleted', async () => {
    const store = await open()
    await store.query(`
      create table visit (id int, year int, name text) partition by list (year);
      create table visit_1 partition of visit for values in (1);
      create table visit_2 partition of visit for values in (2);
      create function refuse() returns trigger language plpgsql as 'begin return null; end';
      create trigger refuse before insert on visit_2 for each row execute function refuse()`)
    await installCapture(store, [model({ name: 'visit' })])
    await store.query(`insert into visit values (1, 1, 'a'), (2, 1, 'a'), (3, 1, 'a'), (4, 1, 'a')`)
    await takeChanges(store)
    await store.query('update visit set year = 2 where id = 1')
    expect(await takeChanges(store)).toEqual(['delete visit:1'])
    await store.query('update visit set name = id::text, year = case when id = 3 then 1 else 2 end')
    expect(await takeChanges(store)).toEqual(['delete visit:2', 'delete visit:4', 'save visit:3'])
  })

  test('a partitioned table is captured however it is written to', async () => {
    const store = await open()
    await store.query(`
      create table visit (id int, year int, name text, primary key (id, year)) partition by list (year);
      create table visit_1 partition of visit for values in (1);
      create table visit_2 (name text, year int not null, id int not null);
      alter table visit attach partition visit_2 for values in (2)`)
    const visit = model({ name: 'visit' })
    await installCapture(store, [visit])
    await store.query(`insert into visit values (1, 1, 'a'), (2, 2, 'b')`)
    await store.query(`insert into visit_2 (id, year) values (3, 2)`)
    expect(await takeChanges(store)).toEqual(['save visit:1', 'save visit:2', 'save visit:3'])
    await store.query('update visit set year = 2 where id = 1')
    expect(await takeChanges(store)).toEqual(['save visit:1'])
    await store.query('truncate visit_2')
    expect(await takeChanges(store)).toEqual(['truncate visit'])
    await store.query('create table visit_3 partition of visit for values in (3)')
    const problems = (await captureStatus(store, [visit])).filter(({ state }) => state !== 'ok')
    expect(problems.map(({ table, event, state }) => [table, event, state])).toEqual(
      ['insert', 'update', 'delete', 'truncate'].map((event) => ['public.visit_3', event, 'missing']),
    )
  })

  test('columns that are added later are watched too', async () => {
    const store = await openSitesWithRows()
    await store.query(`alter table site add column plan text not null default 'free'`)
    await store.query(`alter table site_alias add column note text`)
    expect(await takeChanges(store)).toEqual([])
    await store.query(`update site set plan = 'paid' where id = 1`)
    await store.query(`update site_alias set note = 'n' where id = 20`)
    expect(await takeChanges(store)).toEqual(['save site:1', 'save site:2'])
  })

  test('a role without rights on the schema orchestra writes its tables as before', async () => {
    const store = await openSites()
    await store.query(`drop role if exists panel`)
    await store.query(`create role panel login password 'panel'`)
    await store.query('grant all on all tables in schema public to panel')
    await store.transaction(async (tx) => {
      await tx.query('set local role panel')
      await tx.query(`insert into site (id, domain) values (1, 'a')`)
      await tx.query(`update site set domain = 'b'`)
      await tx.query('truncate site cascade')
    })
    expect(await takeChanges(store)).toEqual(['save site:1', 'save site:1', 'truncate site', 'truncate site'])
    await store.query('drop owned by panel')
    await store.query('drop role panel')
  })
})
