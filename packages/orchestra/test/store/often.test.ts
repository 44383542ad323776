import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { often, openStore, type Store } from '../../src/store/index.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { testKey } from '../support/stores.ts'

const ASKED = often('select value as often from t where id = $1::int')
const AMONG = often('select count(*) as among from t where id = any($1::int[])')
const prepared = `select statement from pg_prepared_statements order by 1`

describe('a statement that is sent often', () => {
  let postgres: PostgresServer
  let databaseUrl: string
  const opened: { close(): Promise<void> }[] = []

  beforeAll(async () => {
    postgres = await startPostgres()
    databaseUrl = await postgres.database()
    const store = await open(databaseUrl)
    await store.query('create table t (id int primary key, value text)')
    await store.query(`insert into t values (1, 'one')`)
  }, 120_000)

  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close()
  })

  afterAll(() => postgres.stop())

  async function open(url: string): Promise<Store> {
    const store = await openStore({ databaseUrl: url, key: testKey, connections: 1 })
    opened.push(store)
    return store
  }

  it('is prepared once in a session of its own, and others are not', async () => {
    const store = await open(databaseUrl)
    for (const _ of [1, 2, 3]) expect(await store.query(ASKED, [1])).toEqual([{ often: 'one' }])
    await store.query('select $1::int as seldom', [1])
    expect(await store.query(prepared)).toEqual([{ statement: ASKED }])
  })

  it('is planned anew for many values', async () => {
    const store = await open(databaseUrl)
    const many = Array.from({ length: 1_000 }, (_, id) => id)
    expect(await store.query(AMONG, [many])).toEqual([{ among: 1 }])
    expect(await store.query(prepared)).toEqual([])
    await store.query(AMONG, [[1]])
    expect(await store.query(prepared)).toEqual([{ statement: AMONG }])
  })

  it('is not prepared where sessions are shared, however often they change', async () => {
    const bouncer = await startPgBouncer(databaseUrl, { poolSize: 2 })
    try {
      const stores = [await open(bouncer.url), await open(bouncer.url), await open(bouncer.url)]
      const ask = (store: Store) => store.transaction((tx) => tx.query(ASKED, [1]))
      for (const _ of [1, 2, 3])
        expect(await Promise.all(stores.map(ask))).toEqual(stores.map(() => [{ often: 'one' }]))
      for (const store of stores) expect(await store.query(prepared)).toEqual([])
    } finally {
      for (const one of opened.splice(0)) await one.close()
      await bouncer.stop()
    }
  })

  it('answers again after one error when a migration has changed what it answers', async () => {
    const store = await open(databaseUrl)
    await store.query(ASKED, [1])
    await store.query('alter table t alter column value type varchar(10)')
    await expect(store.query(ASKED, [1])).rejects.toMatchObject({ code: '0A000' })
    expect(await store.query(ASKED, [1])).toEqual([{ often: 'one' }])
  })

  it('may be sent behind another before that is answered, and what fails undoes all of it', async () => {
    const store = await open(databaseUrl)
    const both = await store.transaction((tx) =>
      Promise.all([tx.query(ASKED, [1]), tx.query(ASKED, [2]), tx.query(`insert into t values (2, 'two')`)]),
    )
    expect(both).toEqual([[{ often: 'one' }], [], []])
    const broken = store.transaction((tx) =>
      Promise.all([
        tx.query(`insert into t values (1, 'again')`),
        tx.query(`insert into t values (3, 'three')`),
      ]),
    )
    await expect(broken).rejects.toMatchObject({ code: '23505' })
    expect(await store.query('select id from t order by id')).toEqual([{ id: 1 }, { id: 2 }])
    // What a library sends by the pool is sent as by any other.
    const client = await store.pool.connect()
    expect(client.pipeline).toBe(false)
    client.release()
  })
})
