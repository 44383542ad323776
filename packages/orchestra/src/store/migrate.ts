import { OrchestraError } from '../errors.ts'
import { assertWhole } from './damage.ts'
import { MIGRATION_LOCK, type Migration, migrations } from './migrations/index.ts'
import { withShortLocks } from './short-locks.ts'
import type { Queryable, Store } from './store.ts'

/** Milliseconds to go on trying while the application's transactions have the table of changes open. */
const PATIENCE = 60_000

export const schemaVersion = migrations.length

/** The version of the schema that the store holds; 0 when it was never migrated. */
export async function storedVersion(store: Queryable): Promise<number> {
  const [found] = await store.query<{ present: boolean }>(
    `select to_regclass('orchestra.migration') is not null as present`,
  )
  if (!found?.present) return 0
  const [row] = await store.query<{ version: number }>(
    'select coalesce(max(version), 0) as version from orchestra.migration',
  )
  return row?.version ?? 0
}

/**
 * Brings the schema up to date; processes that start together wait for the first. Answers the versions applied.
 * @throws OrchestraError ORC_STORE_OUTDATED, ORC_STORE_DAMAGED
 */
export async function migrate(store: Store): Promise<number[]> {
  const version = await storedVersion(store)
  assertNotNewer(version)
  await assertWhole(store, version)
  if (version === schemaVersion) return []
  const applied: number[] = []
  for (const [index, migration] of migrations.entries()) {
    if (index >= version && (await apply(store, index + 1, migration))) applied.push(index + 1)
  }
  return applied
}

/** Answers whether it was this process that did it. */
async function apply(store: Store, number: number, { change, sql }: Migration): Promise<boolean> {
  const isDone = async (tx: Queryable) => (await storedVersion(tx)) >= number
  if (change !== '') await exclusively(store, async (tx) => (await isDone(tx)) || tx.query(change))
  return exclusively(store, async (tx) => {
    await prepareSchema(tx)
    if (await isDone(tx)) return false
    await tx.query(sql)
    await tx.query('insert into orchestra.migration (version) values ($1)', [number])
    return true
  })
}

function exclusively<Result>(store: Store, work: (tx: Queryable) => Promise<Result>): Promise<Result> {
  return withShortLocks(store, { exclusion: MIGRATION_LOCK, patience: PATIENCE }, work)
}

async function prepareSchema(tx: Queryable): Promise<void> {
  // Even where it exists, `if not exists` would ask for the right to make one.
  const [found] = await tx.query<{ absent: boolean }>(`select to_regnamespace('orchestra') is null as absent`)
  if (found?.absent) await tx.query('create schema orchestra')
  await tx.query(
    'create table if not exists orchestra.migration (version integer primary key, at timestamptz not null default now())',
  )
}

/** Throws when the schema is not the one that this version of Orchestra works with, or not all of it is there. */
export async function assertMigrated(store: Queryable): Promise<void> {
  const version = await storedVersion(store)
  assertNotNewer(version)
  await assertWhole(store, version)
  if (version < schemaVersion) {
    throw new OrchestraError(
      'ORC_STORE_OUTDATED',
      `The database is at schema version ${version}, this Orchestra needs ${schemaVersion}`,
      {
        hint: 'Run `orchestra up` once, or `orchestra up --migrate-only`, with a role that may create the schema "orchestra"',
      },
    )
  }
}

function assertNotNewer(version: number): void {
  if (version <= schemaVersion) return
  throw new OrchestraError(
    'ORC_STORE_OUTDATED',
    `The database is at schema version ${version}, newer than this Orchestra (${schemaVersion})`,
    { hint: 'Update the package "orchestrajs" on this machine; a schema never goes back' },
  )
}
