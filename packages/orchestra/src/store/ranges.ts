import { planRanges, type Range, type RangePlan, type RangeState, rangeSize } from './range-plan.ts'
import { withShortLocks } from './short-locks.ts'
import type { Queryable, Store } from './store.ts'
import { TURNS } from './turn.ts'

/** Tables of schema `orchestra` that are partitioned alike, by the numbers that one column of one table gives out. */
export interface RangedTables {
  tables: readonly string[]
  /** The column that they are partitioned by. */
  column: string
  /** Where the numbers come from, and when each was given. */
  source: { table: string; at: string }
}

/** Milliseconds to go on trying while others read what is to be dropped. */
export const RANGES_PATIENCE = 60_000

/** Ranges that all of the tables have, in their order. What has no range is in a partition of its own and not told. */
export async function rangesOf(db: Queryable, { tables }: RangedTables): Promise<Range[]> {
  return db.query<Range>(RANGES, [tables])
}

/** Makes ranges ahead, and begins one on each day. Without it, rows are kept all the same. */
export async function keepRanges(store: Store, ranged: RangedTables): Promise<void> {
  if (isNothing(planRanges(await readState(store, ranged)))) return
  await withShortLocks(store, { exclusion: TURNS.ranges, patience: RANGES_PATIENCE }, async (tx) => {
    const state = await readState(tx, ranged)
    if (isNothing(planRanges(state))) return
    const { make, goOnAt } = planRanges(state, rangeSize(await rowsOfADay(tx, ranged)))
    for (const table of ranged.tables) for (const range of make) await makeRange(tx, table, range)
    if (goOnAt !== null) await goOn(tx, ranged, goOnAt)
  })
}

function isNothing({ make, goOnAt }: RangePlan): boolean {
  return make.length === 0 && goOnAt === null
}

async function readState(db: Queryable, ranged: RangedTables): Promise<RangeState> {
  const { table, at } = ranged.source
  const ranges = await rangesOf(db, ranged)
  const [row] = await db.query<Omit<RangeState, 'ranges'>>(
    `with given as (
       select case when is_called then last_value + 1 else last_value end as next from orchestra.${table}_id_seq
     ), open as (
       select max(first) as first from unnest($1::bigint[]) as range(first), given where first <= next
     )
     select next, ${utcDay('now()')} as today,
       (select ${utcDay(`one.${at}`)} from orchestra.${table} one
        where one.id >= coalesce(open.first, 0) order by one.id limit 1) as "begunOn"
     from given, open`,
    [ranges.map(({ first }) => first)],
  )
  return { ...(row ?? { next: 1, today: '', begunOn: null }), ranges }
}

function utcDay(time: string): string {
  return `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD')`
}

async function rowsOfADay(tx: Queryable, { source: { table, at } }: RangedTables): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    `select count(*) as count from orchestra.${table} where ${at} > now() - interval '1 day'`,
  )
  return row?.count ?? 0
}

async function makeRange(tx: Queryable, table: string, range: Range): Promise<void> {
  const name = nameOf(table, range)
  await tx.query(like(name, table))
  await tx.query(attach(name, table, range))
}

/** Numbers only ever rise, whoever takes one meanwhile. */
async function goOn(tx: Queryable, { source }: RangedTables, number: number): Promise<void> {
  const sequence = `orchestra.${source.table}_id_seq`
  await tx.query(`select setval('${sequence}', $1, false) from ${sequence} where last_value < $1`, [number])
}

export function nameOf(table: string, { first }: Range): string {
  return `${table}_${first ?? 'before'}`
}

/** A table beside the others, which locks none of them; `attach` makes it one of them. */
export function like(name: string, table: string): string {
  return `create table orchestra.${name} (like orchestra.${table} including defaults including constraints)`
}

export function attach(name: string, table: string, { first, until }: Range): string {
  return `alter table orchestra.${table} attach partition orchestra.${name}
    for values from (${first ?? 'minvalue'}) to (${until ?? 'maxvalue'})`
}

const RANGES = `
select first, until from (
  select substring(bound from 'FROM \\(''?(\\d+)''?\\)')::bigint as first,
    substring(bound from 'TO \\(''?(\\d+)''?\\)')::bigint as until
  from unnest($1::text[]) as name(name)
  join pg_inherits on inhparent = ('orchestra.' || name.name)::regclass
  join pg_class on pg_class.oid = inhrelid
  cross join pg_get_expr(relpartbound, pg_class.oid) as bound
  where bound <> 'DEFAULT'
) as range
group by first, until having count(*) = cardinality($1::text[])
order by first nulls first`
