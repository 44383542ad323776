import { messageOf, OrchestraError } from '../errors.ts'
import { assertWhole } from './damage.ts'
import { type Migration, migrations } from './migrations/index.ts'
import { isPassing, withShortLocks } from './short-locks.ts'
import type { Queryable, Store } from './store.ts'
import { TURNS } from './turn.ts'

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
 * @param patience milliseconds to go on trying while others have a table locked
 * @throws OrchestraError ORC_STORE_OUTDATED, ORC_STORE_DAMAGED, ORC_STORE_IN_USE
 */
export async function migrate(store: Store, patience = PATIENCE): Promise<number[]> {
  const version = await wholeVersion(store)
  if (version >= schemaVersion) return []
  const applied: number[] = []
  for (const [index, migration] of migrations.entries()) {
    if (index >= version && (await apply(store, index + 1, migration, patience))) applied.push(index + 1)
  }
  return applied
}

/** Answers whether it was this process that did it. */
async function apply(
  store: Store,
  number: number,
  { change, sql, older }: Migration,
  patience: number,
): Promise<boolean> {
  const isDone = async (tx: Queryable) => (await storedVersion(tx)) >= number
  if (change !== '') await exclusively(store, patience, async (tx) => (await isDone(tx)) || tx.query(change))
  return exclusively(store, patience, async (tx) => {
    await prepareSchema(tx)
    if (await isDone(tx)) return false
    await tx.query(sql)
    await tx.query('insert into orchestra.migration (version, older) values ($1, $2)', [
      number,
      older ?? 'stop',
    ])
    return true
  })
}

async function exclusively<Result>(
  store: Store,
  patience: number,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> {
  try {
    return await withShortLocks(store, { exclusion: TURNS.migration, patience }, work)
  } catch (error) {
    if (!isPassing(error)) throw error
    throw new OrchestraError('ORC_STORE_IN_USE', `The schema cannot be migrated: ${messageOf(error)}`, {
      hint: 'A transaction has one of its tables open for long (see pg_stat_activity); end it and try again. Nothing has changed since the last migration that was applied whole',
      cause: error,
    })
  }
}

async function prepareSchema(tx: Queryable): Promise<void> {
  // Even where it exists, `if not exists` would ask for the right to make one.
  const [found] = await tx.query<{ absent: boolean }>(
    `select not exists (select from pg_namespace where nspname = 'orchestra') as absent`,
  )
  if (found?.absent) await tx.query('create schema orchestra')
  await tx.query(
    'create table if not exists orchestra.migration (version integer primary key, at timestamptz not null default now())',
  )
  await noteOlder(tx)
}

/** Part of no migration: who makes lost tables again runs those, and this table is never lost. */
async function noteOlder(tx: Queryable): Promise<void> {
  if (!(await tellsOfOlder(tx))) await tx.query('alter table orchestra.migration add column older text')
}

async function tellsOfOlder(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ found: boolean }>(
    `select exists (select from pg_attribute where attrelid = to_regclass('orchestra.migration') and attname = 'older'
       and not attisdropped) as found`,
  )
  return row?.found === true
}

/** Throws when the schema is not the one that this version of Orchestra works with, or not all of it is there. */
export async function assertMigrated(store: Queryable): Promise<void> {
  const version = await wholeVersion(store)
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

/** The version of a schema of which nothing is missing; asked again where another process migrates it meanwhile. */
async function wholeVersion(store: Queryable): Promise<number> {
  await assertNotNewer(store)
  const version = await storedVersion(store)
  try {
    await assertWhole(store, version)
    return version
  } catch (error) {
    if ((await storedVersion(store)) === version) throw error
    return wholeVersion(store)
  }
}

/**
 * A newer release may have migrated the schema, also while this one works. It goes on as long as every migration that it does not
 * know says that it may.
 * @throws OrchestraError ORC_STORE_OUTDATED
 */
export async function assertNotNewer(store: Queryable): Promise<void> {
  const version = await storedVersion(store)
  if (version <= schemaVersion || (await allowsOlder(store))) return
  throw new OrchestraError(
    'ORC_STORE_OUTDATED',
    `The database is at schema version ${version}, newer than this Orchestra (${schemaVersion}) can work with`,
    { hint: 'Update the package "orchestrajs" on this machine; a schema never goes back' },
  )
}

async function allowsOlder(db: Queryable): Promise<boolean> {
  if (!(await tellsOfOlder(db))) return false
  const stopping = await db.query(
    `select from orchestra.migration where version > $1 and older is distinct from 'go on' limit 1`,
    [schemaVersion],
  )
  return stopping.length === 0
}
