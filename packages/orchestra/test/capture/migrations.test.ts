import { expect, test } from 'vitest'
import { captureStatus, installCapture } from '../../src/capture/index.ts'
import { unitStatus } from '../../src/placements/index.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { changes, model, site, siteTables, takeChanges } from './support.ts'

describeStores('writes of an application whose tables change', (open) => {
  async function installed(): Promise<Store> {
    const store = await open()
    await store.query(siteTables)
    await store.query(`insert into site (domain) values ('a'), ('b')`)
    await store.query('insert into site_alias (id, site_id) values (10, 1), (20, 2)')
    await installCapture(store, [site])
    await store.query('delete from orchestra.sync')
    return store
  }

  const syncs = async (store: Store) =>
    (await store.query<{ model: string }>('select model from orchestra.sync')).map((row) => row.model)

  test.each([
    ['the key is renamed', 'alter table site rename id to number'],
    ['the key is dropped', 'alter table site drop column id cascade'],
    ['the key is renamed and comes anew', 'alter table site rename id to old; alter table site add id text'],
    ['a reference is renamed', 'alter table site_alias rename site_id to site'],
    ['a reference is dropped', 'alter table site_alias drop column site_id'],
    ['an ignored column is dropped', 'alter table site drop column hits'],
    ['another column changes its type', 'alter table site alter column domain type varchar(80)'],
  ])('go on when %s', async (_, migration) => {
    const store = await installed()
    await store.query(migration)
    for (const statement of [
      `insert into site (domain) values ('c')`,
      `insert into site (domain) values ('d'), ('e')`,
      `update site set domain = domain || 'x'`,
      `update site set domain = 'y' where domain = 'cx'`,
      `insert into site_alias (id) values (30)`,
      `update site_alias set domain = 'z'`,
      'delete from site_alias',
      `delete from site where domain = 'y'`,
      'delete from site',
      'truncate site_alias',
    ])
      await store.query(statement)
  })

  test('say that the model has to be compared, which is done as soon as its definition fits', async () => {
    const store = await installed()
    await store.query('alter table site rename id to number')
    await store.query(`insert into site (domain) values ('c')`)
    const [change] = await changes(store)
    expect(await unitStatus(store, change?.unit_id ?? '')).toMatchObject({
      state: 'collecting',
      error: expect.stringContaining('what changed of model site could not be told'),
    })
    expect(await takeChanges(store)).toEqual(['compare site'])
    await store.query(`update site set domain = 'd' where domain = 'c'`)
    const { failed, compared } = await installCapture(store, [site])
    expect(failed).toMatchObject([{ model: 'site', error: { code: 'ORC_CAPTURE_COLUMN' } }])
    expect(compared).toEqual([])
    expect((await captureStatus(store, [site])).map(({ state }) => state)).toContain('column missing')
    const fitting = {
      ...site,
      key: ['number'],
      related: [{ table: 'site_alias', references: { site_id: 'number' } }],
    }
    expect(await installCapture(store, [fitting])).toMatchObject({ compared: ['site'], failed: [] })
    expect(await syncs(store)).toEqual(['site'])
    expect(await takeChanges(store)).toEqual([])
    await store.query(`insert into site (number, domain) values (9, 'e')`)
    expect(await takeChanges(store)).toEqual(['save site:9'])
  })

  test('are compared too when the migration is taken back', async () => {
    const store = await installed()
    await store.query('alter table site rename id to number')
    await store.query(`delete from site where domain = 'a'`)
    await store.query('alter table site rename number to id')
    expect(await installCapture(store, [site])).toMatchObject({ compared: ['site'], failed: [] })
  })

  test('are captured under keys of a new type at once', async () => {
    const store = await installed()
    await store.query('alter table site_alias drop constraint site_alias_site_id_fkey')
    await store.query('alter table site alter column id drop identity')
    await store.query(`alter table site alter column id type text using 'n' || id`)
    await store.query(`insert into site (id, domain) values ('n,3', 'c')`)
    await store.query(`update site set domain = 'x'`)
    expect(await takeChanges(store)).toEqual([
      'save site:n,3',
      'save site:n,3',
      'save site:n1',
      'save site:n2',
    ])
  })

  test.each(['drop table orchestra.change cascade', 'drop sequence orchestra.asleep'])(
    'go on after "%s"',
    async (destruction) => {
      const store = await installed()
      await store.query(`insert into site (domain) values ('before')`)
      await store.query(destruction)
      await store.query(`insert into site (domain) values ('c')`)
      await store.query(`insert into site (domain) values ('d'), ('e')`)
      await store.query(`update site set domain = 'f'`)
      await store.query('delete from site_alias; truncate site cascade')
    },
  )

  test('go on whatever units, actors and sources they name', async () => {
    const store = await installed()
    for (const value of ['', 'no uuid', '------------------------------------', `'; drop table site; --`]) {
      await store.transaction(async (tx) => {
        for (const name of ['unit_of_work', 'actor', 'source'])
          await tx.query('select set_config($1, $2, true)', [`orchestra.${name}`, value.repeat(2_000)])
        await tx.query(`insert into site (domain) values ('x')`)
        await tx.query(`insert into site (domain) values ('y'), ('z')`)
      })
    }
    expect(await takeChanges(store)).toHaveLength(12)
  })
})

describeStores('updates of many rows', (open) => {
  const ROWS = 3_000
  const page = model({ name: 'page', ignore: ['hits'] })
  const tagged = model({
    name: 'page',
    related: [{ table: 'tag', references: { page_id: 'id' } }],
  })

  async function filled(): Promise<Store> {
    const store = await open()
    await store.query(`
      create table page (id int primary key, body text, hits int default 0);
      create table tag (page_id int, name text);
      insert into page select id, 'a' from generate_series(1, ${ROWS}) id;
      insert into tag select id % 7, 'a' from generate_series(1, ${ROWS}) id`)
    return store
  }

  const count = async (store: Store) => (await takeChanges(store)).length

  test('name every row when all of them changed', async () => {
    const store = await filled()
    await installCapture(store, [page])
    await store.query(`update page set body = 'b'`)
    expect(await count(store)).toBe(ROWS)
  })

  test('name no row when none changed, or only what is ignored did', async () => {
    const store = await filled()
    await installCapture(store, [page])
    await store.query('update page set body = body')
    await store.query('update page set hits = hits + 1')
    expect(await takeChanges(store)).toEqual([])
  })

  test('name just the rows that changed when some of the first did not', async () => {
    const store = await filled()
    await installCapture(store, [page])
    await store.query(`update page set body = case when id % 1000 = 1 then 'b' else body end`)
    expect(await takeChanges(store)).toEqual(['save page:1', 'save page:1001', 'save page:2001'])
  })

  test('name old keys and new ones when keys changed', async () => {
    const store = await filled()
    await installCapture(store, [page])
    await store.query(`update page set id = id + 2 * ${ROWS}`)
    const taken = await takeChanges(store)
    expect(taken.filter((change) => change.startsWith('save'))).toHaveLength(ROWS)
    expect(taken.filter((change) => change.startsWith('delete'))).toHaveLength(ROWS)
    await store.query(
      `update page set body = 'c', id = case when id = 2 * ${ROWS} + 2500 then -1 else id end`,
    )
    expect(await takeChanges(store)).toContain(`delete page:${2 * ROWS + 2500}`)
  })

  test('name each object once when its related rows changed, and both when they moved', async () => {
    const store = await filled()
    await installCapture(store, [tagged])
    await store.query(`update tag set name = 'b'`)
    expect(await takeChanges(store)).toEqual([0, 1, 2, 3, 4, 5, 6].map((id) => `save page:${id}`))
    await store.query('update tag set page_id = page_id + 100 where page_id < 6')
    expect(await count(store)).toBe(12)
  })
})
