import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openStore, ring, type Store } from '../../src/store/index.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { until } from '../support/processes.ts'
import { describeStores, testKey } from '../support/stores.ts'

describeStores('a store', (open) => {
  it('commits a transaction, and rolls it back when the work throws', async () => {
    const store = await open()
    await store.query('create table t (a int)')
    expect(await store.transaction((tx) => tx.query('insert into t values (1) returning a'))).toEqual([
      { a: 1 },
    ])
    const broken = store.transaction(async (tx) => {
      await tx.query('insert into t values (2)')
      throw new Error('on purpose')
    })
    await expect(broken).rejects.toThrow('on purpose')
    expect(await store.query('select a from t')).toEqual([{ a: 1 }])
  })

  it('answers 8-byte integers as numbers, and the rows of the last of several statements', async () => {
    const store = await open()
    expect(await store.query('select 1 as one; select 9007199254740991::int8 as big')).toEqual([
      { big: Number.MAX_SAFE_INTEGER },
    ])
  })

  it('says what Postgres says about a wrong statement, and goes on', async () => {
    const store = await open()
    await expect(store.query('select nothing')).rejects.toMatchObject({ code: '42703' })
    expect(await store.query('select $1::text as text', ["'"])).toEqual([{ text: "'" }])
  })

  it('rings once when it begins to listen, then at every notification', async () => {
    const store = await open()
    const heard: string[] = []
    const listener = store.listen(['one', 'two'], (channel, payload) => heard.push(`${channel}:${payload}`))
    await until('both first rings', () => heard.length === 2)
    await store.query(`select pg_notify('two', 'text')`)
    await until('the notification', () => heard.length === 3)
    expect(heard).toEqual(['one:', 'two:', 'two:text'])
    await listener.close()
    await store.query(`select pg_notify('two', 'late')`)
    expect(heard).toHaveLength(3)
  })

  it('rings for itself, once for what is rung at one time, and in a transaction when that is committed', async () => {
    const store = await open()
    const heard: string[] = []
    const listener = store.listen(['one'], (_, payload) => heard.push(payload))
    await until('the first ring', () => heard.length === 1)
    for (const payload of ['a', 'b', 'b', 'c']) await ring(store, 'one', payload)
    await until('those that were rung', () => heard.includes('c'))
    expect(heard).toEqual(['', 'a', 'b', 'c'])
    await store.transaction(async (tx) => {
      await ring(tx, 'one', 'd')
      expect(heard).not.toContain('d')
    })
    await until('the one in a transaction', () => heard.includes('d'))
    await listener.close()
  })
})

describe('a Postgres that goes away and comes back', () => {
  let postgres: PostgresServer
  let proxy: FaultProxy
  let store: Store

  beforeAll(async () => {
    postgres = await startPostgres()
  }, 120_000)

  beforeEach(async () => {
    const url = new URL(await postgres.database())
    proxy = await startFaultProxy(Number(url.port))
    url.port = String(proxy.port)
    store = await openStore({ databaseUrl: url.href, key: testKey })
  })

  afterEach(async () => {
    await store.close()
    await proxy.stop()
  })

  afterAll(() => postgres.stop())

  it('is an error with a code and what to do, and then works again', async () => {
    await store.query('select 1')
    await proxy.refuse()
    proxy.cutNow()
    const unreachable = { code: 'ORC_STORE_UNREACHABLE', hint: expect.stringContaining('DATABASE_URL') }
    await expect(store.query('select 1')).rejects.toMatchObject(unreachable)
    await expect(store.transaction((tx) => tx.query('select 1'))).rejects.toMatchObject(unreachable)
    await proxy.accept()
    expect(await store.query('select 1 as one')).toEqual([{ one: 1 }])
  })

  it('breaks the transaction that it cuts, and the connection is not used again', async () => {
    await store.query('create table t (a int)')
    const cut = store.transaction(async (tx) => {
      await tx.query('insert into t values (1)')
      proxy.cutNow()
      await tx.query('insert into t values (2)')
    })
    await expect(cut).rejects.toMatchObject({ code: 'ORC_STORE_UNREACHABLE' })
    expect(await store.query('select a from t')).toEqual([])
  })

  it('rings for those who listen, who may have missed something', async () => {
    const heard: string[] = []
    const listener = store.listen(['bell'], (_, payload) => heard.push(payload))
    await until('the first ring', () => heard.length === 1)
    await proxy.refuse()
    proxy.cutNow()
    await proxy.accept()
    await until('the ring after the cut', () => heard.length === 2)
    await store.query(`select pg_notify('bell', 'again')`)
    await until('a notification', () => heard.includes('again'))
    await listener.close()
  })

  it('that ends the connection with its reason is unreachable too', async () => {
    const ended = store.transaction((tx) => tx.query('select pg_terminate_backend(pg_backend_pid())'))
    await expect(ended).rejects.toMatchObject({ code: 'ORC_STORE_UNREACHABLE' })
    expect(await store.query('select 1 as one')).toEqual([{ one: 1 }])
  })
})

it('a name that resolves to nothing and a port nobody listens on are unreachable', async () => {
  for (const databaseUrl of [
    'postgresql://postgres@nothing.invalid/x',
    'postgresql://postgres@127.0.0.1:1/x',
  ]) {
    const store = await openStore({ databaseUrl, key: testKey })
    await expect(store.query('select 1')).rejects.toMatchObject({ code: 'ORC_STORE_UNREACHABLE' })
    await store.close()
  }
})
