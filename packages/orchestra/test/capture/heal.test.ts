import { expect, test } from 'vitest'
import { heal } from '../../src/capture/index.ts'
import { assertMigrated, migrate } from '../../src/store/index.ts'
import { dropInUse } from '../support/drop.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

const remakable = [
  'audit',
  'worker',
  'lane',
  'change',
  'unit',
  'operation',
  'log',
  'log_operation',
  'log_chunk',
  'sync',
  'sync_removal',
  'inspection',
  'finding',
  'event',
  'tally',
  'tally_change',
  'audit_chain',
  'outcome_total',
  'outcome_cursor',
  'incident',
  'incident_step',
  'channel',
  'delivery',
]
const precious = ['migration', 'setting', 'server', 'route', 'placement', 'protection', 'transfer']

/** Everything that a schema consists of, as text. */
const shape = `
  select format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) as what
    from information_schema.columns where table_schema = 'orchestra'
  union all select format('%s %s', indexrelid::regclass, pg_get_indexdef(indexrelid)) from pg_index
    join pg_class on pg_class.oid = indexrelid where relnamespace = 'orchestra'::regnamespace
  union all select format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) from pg_constraint
    where connamespace = 'orchestra'::regnamespace
  union all select pg_get_triggerdef(t.oid) from pg_trigger t join pg_class on pg_class.oid = t.tgrelid
    where relnamespace = 'orchestra'::regnamespace and not tgisinternal
  order by what`

describeStores('a damaged schema', (open) => {
  const world = useWorlds(open)

  test.each(remakable)('gets table %s back as the migrations made it', async (name) => {
    const store = await open()
    const before = await store.query(shape)
    await store.query(`drop table orchestra.${name} cascade`)
    await expect(assertMigrated(store)).rejects.toMatchObject({
      code: 'ORC_STORE_DAMAGED',
      message: `Table ${name} is gone from schema "orchestra"`,
    })
    expect(await heal(store)).toEqual([name])
    expect(await store.query(shape)).toEqual(before)
    expect(await heal(store)).toEqual([])
    await assertMigrated(store)
  })

  test('gets all of them back at once, and the sequence that writers read', async () => {
    const store = await open()
    const before = await store.query(shape)
    for (const name of remakable) await store.query(`drop table orchestra.${name} cascade`)
    await store.query('drop sequence orchestra.asleep')
    expect((await heal(store)).sort()).toEqual([...remakable, 'asleep'].sort())
    expect(await store.query(shape)).toEqual(before)
    expect(await store.query(`select to_regnamespace('orchestra_spare') as spare`)).toEqual([{ spare: null }])
  })

  test.each(precious)('without table %s is left as it is, and says what to do', async (name) => {
    const store = await open()
    await store.query(`create table note (id int); drop table orchestra.${name} cascade`)
    const lost = {
      code: 'ORC_STORE_DAMAGED',
      message: expect.stringContaining(`Table ${name} is gone from schema "orchestra"`),
      hint: expect.stringContaining('pg_restore'),
    }
    await expect(assertMigrated(store)).rejects.toMatchObject(lost)
    await expect(migrate(store)).rejects.toMatchObject(lost)
    await expect(heal(store)).rejects.toMatchObject(lost)
    expect(await store.query('select to_regclass($1) as made', [`orchestra.${name}`])).toEqual([
      { made: null },
    ])
  })

  test('of which nothing but a trigger function is left is not taken for a new database', async () => {
    const store = await open()
    await store.query(`drop schema orchestra cascade; create schema orchestra;
      create function orchestra.capture_site() returns trigger language plpgsql as 'begin return null; end'`)
    const lost = { code: 'ORC_STORE_DAMAGED', message: expect.stringContaining('server, ') }
    await expect(migrate(store)).rejects.toMatchObject(lost)
    await expect(heal(store)).rejects.toMatchObject(lost)
  })

  test('is compared as a whole once it is healed, so that what was forgotten is done', async () => {
    const here = await world()
    const { store } = here
    await store.query(`insert into site (id) values (1), (2)`)
    await here.work()
    await here.calm()
    await here.stopWorkers()
    await store.query(`delete from site where id = 1; update site set body = 'new' where id = 2`)
    await here.collect()
    await store.query('insert into site (id) values (3)')
    await store.query(
      'drop table orchestra.operation, orchestra.change, orchestra.lane, orchestra.sync cascade',
    )
    await heal(store)
    await here.work()
    await here.calm()
    expect(await here.files()).toEqual({ 2: 'a.org new', 3: 'a.org ' })
  })

  test('is healed under a worker that goes on', async () => {
    const here = await world()
    await here.work({ checkCapture: async () => {} })
    await dropInUse(
      here.store.query,
      'drop table orchestra.operation, orchestra.worker, orchestra.log, orchestra.lane cascade',
    )
    await here.store.query('insert into site (id) values (1)')
    await heal(here.store)
    await here.calm()
    expect(await here.files()).toEqual({ 1: 'a.org ' })
    await until(
      'the worker is known again',
      async () => (await here.store.query('select from orchestra.worker')).length === 1,
    )
  })
})
