import { cleanAudit } from '../audit/index.ts'
import type { Config } from '../config/config.ts'
import { cleanEvents } from '../events/index.ts'
import { cleanLogs } from '../logs/index.ts'
import { isCancelled } from '../operations/cancelled.ts'
import { RECOUNT } from '../operations/tally.ts'
import { cleanOnce, cleanRequests } from '../requests/index.ts'
import { changesIn } from '../source/index.ts'
import type { Queryable, Store } from '../store/index.ts'

/** Rows that one statement deletes, so that no lock is held for long. */
const BATCH = 5_000
/** Days after which nobody asks any more where a worker ran that died. */
const WORKER_DAYS = 7

/**
 * Deletes what is older than `days`: logs, ended operations, synchronizations, transfers and plans, and units of which nothing is left;
 * entries of the audit by days of their own, rows of workers that died, and what was found on servers that were removed. Open work is
 * never touched. What status tells without counting is counted once.
 */
export async function clean(
  store: Store,
  { days, auditDays }: Pick<Config['retention'], 'days' | 'auditDays'>,
): Promise<void> {
  await cleanLogs(store, { days })
  await cleanEvents(store)
  await repeat(store, OLD_OPERATIONS, days)
  await cleanUnits(store, days)
  await repeat(store, OLD_SYNCS, days)
  await repeat(store, OLD_TRANSFERS, days)
  await repeat(store, OLD_INCIDENTS, days)
  await repeat(store, OLD_DELIVERIES, days)
  await repeat(store, OLD_PLANS, days)
  await cleanRequests(store)
  await cleanOnce(store)
  await cleanAudit(store, auditDays)
  await repeat(store, DEAD_WORKERS, WORKER_DAYS)
  await store.query(ENDED_FINDINGS)
  // Nobody is known to write past what is noted; a person with psql may.
  await store.query(RECOUNT)
}

const OLD_INCIDENTS = `
with deleted as (
  delete from orchestra.incident where id in (
    select id from orchestra.incident where state <> 'open' and merged_into is null
      and ended_at < now() - $1 * interval '1 day' limit $2)
  returning 1
)
select count(*) as deleted from deleted`

const OLD_DELIVERIES = `
with deleted as (
  delete from orchestra.delivery where id in (
    select id from orchestra.delivery where ended_at < now() - $1 * interval '1 day' limit $2)
  returning 1
)
select count(*) as deleted from deleted`

/** What was not done by then is not what is to be done any more. */
const OLD_PLANS = `
with deleted as (
  delete from orchestra.plan where id in (
    select id from orchestra.plan where created_at < now() - $1 * interval '1 day' limit $2)
  returning 1
)
select count(*) as deleted from deleted`

const DEAD_WORKERS = `
with deleted as (
  delete from orchestra.worker where id in (
    select id from orchestra.worker where seen_at < now() - $1 * interval '1 day' limit $2)
  returning 1
)
select count(*) as deleted from deleted`

/** What a look finds takes the place of what the last one found; nobody looks at these again. */
const ENDED_FINDINGS = `
delete from orchestra.finding using orchestra.server
where server.id = finding.server_id and server.removed_at is not null`

async function repeat(db: Queryable, sql: string, days: number): Promise<void> {
  for (;;) {
    const [row] = await db.query<{ deleted: number }>(sql, [days, BATCH])
    if ((row?.deleted ?? 0) < BATCH) return
  }
}

/**
 * An ended operation stays while a log of it does, so that the log can still say what it did, and one that was cancelled
 * while its object differs for that.
 */
const OLD_OPERATIONS = `
with deleted as (
  delete from orchestra.operation where id in (
    select o.id from orchestra.operation o
    where o.state in ('done', 'superseded') and o.ended_at < now() - $1 * interval '1 day'
      and not exists (select from orchestra.log_operation l where l.operation_id = o.id)
      and not coalesce(${isCancelled('o')}, false)
    limit $2)
  returning 1
)
select count(*) as deleted from deleted`

/** Units of which nothing is left in the store, if nothing of them waits in the source either. */
async function cleanUnits(store: Store, days: number): Promise<void> {
  let last = { at: '-infinity', id: '00000000-0000-0000-0000-000000000000' }
  for (;;) {
    const old = await store.query<typeof last>(OLD_UNITS, [days, BATCH, last.at, last.id])
    const ids = old.map(({ id }) => id)
    const waiting = await changesIn(store).unitsAmong(ids)
    await store.query(`delete from orchestra.unit u where id = any($1::uuid[]) and ${HAS_NO_OPERATION}`, [
      ids.filter((id) => !waiting.has(id)),
    ])
    if (old.length < BATCH) return
    last = old.at(-1) ?? last
  }
}

const HAS_NO_OPERATION = `not exists (select from orchestra.operation o where o.unit_id = u.id)
  and not exists (select from orchestra.operation o where o.id = any(u.carried))`

const OLD_UNITS = `
select u.id, u.created_at::text as at from orchestra.unit u
where u.created_at < now() - $1 * interval '1 day' and (u.created_at, u.id) > ($3::timestamptz, $4::uuid) and ${HAS_NO_OPERATION}
order by u.created_at, u.id limit $2`

const OLD_SYNCS = `
with deleted as (
  delete from orchestra.sync where id in (
    select id from orchestra.sync where ended_at < now() - $1 * interval '1 day' limit $2)
  returning 1
)
select count(*) as deleted from deleted`

/** As long as the old copy is there, its transfer tells that the data has left it. */
const OLD_TRANSFERS = `
with deleted as (
  delete from orchestra.transfer where id in (
    select t.id from orchestra.transfer t
    where t.ended_at < now() - $1 * interval '1 day' and not exists (
      select from orchestra.placement p where p.key_hash = t.key_hash and p.model = t.model and p.backend = t.backend
        and p.server_id = t.from_server)
    limit $2)
  returning 1
)
select count(*) as deleted from deleted`
