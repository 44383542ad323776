import type { Queryable } from '../store/index.ts'

/** What is counted of each backend on each server; migration 0013 tells how. */
const COUNTS = ['placed', 'stale', 'kept', 'waiting', 'running', 'failing', 'held'] as const

const each = (expression: (count: string) => string) => COUNTS.map(expression).join(', ')
const columns = `server_id, backend, ${COUNTS.join(', ')}`
const sums = each((count) => `sum(${count}::integer) as ${count}`)

const noted = `(
    select ${columns} from orchestra.tally union all select ${columns} from orchestra.tally_change
  ) as noted`

/** SQL for what there is by server and backend, without counting anything. */
export const TALLY = `(select server_id, backend, ${sums} from ${noted} group by server_id, backend)`

/** The same by server alone. */
export const SERVER_TALLY = `(select server_id, ${sums} from ${noted} group by server_id)`

/** Changes that one statement sums up. */
const BATCH = 50_000

/** Sums up what was noted since the last time. Others may do so at the same time: what one takes, the other leaves. */
export async function sumUp(db: Queryable): Promise<void> {
  for (;;) {
    const [row] = await db.query<{ taken: number }>(SUM_UP, [BATCH])
    if ((row?.taken ?? 0) < BATCH) return
  }
}

/** In one order, as two that write the same rows have to. */
const SUM_UP = `
with taken as (
  delete from orchestra.tally_change where id in (
    select id from orchestra.tally_change order by id limit $1 for update skip locked)
  returning ${columns}
), summed as (
  insert into orchestra.tally as t (${columns})
  select server_id, backend, ${sums} from taken group by server_id, backend order by server_id, backend
  on conflict (server_id, backend) do update set ${each((count) => `${count} = t.${count} + excluded.${count}`)}
)
select count(*) as taken from taken`

/** SQL that counts everything, for comparison with what was noted. */
export const COUNTED = `(select server_id, backend, ${sums} from (
    select server_id, backend, 1 as placed, stale::int as stale, (want = 'leave' and policy = 'keep')::int as kept,
      0 as waiting, 0 as running, 0 as failing, 0 as held
    from orchestra.placement
    union all
    select server_id, coalesce(backend, ''), 0, 0, 0, (state = 'waiting')::int, (state = 'running')::int,
      (state = 'waiting' and coalesce(outcome in ('failure', 'timeout'), false))::int, (state = 'waiting' and held)::int
    from orchestra.operation where state in ('waiting', 'running') and server_id is not null
  ) as counted group by server_id, backend)`

/**
 * SQL that corrects what was noted where it is not what there is. One statement sees everything as of one moment, so that what is written
 * meanwhile disturbs nothing.
 */
export const RECOUNT = `
insert into orchestra.tally_change (${columns})
select server_id, backend, ${COUNTS.join(', ')} from (
  select server_id, backend, ${each((count) => `coalesce(counted.${count}, 0) - coalesce(told.${count}, 0) as ${count}`)}
  from ${COUNTED} as counted full join ${TALLY} as told using (server_id, backend)
) as wrong where ${COUNTS.map((count) => `${count} <> 0`).join(' or ')}`

/** SQL that has the changes of a table of operations noted which was made anew. */
export const NOTE_OPERATIONS = `
create trigger tally_insert after insert on orchestra.operation referencing new table as now_there
  for each statement execute function orchestra.tally_operations();
create trigger tally_update after update on orchestra.operation referencing old table as there_before new table as now_there
  for each statement execute function orchestra.tally_operations();
create trigger tally_delete after delete on orchestra.operation referencing old table as there_before
  for each statement execute function orchestra.tally_operations()`
