import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { installCapture } from '../../src/capture/index.ts'
import { ChangeWatch } from '../../src/manager/change-watch.ts'
import { migrate, openStore, type Store } from '../../src/store/index.ts'
import { model } from '../capture/support.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { until } from '../support/processes.ts'
import { testKey } from '../support/stores.ts'

let directory: string
let server: PostgresServer
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'orchestra-watch-'))
  server = await startPostgres({ settings: { max_prepared_transactions: 10 } })
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
afterAll(async () => {
  await server?.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function pages(databaseUrl: string): Promise<Store> {
  const store = await openStore({ databaseUrl, directory, key: testKey })
  closing.push(() => store.close())
  await migrate(store)
  await store.query('create table page (id int primary key)')
  await installCapture(store, [model({ name: 'page' })])
  return store
}

/** Watches as a worker does, without its sweep: what it misses stays unseen. */
function watching(store: Store): { watch: ChangeWatch; seen: Set<string>; errors: unknown[] } {
  const seen = new Set<string>()
  const errors: unknown[] = []
  const watch = new ChangeWatch({
    store,
    look: async () => {
      const rows = await store.query<{ keys: string[][] }>('delete from orchestra.change returning keys')
      for (const [key = ''] of rows.flatMap(({ keys }) => keys)) seen.add(key)
    },
    onError: (error) => errors.push(error),
  })
  const listener = store.listen(['orchestra_change', 'orchestra_control'], (channel, payload) => {
    if (channel === 'orchestra_change') watch.ask()
    else if (!watch.heard(payload) && payload === '') void watch.connected()
  })
  closing.push(async () => {
    await listener.close()
    await watch.close()
  })
  return { watch, seen, errors }
}

/** Clients of the application that write all the time, one transaction after the other, some of them slow. */
async function write(databaseUrl: string, writers: number, transactions: number): Promise<string[]> {
  const ids = async (writer: number) => {
    const client = new pg.Client(databaseUrl)
    await client.connect()
    const written: string[] = []
    for (let turn = 0; turn < transactions; turn++) {
      const id = writer * 1_000 + turn
      await client.query('begin')
      await client.query('insert into page values ($1)', [id])
      if ((writer + turn) % 5 === 0) await client.query('select pg_sleep(0.03)')
      if ((writer + turn) % 7 === 0) await client.query('rollback')
      else {
        await client.query('commit')
        written.push(String(id))
      }
    }
    await client.end()
    return written
  }
  return (await Promise.all(Array.from({ length: writers }, (_, writer) => ids(writer)))).flat()
}

const isAsleep = async (store: Store) => {
  const [row] = await store.query<{ asleep: boolean }>(
    'select to_timestamp(last_value) > clock_timestamp() as asleep from orchestra.asleep',
  )
  return row?.asleep === true
}

/** What a listener hears of one statement. */
async function heardOf(databaseUrl: string, statement: string): Promise<number> {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  let heard = 0
  client.on('notification', () => heard++)
  await client.query('listen orchestra_change')
  await client.query(statement)
  await client.query('select 1')
  await client.end()
  return heard
}

describe('watching for changes', () => {
  let plain: PostgresServer
  beforeAll(async () => {
    plain = await startPostgres()
  })
  afterAll(() => plain?.stop())

  it('misses none, and sleeps when there are no more', async () => {
    const url = await plain.database()
    const store = await pages(url)
    const { seen, errors } = watching(store)
    const written = await write(url, 8, 30)
    await until('every change is seen', () => written.every((id) => seen.has(id)))
    expect(seen.size).toBe(written.length)
    await until('the worker sleeps', () => isAsleep(store))
    await store.query('insert into page values (-1)')
    await until('a call wakes it', () => seen.has('-1'))
    expect(errors).toEqual([])
  })

  it('sees what a transaction commits that wrote before the worker slept', async () => {
    const url = await plain.database()
    const store = await pages(url)
    const { seen } = watching(store)
    await until('the worker sleeps', () => isAsleep(store))
    await store.query(`select setval('orchestra.asleep', 1)`)
    await store.transaction(async (tx) => {
      await tx.query('insert into page values (1)')
      await store.query('insert into page values (2)')
      await store.query(`select pg_notify('orchestra_change', '')`)
      await until('the worker has seen the other', () => seen.has('2'))
    })
    await until('it sees this one too', () => seen.has('1'))
  })

  it('sees what the youngest transaction of all commits, when it wrote before the worker slept', async () => {
    const url = await plain.database()
    const store = await pages(url)
    const { watch, seen } = watching(store)
    await until('the worker sleeps', () => isAsleep(store))
    await store.query(`select setval('orchestra.asleep', 1)`)
    await store.transaction(async (tx) => {
      await tx.query('insert into page values (1)')
      watch.ask()
      await new Promise((resolve) => setTimeout(resolve, 200))
    })
    await until('it sees the change', () => seen.has('1'))
  })

  it('is woken when another worker that ends lets nobody call any more', async () => {
    const url = await plain.database()
    const store = await pages(url)
    const { seen } = watching(store)
    const { watch: other } = watching(store)
    await until('a worker sleeps', () => isAsleep(store))
    await other.close()
    await until('the worker sleeps', () => isAsleep(store))
    await store.query('insert into page values (1)')
    await until('it sees the change', () => seen.has('1'))
  })

  it('is told by writers only while it sleeps', async () => {
    const url = await plain.database()
    const store = await pages(url)
    expect(await heardOf(url, 'insert into page values (1)')).toBe(0)
    const { watch } = watching(store)
    await until('the worker sleeps', () => isAsleep(store))
    expect(await heardOf(url, 'insert into page values (2)')).toBe(1)
    await until('the worker sleeps', () => isAsleep(store))
    await watch.close()
    expect(await heardOf(url, 'insert into page values (3)')).toBe(0)
  })

  it('is called no more when it died asleep', async () => {
    const url = await plain.database()
    const store = await pages(url)
    await store.query(
      `select setval('orchestra.asleep', floor(extract(epoch from clock_timestamp()))::bigint - 1)`,
    )
    expect(await heardOf(url, 'insert into page values (1)')).toBe(0)
  })

  it('works where no notification arrives', async () => {
    const url = await plain.database()
    const bouncer = await startPgBouncer(url)
    closing.push(() => bouncer.stop())
    const store = await pages(bouncer.url)
    const { seen, errors } = watching(store)
    const written = await write(bouncer.url, 4, 20)
    await until('every change is seen', () => written.every((id) => seen.has(id)))
    expect(errors).toEqual([])
  })

  it('goes on without the sequence by which it says that it sleeps', async () => {
    const url = await plain.database()
    const store = await pages(url)
    const { seen } = watching(store)
    await until('the worker sleeps', () => isAsleep(store))
    await store.query('drop sequence orchestra.asleep')
    await store.query(`insert into page values (1); select pg_notify('orchestra_change', '')`)
    await until('it sees a change that it is told of', () => seen.has('1'))
    await store.query('insert into page values (2)')
    await until('it sees a change that it is not told of', () => seen.has('2'))
  })

  it('lets writers prepare transactions, which it sees once they are committed', async () => {
    const url = await server.database()
    const store = await pages(url)
    const { seen, errors } = watching(store)
    await store.query('insert into page values (1)')
    await until('the worker watches', () => seen.has('1'))
    const client = await store.pool.connect()
    try {
      await client.query('begin')
      await client.query('insert into page values (2)')
      await client.query(`prepare transaction 'two'`)
      await store.query('insert into page values (3)')
      await until('another change is seen', () => seen.has('3'))
      expect(seen.has('2')).toBe(false)
      await client.query(`commit prepared 'two'`)
    } finally {
      client.release()
    }
    await until('the prepared change is seen', () => seen.has('2'))
    expect(errors).toEqual([])
  })
})
