import {
  attach,
  like,
  nameOf,
  type Queryable,
  RANGES_PATIENCE,
  type Range,
  rangesOf,
  type Store,
  TURNS,
  withShortLocks,
} from '../store/index.ts'
import { logTables } from './ranges.ts'
import { planRetention, type RangeFacts } from './retention-plan.ts'
import { failureStates } from './state.ts'

export interface RetentionOptions {
  /** Days that a log is kept. */
  days: number
  /** Days that the log of a failure is kept; default four times as long. */
  failureDays?: number
  /** Logs deleted by one statement. */
  batch?: number
}

const DEFAULT_BATCH = 200
/** Logs of which nothing is left but themselves. */
const BARE_BATCH = 2_000

/** What says which logs go: `$1` and `$2` days, `$3` states of failures, `$4` logs that stay. */
type Bounds = [days: number, failureDays: number, failures: readonly string[], kept: readonly number[]]

/**
 * Removes old logs and answers how many. Open logs and the last success of each backend on each server are kept for ever: they say
 * what runs and when it was last well. What a log holds goes before the log: nothing is ever left of one that is gone.
 */
export async function cleanLogs(store: Store, options: RetentionOptions): Promise<number> {
  const failureDays = options.failureDays ?? options.days * 4
  const batch = options.batch ?? DEFAULT_BATCH
  const bounds: Bounds = [options.days, failureDays, failureStates, await lastSuccesses(store)]
  const { replace, wait } = planRetention(await readFacts(store, bounds))
  let deleted = 0
  for (const range of replace) {
    const kept = await replaceRange(store, range, bounds)
    deleted += await deleteLogs(store, range, kept)
  }
  const waiting = [wait.map(({ first }) => first), wait.map(({ until }) => until)]
  return deleted + (await repeat(batch, (limit) => store.query(DELETE_WHOLE, [...bounds, ...waiting, limit])))
}

/** Until a statement finds less than it may take. */
async function repeat(batch: number, statement: (limit: number) => Promise<unknown[]>): Promise<number> {
  for (let deleted = 0; ; ) {
    const rows = await statement(batch)
    deleted += rows.length
    if (rows.length < batch) return deleted
  }
}

/** Onwards by number: what was deleted before is not read again. */
async function deleteLogs(store: Queryable, range: Range, kept: readonly number[]): Promise<number> {
  for (let [first, deleted] = [range.first ?? 0, 0]; ; ) {
    const rows = await store.query<{ id: number }>(DELETE_LOGS, [first, range.until, kept, BARE_BATCH])
    deleted += rows.length
    if (rows.length < BARE_BATCH) return deleted
    first = rows.reduce((last, { id }) => Math.max(last, id), first) + 1
  }
}

async function lastSuccesses(store: Queryable): Promise<number[]> {
  const rows = await store.query<{ id: number }>(
    `select max(id) as id from orchestra.log where state = 'SUCCESS' group by server_id, backend`,
  )
  return rows.map((row) => row.id)
}

async function readFacts(store: Queryable, bounds: Bounds): Promise<RangeFacts[]> {
  const ranges = await rangesOf(store, logTables)
  const firsts = ranges.map(({ first }) => first)
  const untils = ranges.map(({ until }) => until)
  return store.query<RangeFacts>(FACTS, [...bounds, firsts, untils])
}

/** In place of a range and of its neighbours within it comes what is kept of them. Answers the logs that are. */
function replaceRange(store: Store, range: Range, bounds: Bounds): Promise<number[]> {
  return withShortLocks(store, { exclusion: TURNS.ranges, patience: RANGES_PATIENCE }, async (tx) => {
    const rows = await tx.query<{ id: number }>(KEPT, [...bounds, range.first, range.until])
    const kept = rows.map(({ id }) => id)
    for (const table of logTables.tables) await replaceTable(tx, table, range, kept)
    return kept
  })
}

/** The table that the others are part of is locked for the last steps only. */
async function replaceTable(
  tx: Queryable,
  table: string,
  range: Range,
  kept: readonly number[],
): Promise<void> {
  const isIn = `log_id >= ${range.first ?? 0} and log_id < ${range.until ?? 'null'}`
  const fresh = `${nameOf(table, range)}_kept`
  if (kept.length > 0) {
    await tx.query(like(fresh, table))
    await tx.query(
      `insert into orchestra.${fresh} select * from orchestra.${table} where ${isIn} and log_id = any($1::bigint[])`,
      [kept],
    )
  }
  for (const { name } of await tx.query<{ name: string }>(PARTITIONS, [table, range.first, range.until]))
    await tx.query(`drop table orchestra.${name}`)
  await tx.query(`delete from orchestra.${table} where ${isIn}`)
  if (kept.length === 0) return
  await tx.query(attach(fresh, table, range))
  await tx.query(`alter table orchestra.${fresh} rename to ${nameOf(table, range)}`)
}

const EXPIRED = `(log.ended_at is not null
  and log.created_at < now() - $1::double precision * interval '1 day'
  and (log.state <> all($3::text[]) or log.created_at < now() - $2::double precision * interval '1 day')
  and log.id <> all($4::bigint[]))`

const FACTS = `
select range.first, range.until,
  count(*) filter (where log.id is not null and not ${EXPIRED}) as kept,
  coalesce(sum(log.output_bytes) filter (where not ${EXPIRED}), 0)::bigint as "keptBytes",
  count(*) filter (where ${EXPIRED}) as expired,
  case when max(log.created_at) >= now() - $1::double precision * interval '1 day' then 'young' else 'old' end as age,
  case when range.until <= (select last_value from orchestra.log_id_seq)
    and count(*) filter (where log.id is not null and log.ended_at is null) = 0 then 'closed' else 'open' end as state,
  coalesce(min(log.created_at) filter (where ${EXPIRED})
    < now() - ($1::double precision + 1) * interval '1 day', false) as "isOverdue"
from unnest($5::bigint[], $6::bigint[]) as range(first, until)
left join orchestra.log on log.id >= coalesce(range.first, 0) and log.id < range.until
group by range.first, range.until
order by range.first nulls first`

const KEPT = `
select log.id from orchestra.log
where log.id >= coalesce($5::bigint, 0) and log.id < $6::bigint and not ${EXPIRED}`

const PARTITIONS = `
select name from (
  select relname as name, substring(bound from 'FROM \\(''?(\\d+)''?\\)')::bigint as first,
    substring(bound from 'TO \\(''?(\\d+)''?\\)')::bigint as until
  from pg_inherits join pg_class on pg_class.oid = inhrelid
  cross join pg_get_expr(relpartbound, pg_class.oid) as bound
  where inhparent = ('orchestra.' || $1::text)::regclass and bound <> 'DEFAULT'
) as partition
where coalesce(first, 0) >= coalesce($2::bigint, 0) and until <= $3::bigint`

const DELETE_LOGS = `
delete from orchestra.log where id in (
  select id from orchestra.log
  where id >= $1::bigint and id < $2::bigint and id <> all($3::bigint[]) order by id limit $4)
returning id`

const DELETE_WHOLE = `
with old as materialized (
  select id from orchestra.log
  where ${EXPIRED} and not exists (
    select from unnest($5::bigint[], $6::bigint[]) as waiting(first, until)
    where log.id >= coalesce(waiting.first, 0) and log.id < waiting.until)
  order by log.created_at
  limit $7
), chunks as (
  delete from orchestra.log_chunk where log_id in (select id from old)
), operations as (
  delete from orchestra.log_operation where log_id in (select id from old)
)
delete from orchestra.log where id in (select id from old) returning id`
