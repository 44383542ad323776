import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { migrate, openStore, type Store } from '../../src/store/index.ts'
import { type PostgresServer, startPostgres } from './postgres.ts'

/** Opens a migrated store over a database that holds nothing else; it is closed after the test. */
export type OpenStore = () => Promise<Store>

/** The key of every test store, for tests that open a second one over the same database. */
export const testKey = '5e'.repeat(32)

const START_TIMEOUT = 120_000

/**
 * Runs the tests twice: on an embedded database and on a real Postgres. `kind` tells which, for the few that can only be
 * true on one.
 */
export function describeStores(name: string, tests: (open: OpenStore, kind: Store['kind']) => void): void {
  describe(`${name} (PGlite)`, () => tests(embeddedStores(), 'pglite'))
  describePostgres(name, (open) => tests(open, 'postgres'))
}

/** What has to do with several sessions: the embedded database has one. */
export function describePostgres(name: string, tests: (open: OpenStore) => void): void {
  describe(`${name} (Postgres)`, () => tests(postgresStores()))
}

/** Starting PGlite takes seconds: one stays open for the whole file, and each test gets it emptied. */
function embeddedStores(): OpenStore {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-store-'))
  const keepOpened = closeAfterEach()
  let base: Store | undefined
  beforeAll(async () => {
    base = await openStore({ directory, key: testKey })
  }, START_TIMEOUT)
  afterAll(async () => {
    await base?.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return async () => {
    const store = keepOpened(await openStore({ directory, key: testKey }))
    await store.query(emptyDatabase)
    await migrate(store)
    return store
  }
}

function postgresStores(): OpenStore {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-store-'))
  const keepOpened = closeAfterEach()
  let server: PostgresServer | undefined
  beforeAll(async () => {
    server = await startPostgres()
  }, START_TIMEOUT)
  afterAll(async () => {
    await server?.stop()
    rmSync(directory, { recursive: true, force: true })
  })
  return async () => {
    if (server === undefined) throw new Error('stores can be opened in tests and hooks only')
    const databaseUrl = await server.database()
    const store = keepOpened(await openStore({ databaseUrl, directory, key: testKey }))
    await migrate(store)
    return store
  }
}

function closeAfterEach(): (store: Store) => Store {
  let opened: Store[] = []
  afterEach(async () => {
    const stores = opened
    opened = []
    await Promise.all(stores.map((store) => store.close()))
  })
  return (store) => {
    opened.push(closeOnce(store))
    return opened.at(-1) ?? store
  }
}

/** A test may close its store itself, to see what happens then. */
function closeOnce(store: Store): Store {
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= store.close()
    return closing
  }
  return { ...store, close }
}

const emptyDatabase = `
do $$
declare
  name text;
begin
  for name in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
    execute format('drop schema %I cascade', name);
  end loop;
  create schema public;
  grant usage on schema public to public;
end
$$`
