import { expect, test } from 'vitest'
import { cleanLogs, createLogWriter, type EndState, logTables } from '../../src/logs/index.ts'
import { keepRanges, migrate, rangesOf, type Store } from '../../src/store/index.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { describeStores } from '../support/stores.ts'
import { addLog, addOperation, addServer } from './fixtures.ts'

/** A log that was written so many days ago, in a range of that day. */
async function logOf(
  store: Store,
  serverId: number,
  days: number,
  state: EndState | 'open',
): Promise<number> {
  const logId = await addLog(store, serverId, { operations: [await addOperation(store, { serverId })] })
  const writer = createLogWriter(store, { logId })
  void writer.write('stdout', 0, Buffer.from('output'))
  if (state === 'open') await writer.drain()
  else await writer.finish({ state })
  await store.query(`update orchestra.log set created_at = now() - $2 * interval '1 day' where id = $1`, [
    logId,
    days,
  ])
  await keepRanges(store, logTables)
  return logId
}

const partitions = (store: Store) =>
  store.query<{ name: string }>(
    `select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
     where inhparent = 'orchestra.log_chunk'::regclass order by 1`,
  )

const held = async (store: Store) => {
  const tables = ['log_chunk', 'log_operation', 'log']
  const ids = tables.map((table) =>
    store.query<{ id: number }>(
      `select ${table === 'log' ? 'id' : 'log_id as id'} from orchestra.${table} order by 1`,
    ),
  )
  return (await Promise.all(ids)).map((rows) => rows.map(({ id }) => id))
}

describeStores('ranges of logs', (open) => {
  test('one a day, and old ones are dropped with what nobody keeps', async () => {
    const store = await open()
    const server = await addServer(store)
    const gone = [
      await logOf(store, server, 40, 'SUCCESS'),
      await logOf(store, server, 39, 'NOTHING'),
      await logOf(store, server, 38, 'SUCCESS'),
    ]
    const failed = await logOf(store, server, 38, 'FAILURE')
    const running = await logOf(store, server, 35, 'open')
    const fresh = await logOf(store, server, 0, 'SUCCESS')
    const before = (await partitions(store)).length

    expect(await cleanLogs(store, { days: 30 })).toBe(gone.length)

    expect(await held(store)).toEqual(Array.from({ length: 3 }, () => [failed, running, fresh]))
    // Of four old ranges that are not written to, one is left, with the failure.
    expect((await partitions(store)).length).toBe(before - 3)
    expect(await cleanLogs(store, { days: 30 })).toBe(0)
    expect(await cleanLogs(store, { days: 7, failureDays: 37 })).toBe(1)
    expect(await held(store)).toEqual(Array.from({ length: 3 }, () => [running, fresh]))
  })

  test('that nobody makes for a while lose no row, and begin again behind what had none', async () => {
    const store = await open()
    const server = await addServer(store)
    await store.query(`select setval('orchestra.log_id_seq', 1000000)`)
    const homeless = await logOf(store, server, 40, 'NOTHING')
    const ranges = await rangesOf(store, logTables)
    const next = await logOf(store, server, 0, 'SUCCESS')
    expect(ranges.some(({ first }) => first === next)).toBe(true)
    expect(await held(store)).toEqual(Array.from({ length: 3 }, () => [homeless, next]))
    expect(await cleanLogs(store, { days: 30 })).toBe(1)
    expect(await held(store)).toEqual(Array.from({ length: 3 }, () => [next]))
  })

  test('take over what an earlier release wrote, as it is', async () => {
    const store = await open()
    await store.query('drop schema orchestra cascade; create schema orchestra')
    await store.query(
      'create table orchestra.migration (version int primary key, at timestamptz default now())',
    )
    for (const [index, { change, sql }] of migrations.slice(0, 7).entries()) {
      if (change !== '') await store.query(change)
      await store.query(sql)
      await store.query('insert into orchestra.migration (version) values ($1)', [index + 1])
    }
    const server = await addServer(store)
    await store.query(`
      insert into orchestra.log (run_id, server_id, backend, method, script, script_bytes, fence, ended_at, state)
      select gen_random_uuid(), ${server}, 'nginx', 'ssh', 'x', 1, 1, case when n < 30 then now() end, 'STARTED'
      from generate_series(1, 30) n;
      insert into orchestra.log_chunk (log_id, sequence, stream, data) select id, 0, 1, 'said' from orchestra.log;
      insert into orchestra.log_operation (log_id, operation_id, position) select id, id, 0 from orchestra.log`)
    const file = async (table: string) =>
      (await store.query(`select pg_relation_filenode('orchestra.${table}') as file`))[0]
    const files = [await file('log_chunk'), await file('log_operation')]

    expect(await migrate(store)).toContain(8)

    expect([await file('log_chunk_before'), await file('log_operation_before')]).toEqual(files)
    // The open one is written on and ends, beside a new one.
    const writer = createLogWriter(store, { logId: 30 })
    await store.query('delete from orchestra.log_chunk where log_id = 30')
    void writer.write('stdout', 0, Buffer.from('more'))
    expect(await writer.finish({ state: 'SUCCESS' })).toBe(true)
    const fresh = await logOf(store, server, 0, 'SUCCESS')
    const all = [...Array.from({ length: 30 }, (_, index) => index + 1), fresh]
    expect(await held(store)).toEqual([all, all, all])
  })
})
