import { foundState } from '../operations/found-state.ts'
import type { Outcome } from '../operations/outcome.ts'
import { isPlaceOf } from '../operations/previous.ts'
import type { Description } from '../script/index.ts'
import { type Queryable, storable } from '../store/index.ts'
import type { Claim } from './claim.ts'
import { newerOperation } from './newer.ts'

/** What happened to one operation, and what is to become of it. */
export interface Settlement {
  operationId: number
  outcome: Outcome | null
  /** `done` for good; `again` after `delay`, with the attempt counted; `back` as if it had never been tried, unless it was cancelled. */
  next: 'done' | 'again' | 'back'
  /** Milliseconds until the next try. */
  delay: number
  /** Whether the next try is in a script of its own: this one ended, or had to be ended, in the middle of it. */
  alone: boolean
  changed: boolean | null
  error: string | null
  /** Hash of what was rendered for it; null where nothing was placed. */
  revision: string | null
  /** The object's new identity on the server; null where nothing was placed. */
  identity: string | null
  /** What was rendered for it, for people; null where that is too much to keep. */
  rendered: Description[] | null
  /** What became of what stood there under other names. */
  former: 'gone' | 'left'
  /** It failed before anything was changed: it is as if it had never been tried. */
  untouched?: boolean
  /** A name on the server that is not ours. What was tried under it made nothing: a mark is written before anything is. */
  stranger?: string | null
}

/** Characters of rendered text that one statement takes; a drain may hold much more. */
const MOST_RENDERED = 4 * 1024 * 1024

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
  for (const chunk of intoChunks(settlements)) {
    const rows = await db.query<{ owned: boolean }>(settleSql, [
      claim.server.id,
      claim.owner,
      claim.fence,
      logId,
      JSON.stringify(chunk.map((one) => ({ ...one, error: storable(one.error) }))),
    ])
    if (rows[0]?.owned !== true) return false
  }
  return true
}

function intoChunks(settlements: readonly Settlement[]): Settlement[][] {
  const chunks: Settlement[][] = [[]]
  let size = 0
  for (const settlement of settlements) {
    size += sizeOf(settlement)
    if (size > MOST_RENDERED) {
      chunks.push([])
      size = sizeOf(settlement)
    }
    chunks.at(-1)?.push(settlement)
  }
  return chunks
}

function sizeOf({ rendered }: Settlement): number {
  return (rendered ?? []).reduce((sum, [title, text]) => sum + title.length + text.length, 0)
}

/** SQL for whether data is on its way to a placement. */
function isAwaiting(placement: string): string {
  return `exists (
      select from orchestra.transfer t where t.key_hash = ${placement}.key_hash and t.model = ${placement}.model
        and t.backend = ${placement}.backend and t.to_server = ${placement}.server_id and t.ended_at is null)`
}

/** The names that were tried, without the one that turned out to be somebody else's. */
const withoutStranger = `(
  select jsonb_agg(name.value) from jsonb_array_elements(p.tried) as name(value) where name.value ->> 'identity' <> r.stranger)`

/**
 * The state of a placement tells which of its operations was decided last, at the moment that its row is written: one that is
 * decided while this statement waits for its locks is not visible to it.
 *
 * What was given up while it ran is not tried again when it fails: it has no placement any more.
 *
 * A removal that meets what is not ours, or of which no script can be made, of what was never made there, has nothing to remove.
 *
 * A first try may end late, when the object stands elsewhere already. What was made there since is then data as well, and is not
 * overwritten with what the late one made.
 */
const settleSql = `
with owned as (
  select l.server_id from orchestra.lane l where l.server_id = $1 and l.owner = $2 and l.fence = $3 for update
), result as (
  select r.*, o.key_hash, o.object_key, o.keys, o.model, o.backend, o.server_id, o.action, o.snapshot, newer.id as newer_id,
    r.next = 'back' and o.outcome is not distinct from 'aborted' as cancelled, o.identity as wanted,
    o.action = 'save' and o.identity is not null and r.outcome is distinct from 'success' and not exists (
      select from orchestra.placement p where ${isPlaceOf('p', 'o')}) as forgotten,
    coalesce(r.untouched, false) and o.action = 'delete' and not exists (
      select from orchestra.placement p where ${isPlaceOf('p', 'o')}
        and (p.applied_at is not null or p.log_id is not null)) as unmade,
    exists (select from orchestra.placement p where ${isPlaceOf('p', 'o')}
      and p.tried @> jsonb_build_array(jsonb_build_object('identity', r.stranger))) as cleared
  from owned
  cross join jsonb_to_recordset($5::jsonb) as r("operationId" bigint, outcome text, next text, delay bigint, alone boolean,
    changed boolean, error text, revision text, identity text, rendered jsonb, former text, untouched boolean, stranger text)
  join orchestra.operation o on o.id = r."operationId" and ${foundState('o')} = 'running'
  left join lateral ${newerOperation('o')} newer on true
), settled as (
  update orchestra.operation o set
    state = case when r.next = 'done' or r.cancelled or r.forgotten or r.unmade then 'done' when r.newer_id is not null then 'superseded' else 'waiting' end,
    superseded_by = case when r.next <> 'done' and not r.cancelled and not r.forgotten and not r.unmade then r.newer_id end,
    outcome = case when r.cancelled then o.outcome when r.unmade then 'nothing' else r.outcome end,
    changed = r.changed,
    error = case when r.cancelled then o.error else r.error end,
    log_id = coalesce($4, o.log_id),
    attempt = case when r.next = 'back' then greatest(o.attempt - 1, 0) else o.attempt end,
    alone = case when r.next = 'back' then o.alone else r.alone end,
    due_at = case when r.delay > 0 and not r.cleared then now() + r.delay * interval '1 ms' else '-infinity' end,
    ended_at = case when r.next = 'done' or r.cancelled or r.forgotten or r.unmade or r.newer_id is not null then clock_timestamp() end,
    snapshot = case when r.outcome is distinct from 'success' then o.snapshot end
  from result r where o.id = r."operationId"
), failed as (
  update orchestra.placement p set
    state = case when p.state = 'pending' and r.next <> 'back' then 'failed' else p.state end,
    log_id = case when r.untouched then p.log_id else coalesce($4, p.log_id) end,
    tried = case
      when r.cleared then ${withoutStranger}
      when r.untouched or r.wanted is null or p.identity = r.wanted or p.tried @> jsonb_build_array(jsonb_build_object('identity', r.wanted))
      then p.tried
      else coalesce(p.tried, '[]') || jsonb_build_object('identity', r.wanted, 'snapshot', r.snapshot) end
  from result r
  where r.action = 'save' and r.outcome is distinct from 'success' and r.outcome is distinct from 'unreachable'
    and ${isPlaceOf('p', 'r')}
  returning p.model, p.keys, p.unmade and p.log_id is not null as unexpected, r."operationId", p.key_hash, p.backend,
    p.server_id, p.unmade
), forgotten as (
  update orchestra.placement p set tried = ${withoutStranger} from result r
  where r.action <> 'save' and r.cleared and ${isPlaceOf('p', 'r')}
), left_over as (
  insert into orchestra.remnant (backend, server_id, model, object_key, identity, snapshot)
  select r.backend, r.server_id, r.model, r.object_key, name.value ->> 'identity', name.value -> 'snapshot'
  from result r
  join orchestra.placement p on ${isPlaceOf('p', 'r')}
  cross join lateral jsonb_array_elements(
    jsonb_build_object('identity', p.identity, 'snapshot', p.snapshot) || coalesce(p.tried, '[]')) as name(value)
  where r.action = 'save' and r.outcome = 'success' and r.former = 'left' and name.value ->> 'identity' <> r.identity
    and (p.applied_at is not null or p.log_id is not null)
  on conflict (server_id, backend, md5(identity)) do nothing
), back_in_use as (
  delete from orchestra.remnant old using result r
  where r.action = 'save' and r.outcome = 'success' and old.server_id = r.server_id and old.backend = r.backend
    and md5(old.identity) = md5(r.identity) and old.identity = r.identity
), cleared as (
  delete from orchestra.remnant old using result r
  where r.action = 'delete' and r.outcome = 'success' and old.server_id = r.server_id and old.backend = r.backend
    and old.model = r.model and md5(old.object_key) = md5(r.object_key) and old.object_key = r.object_key
), applied as (
  insert into orchestra.placement as p
    (backend, server_id, model, object_key, keys, identity, snapshot, state, revision, rendered, applied_at, log_id)
  select backend, server_id, model, object_key, keys, coalesce(identity, (
      select known.identity from orchestra.placement known where known.key_hash = result.key_hash
        and known.model = result.model and known.backend = result.backend and known.server_id = result.server_id
    ), object_key), snapshot,
    case when newer_id is null then 'applied' else 'pending' end, revision, rendered, clock_timestamp(), $4::bigint
  from result where action = 'save' and outcome = 'success'
  order by key_hash
  on conflict (key_hash, model, backend, server_id) do update set
    state = case when p.state in ('deleting', 'kept') then p.state else excluded.state end,
    snapshot = excluded.snapshot,
    identity = excluded.identity,
    revision = excluded.revision,
    rendered = excluded.rendered,
    stale = false,
    unmarked = false,
    tried = null,
    applied_at = excluded.applied_at,
    log_id = coalesce(excluded.log_id, p.log_id)
  returning p.model, p.keys, p.unmade or p.xmax = 0 as unexpected, p.key_hash, p.backend, p.server_id, p.unmade
), marked as (
  delete from orchestra.unmarked u using result r
  where r.outcome = 'success' and u.server_id = r.server_id and u.backend = r.backend
), late as (
  select key_hash, model, backend, server_id from failed where unmade
  union all select key_hash, model, backend, server_id from applied where unmade
), on_its_own as (
  update orchestra.placement heir set hollow = false from late
  where heir.hollow and heir.applied_at is not null and heir.key_hash = late.key_hash and heir.model = late.model
    and heir.backend = late.backend and heir.server_id <> late.server_id and not ${isAwaiting('heir')}
), decided_anew as (
  insert into orchestra.change (unit_id, login, model, action, keys)
  select o.unit_id, null, made.model, 'save', jsonb_build_array(made.keys)
  from (
    select model, keys, "operationId" as id from failed where unexpected
    union all
    select a.model, a.keys, r."operationId" from applied a
    join result r on r.action = 'save' and r.key_hash = a.key_hash and r.model = a.model and r.backend = a.backend
    where a.unexpected
  ) made join orchestra.operation o on o.id = made.id
  returning pg_notify('orchestra_change', '')
), removed as (
  delete from orchestra.placement p using result r
  where r.action = 'delete' and (r.outcome = 'success' or r.unmade) and p.state = 'deleting' and ${isPlaceOf('p', 'r')}
  returning p.key_hash, p.model, p.backend, p.server_id, p.unmade
), nothing_came as (
  update orchestra.placement p set hollow = false from removed m
  where m.unmade and p.hollow and p.key_hash = m.key_hash and p.model = m.model and p.backend = m.backend
    and p.server_id <> m.server_id and not ${isAwaiting('p')}
)
select exists (select from owned) as owned, pg_notify('orchestra_settled', ''), (select count(*) from decided_anew) as anew`
