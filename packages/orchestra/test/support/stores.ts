import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { migrate, openStore, type Store } from '../../src/store/index.ts'
import { copyTree } from './copy-tree.ts'
import { type PostgresServer, startPostgres } from './postgres.ts'
import { premade } from './premade.ts'

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

function embeddedStores(): OpenStore {
  const directories: string[] = []
  const keepOpened = closeAfterEach(() => {
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
  })
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), 'orchestra-store-'))
    directories.push(directory)
    await premade('embedded-migrated', directory, makeEmbedded)
    return keepOpened(await openStore({ directory, key: testKey }))
  }
}

async function makeEmbedded(directory: string): Promise<void> {
  const store = await openStore({ directory, key: testKey })
  await migrate(store)
  await store.close()
}

function postgresStores(): OpenStore {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-store-'))
  const keepOpened = closeAfterEach()
  let server: PostgresServer | undefined
  beforeAll(async () => {
    server = await startPostgres({ fill: (data) => premade('postgres-migrated', data, makeMigrated) })
  }, START_TIMEOUT)
  afterAll(async () => {
    await server?.stop()
    rmSync(directory, { recursive: true, force: true })
  })
  return async () => {
    if (server === undefined) throw new Error('stores can be opened in tests and hooks only')
    const databaseUrl = await server.database(migrated)
    return keepOpened(await openStore({ databaseUrl, directory, key: testKey }))
  }
}

/** The database that is copied for each test. */
const migrated = 'migrated'

async function makeMigrated(data: string): Promise<void> {
  const server = await startPostgres()
  const databaseUrl = await server.database()
  const store = await openStore({ databaseUrl, directory: data, key: testKey })
  await migrate(store)
  await store.close()
  const client = new pg.Client({ connectionString: new URL('/postgres', databaseUrl).href })
  await client.connect()
  await client.query(`alter database ${basename(new URL(databaseUrl).pathname)} rename to ${migrated}`)
  await client.end()
  await server.stop((made) => copyTree(made, data))
}

function closeAfterEach(afterwards = () => {}): (store: Store) => Store {
  let opened: Store[] = []
  afterEach(async () => {
    const stores = opened
    opened = []
    await Promise.all(stores.map((store) => store.close()))
    afterwards()
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
