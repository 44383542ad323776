import { type Queryable, storable } from '../store/index.ts'
import type { Claim } from './claim.ts'
import { foundState } from './found-state.ts'
import { newerOperation } from './newer.ts'
import type { Outcome } from './outcome.ts'

/** What happened to one operation, and what is to become of it. */
export interface Settlement {
  operationId: number
  outcome: Outcome | null
  /** `done` for good; `again` after `delay`, with the attempt counted; `back` as if it had never been tried, unless it was cancelled. */
  next: 'done' | 'again' | 'back'
  /** Milliseconds until the next try. */
  delay: number
  changed: boolean | null
  error: string | null
  /** Hash of what was rendered for it; null where nothing was placed. */
  revision: string | null
  /** The object's new identity on the server; null where nothing was placed. */
  identity: string | null
}

/**
 * Records what happened to operations of one lane, with their placements. Does nothing, and answers false, when the lane is
 * no longer this claim's: then its new owner finds out what happened.
 */
export async function settle(
  db: Queryable,
  claim: Pick<Claim, 'server' | 'owner' | 'fence'>,
  logId: number | null,
  settlements: readonly Settlement[],
): Promise<boolean> {
  const rows = await db.query<{ owned: boolean }>(settleSql, [
    claim.server.id,
    claim.owner,
    claim.fence,
    logId,
    JSON.stringify(settlements.map((one) => ({ ...one, error: storable(one.error) }))),
  ])
  return rows[0]?.owned === true
}

/**
 * The state of a placement tells which of its operations was decided last, at the moment that its row is written: one that is
 * decided while this statement waits for its locks is not visible to it.
 */
const settleSql = `
with owned as (
  select l.server_id from orchestra.lane l where l.server_id = $1 and l.owner = $2 and l.fence = $3 for update
), result as (
  select r.*, o.key_hash, o.object_key, o.keys, o.model, o.backend, o.server_id, o.action, o.snapshot, newer.id as newer_id,
    r.next = 'back' and o.outcome is not distinct from 'aborted' as cancelled
  from owned
  cross join jsonb_to_recordset($5::jsonb) as r("operationId" bigint, outcome text, next text, delay bigint,
    changed boolean, error text, revision text, identity text)
  join orchestra.operation o on o.id = r."operationId" and ${foundState('o')} = 'running'
  left join lateral ${newerOperation('o')} newer on true
), settled as (
  update orchestra.operation o set
    state = case when r.next = 'done' or r.cancelled then 'done' when r.newer_id is not null then 'superseded' else 'waiting' end,
    superseded_by = case when r.next <> 'done' and not r.cancelled then r.newer_id end,
    outcome = case when r.cancelled then o.outcome else r.outcome end,
    changed = r.changed,
    error = case when r.cancelled then o.error else r.error end,
    log_id = coalesce($4, o.log_id),
    attempt = case when r.next = 'back' then greatest(o.attempt - 1, 0) else o.attempt end,
    due_at = case when r.delay > 0 then now() + r.delay * interval '1 ms' else '-infinity' end,
    ended_at = case when r.next = 'done' or r.cancelled or r.newer_id is not null then clock_timestamp() end,
    snapshot = case when r.outcome is distinct from 'success' then o.snapshot end
  from result r where o.id = r."operationId"
), failed as (
  update orchestra.placement p set
    state = case when p.state = 'pending' then 'failed' else p.state end,
    log_id = coalesce($4, p.log_id)
  from result r
  where r.action = 'save' and r.next <> 'back' and r.outcome <> 'success' and p.key_hash = r.key_hash and p.model = r.model
    and p.backend = r.backend and p.server_id = r.server_id
), applied as (
  insert into orchestra.placement as p
    (backend, server_id, model, object_key, keys, identity, snapshot, state, revision, applied_at, log_id)
  select backend, server_id, model, object_key, keys, coalesce(identity, (
      select known.identity from orchestra.placement known where known.key_hash = result.key_hash
        and known.model = result.model and known.backend = result.backend and known.server_id = result.server_id
    ), object_key), snapshot,
    case when newer_id is null then 'applied' else 'pending' end, revision, clock_timestamp(), $4::bigint
  from result where action = 'save' and outcome = 'success'
  order by key_hash
  on conflict (key_hash, model, backend, server_id) do update set
    state = case when p.state = 'deleting' then p.state else excluded.state end,
    snapshot = excluded.snapshot,
    identity = excluded.identity,
    revision = excluded.revision,
    applied_at = excluded.applied_at,
    log_id = coalesce(excluded.log_id, p.log_id)
), removed as (
  delete from orchestra.placement p using result r
  where r.action = 'delete' and r.outcome = 'success' and p.state = 'deleting' and p.key_hash = r.key_hash
    and p.model = r.model and p.backend = r.backend and p.server_id = r.server_id
)
select exists (select from owned) as owned, pg_notify('orchestra_settled', '')`
