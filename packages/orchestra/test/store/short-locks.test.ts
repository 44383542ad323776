import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { hasCode, openStore, type Store, withShortLocks } from '../../src/store/index.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { until } from '../support/processes.ts'
import { testKey } from '../support/stores.ts'

let server: PostgresServer
let store: Store
let other: pg.Client

beforeAll(async () => {
  // Shorter than a wait for a lock, so that it is Postgres who finds a deadlock.
  server = await startPostgres({ settings: { deadlock_timeout: '10ms' } })
})
beforeEach(async () => {
  const databaseUrl = await server.database()
  store = await openStore({ databaseUrl, key: testKey })
  await store.query('create table first (id int); create table second (id int)')
  other = new pg.Client(databaseUrl)
  await other.connect()
  // Whoever looks for a deadlock first is the one that Postgres ends: here that is never the application.
  await other.query(`set deadlock_timeout = '1h'`)
  await other.query('begin; lock table first')
  return async () => {
    await other.end()
    await store.close()
  }
})
afterAll(() => server?.stop())

const isWaiting = async () => (await store.query(`select from pg_locks where not granted`)).length > 0

it('a deadlock with the application is tried again', async () => {
  const errors: unknown[] = []
  let attempts = 0
  await withShortLocks(store, { exclusion: 1, patience: 30_000 }, async (tx) => {
    attempts++
    await tx.query('lock table second')
    if (attempts === 1) {
      void other.query('lock table second').then(() => other.query('rollback'))
      await until('the application waits', isWaiting)
    }
    await tx.query('lock table first').catch((error: unknown) => {
      errors.push(error)
      throw error
    })
  })
  expect(errors.some((error) => hasCode(error, ['40P01']))).toBe(true)
  expect(attempts).toBeGreaterThan(1)
})

it('each try waits longer than the one before, and none so long that an application notices', async () => {
  const waits: unknown[] = []
  await withShortLocks(store, { exclusion: 1, patience: 30_000 }, async (tx) => {
    waits.push(...(await tx.query('show lock_timeout')))
    if (waits.length === 5) await other.query('rollback')
    await tx.query('lock table first')
  })
  expect(waits).toEqual(['50ms', '100ms', '200ms', '400ms', '400ms'].map((wait) => ({ lock_timeout: wait })))
})

it('a vacuum that Postgres began by itself gives way', async () => {
  const ordinary = await startPostgres({ settings: { autovacuum_naptime: '1s' } })
  const emptied = await openStore({ databaseUrl: await ordinary.database(), key: testKey })
  onTestFinished(async () => {
    await emptied.close()
    await ordinary.stop()
  })
  await emptied.query(`create table crowded (id int) with (autovacuum_vacuum_threshold = 1,
    autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)`)
  await emptied.query('insert into crowded select generate_series(1, 200_000)')
  await emptied.query('delete from crowded')
  await until('it is vacuumed', async () => {
    const vacuums = await emptied.query(
      `select from pg_stat_progress_vacuum where relid = 'crowded'::regclass`,
    )
    return vacuums.length > 0
  })
  await withShortLocks(emptied, { exclusion: 1, patience: 60_000 }, (tx) => tx.query('lock table crowded'))
}, 90_000)

it('a lock that is never free is given up, with what Postgres said of it', async () => {
  const waiting = withShortLocks(store, { exclusion: 1, patience: 100 }, (tx) => tx.query('lock table first'))
  await expect(waiting).rejects.toMatchObject({ code: '55P03' })
})

it('any other error ends it at once', async () => {
  let attempts = 0
  const failing = withShortLocks(store, { exclusion: 1, patience: 30_000 }, (tx) => {
    attempts++
    return tx.query('select 1 / 0')
  })
  await expect(failing).rejects.toMatchObject({ code: '22012' })
  expect(attempts).toBe(1)
})
