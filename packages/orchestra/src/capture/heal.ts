import { NOTE_OPERATIONS, RECOUNT } from '../operations/tally.ts'
import { requestSync } from '../request/request.ts'
import {
  assertNothingLost,
  damageOf,
  givingWay,
  migrations,
  type Queryable,
  type Store,
  schemaVersion,
  storedVersion,
  TURNS,
  takeTurn,
} from '../store/index.ts'
import { restoreGrants } from './capture-role.ts'

/** Where the migrations make everything once more, for what is gone to be taken from there. */
const SPARE = 'orchestra_spare'

interface ForeignKey {
  table: string
  name: string
  definition: string
  /** The rows that go with the ones they refer to. */
  orphans: string | null
}

/**
 * Makes again what a migration tool has dropped from Orchestra's schema, and has everything compared, because nobody knows what
 * was in it.
 * @returns the tables that were made again
 * @throws OrchestraError ORC_STORE_DAMAGED when servers, routes or something else is gone that only a backup has; then nothing is made
 */
export async function heal(store: Store): Promise<string[]> {
  // Who does not know all tables as they are now would make them as they were.
  if ((await storedVersion(store)) > schemaVersion) return []
  const { lost, remakable } = await damageNow(store)
  if (lost.length + remakable.length === 0) return []
  return givingWay(store, healOnce)
}

async function healOnce(tx: Queryable): Promise<string[]> {
  await takeTurn(tx, TURNS.migration)
  const damage = await damageNow(tx)
  assertNothingLost(damage)
  if (damage.remakable.length === 0) return []
  await remake(tx, damage.remakable)
  await restoreGrants(tx)
  await requestSync(tx, { mode: 'sync', actor: null, source: 'heal' })
  return damage.remakable
}

async function damageNow(db: Queryable) {
  return damageOf(db, await storedVersion(db))
}

async function remake(tx: Queryable, names: readonly string[]): Promise<void> {
  const version = await storedVersion(tx)
  await tx.query(`create schema ${SPARE}`)
  for (const { change, sql } of migrations.slice(0, version))
    await tx.query(`${change}; ${sql}`.replaceAll('orchestra.', `${SPARE}.`))
  const foreignKeys = await cutForeignKeys(tx)
  for (const name of names) await takeFromSpare(tx, name)
  await tx.query(`drop schema ${SPARE} cascade`)
  for (const foreignKey of foreignKeys) await restoreForeignKey(tx, foreignKey)
  for (const name of names) await tx.query(filled[name] ?? '')
  await countAgain(tx, names)
}

/** What notes the changes of a table stays with the one that was lost; and a store of before notes nothing. */
async function countAgain(tx: Queryable, names: readonly string[]): Promise<void> {
  const [noted] = await tx.query<{ present: boolean }>(
    `select to_regclass('orchestra.tally') is not null as present`,
  )
  if (noted?.present !== true) return
  if (names.includes('operation')) await tx.query(NOTE_OPERATIONS)
  await tx.query(RECOUNT)
}

/** A table with what it is partitioned into. */
async function takeFromSpare(tx: Queryable, name: string): Promise<void> {
  const parts = await tx.query<{ table: string }>(
    'select inhrelid::regclass::text as table from pg_inherits where inhparent = to_regclass($1)',
    [`${SPARE}.${name}`],
  )
  for (const { table } of [{ table: `${SPARE}.${name}` }, ...parts])
    await tx.query(`alter table ${table} set schema orchestra`)
}

/** Takes the references between the spare tables away, which would bind what is taken from them to what is not. */
async function cutForeignKeys(tx: Queryable): Promise<ForeignKey[]> {
  const found = await tx.query<ForeignKey>(
    `select c.conrelid::regclass::text as table, c.conname as name, pg_get_constraintdef(c.oid) as definition,
       case when c.confdeltype = 'c' then format(
         'delete from %s child where not exists (select from %s parent where parent.id = child.%I)',
         c.conrelid::regclass, c.confrelid::regclass, a.attname) end as orphans
     from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
     where c.contype = 'f' and c.connamespace = to_regnamespace($1)`,
    [SPARE],
  )
  for (const { table, name } of found) await tx.query(`alter table ${table} drop constraint ${name}`)
  return found
}

/** A table that was dropped took along what referred to it. */
async function restoreForeignKey(tx: Queryable, foreignKey: ForeignKey): Promise<void> {
  const own = (text: string) => text.replaceAll(`${SPARE}.`, 'orchestra.')
  const table = own(foreignKey.table)
  const [row] = await tx.query<{ missing: boolean }>(
    `select to_regclass($1) is not null and not exists (
       select from pg_constraint where conrelid = to_regclass($1) and conname = $2) as missing`,
    [table, foreignKey.name],
  )
  if (row?.missing !== true) return
  if (foreignKey.orphans !== null) await tx.query(own(foreignKey.orphans))
  await tx.query(`alter table ${table} add constraint ${foreignKey.name} ${own(foreignKey.definition)}`)
}

/** Rows that a table is never without, and numbers that others remember and must not be given out again. */
const filled: Readonly<Record<string, string>> = {
  audit_chain: `update orchestra.audit_chain set
      anchor_link = first.link - 1, anchor_hash = first.prev_hash, head_link = last.link, head_hash = last.hash
    from (select link, prev_hash from orchestra.audit where link is not null order by link limit 1) as first,
      (select link, hash from orchestra.audit where link is not null order by link desc limit 1) as last`,
  lane: 'insert into orchestra.lane (server_id) select id from orchestra.server',
  log: `select setval(pg_get_serial_sequence('orchestra.log', 'id'), greatest(1,
      (select max(log_id) from orchestra.placement), (select max(log_id) from orchestra.operation)));
    truncate orchestra.log_operation, orchestra.log_chunk`,
  operation: `select setval(pg_get_serial_sequence('orchestra.operation', 'id'), greatest(1,
      (select max(operation_id) from orchestra.log_operation)))`,
  inspection: `select setval(pg_get_serial_sequence('orchestra.inspection', 'id'), greatest(1,
      (select max(inspection_id) from orchestra.finding)))`,
}
