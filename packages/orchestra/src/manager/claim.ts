import { hostname } from 'node:os'
import type { Previous } from '../collector/index.ts'
import type { Backoff } from '../config/config.ts'
import { tell } from '../events/index.ts'
import type { Duties } from '../generation/index.ts'
import { hasInspection } from '../inspect/index.ts'
import { delayAfter } from '../operations/backoff.ts'
import { foundState } from '../operations/found-state.ts'
import { mayRun } from '../operations/gate.ts'
import type { Outcome } from '../operations/outcome.ts'
import { previousNames, standingUnmarked } from '../operations/previous.ts'
import type { RegenerationEntry, ScriptedOperation } from '../recording/scripts.ts'
import type { ServerRow } from '../server/index.ts'
import { type Queryable, storable } from '../store/index.ts'
import { newerOperation } from './newer.ts'

/** Seconds until a worker that stopped renewing is taken for dead. With the sweep a takeover stays below 15 s. */
export const LEASE_SECONDS = 10
/** Operations that one claim takes at most: bounds the memory of a drain. */
const OPERATIONS_A_CLAIM = 10_000

/** An operation that this worker is to run. */
export interface ClaimedOperation extends ScriptedOperation {
  unit_id: string
  standing: Previous | null
  attempt: number
  alone: boolean
}

/** A script whose end nobody has recorded: its worker died, or lost the connection. */
export interface OpenLog {
  id: number
  run_id: string
  backend: string
  method: string
}

/** The right to work on one server, until the lease ends or a higher fence is given out. */
export interface Claim {
  server: ServerRow
  owner: string
  /** Number of the owner's configuration. */
  generation: number
  fence: number
  /** Tries in a row that did not get through to the server. */
  laneAttempt: number
  operations: ClaimedOperation[]
  /** Backends whose whole configuration is to be written; their operations stay in the store, however many they are. */
  regenerations: RegenerationEntry[]
  /** Backends whose shared parts stand there since before everything was marked. */
  unmarked: string[]
  /** When not empty, these come first and `operations` is empty. When both are, the server is to be looked at. */
  openLogs: OpenLog[]
}

/** What a worker takes, as opposed to others that have another configuration. */
export type Taking = Pick<Duties, 'generation' | 'backends' | 'foreign'>

/**
 * Takes a lane and its due operations, oldest first, in one statement; undefined when the lane has nothing due for this worker, is
 * held, resting, or another worker's.
 * @param regenerating those of its backends that write whole configurations
 */
export async function claimLane(
  db: Queryable,
  serverId: number,
  owner: string,
  { generation, backends, foreign }: Taking,
  regenerating: readonly string[] = [],
): Promise<Claim | undefined> {
  const rows = await db.query<ClaimRow>(claimSql, [
    serverId,
    owner,
    regenerating,
    backends,
    foreign,
    generation,
  ])
  const [first] = rows
  if (first === undefined) return undefined
  const operations = rows.flatMap((row) => (row.operation === null ? [] : [row.operation]))
  const { server, fence, lane_attempt: laneAttempt, open_logs: openLogs, regenerations, unmarked } = first
  return { server, owner, generation, fence, laneAttempt, openLogs, operations, regenerations, unmarked }
}

interface ClaimRow {
  server: ServerRow
  fence: number
  lane_attempt: number
  open_logs: OpenLog[]
  regenerations: RegenerationEntry[]
  unmarked: string[]
  operation: ClaimedOperation | null
}

/** What can be worked on now: enabled by route, due, waiting, and nothing has to be elsewhere before. */
const due = isDue('o')

function isDue(operation: string): string {
  return `${operation}.state = 'waiting' and ${operation}.due_at <= now() and not ${operation}.held and ${mayRun(operation)}`
}

/** In a lane that was free, an operation that runs without an open log was claimed by a worker that died before it began. */
const takeable = `((${due}) or o.state = 'running')`

/** The same of an operation that was picked, which another statement may have taken meanwhile. */
const stillTakeable = takeable.replaceAll('o.state', foundState('o'))

/**
 * New work, what a dead worker left behind, or something to look at; and nothing open that others have to ask the server about first.
 * `backends` and `foreign` are parameters.
 */
function hasWork(backends: string, foreign: string): string {
  return `(
  exists (select from orchestra.operation o where o.server_id = l.server_id and o.backend = any(${backends}::text[])
    and ((${due}) or o.state = 'running'))
  or exists (select from orchestra.log g where g.server_id = l.server_id and g.ended_at is null)
  or ${hasInspection('l.server_id', foreign)})
  and not exists (select from orchestra.log g where g.server_id = l.server_id and g.ended_at is null
    and g.backend = any(${foreign}::text[]))`
}

/** Seconds that others have to take a lane which one leaves that has more to do there. */
const TURN_SECONDS = 3

/** Who has work there all the time would take the lane again before others, who look once a second, find it free. */
function isOthersTurn(generation: string, foreign: string, backends: string): string {
  return `(cardinality(${foreign}::text[]) > 0 and l.left_by = ${generation}
    and l.left_at > now() - interval '${TURN_SECONDS} seconds' and ${hasWork(foreign, backends)})`
}

/**
 * A fence is higher than any that was given out before, also by a store that was restored since, or to a server that was
 * registered under another number: what the server has seen must not lock its present owner out.
 */
const nextFence = `greatest(l.fence + 1, (extract(epoch from now()) * 1000)::bigint)`

/** A delete needs what stands there, which a save may have changed since the delete was decided. */
const snapshotToRun = `case when taken.action = 'delete' then coalesce((
    select p.snapshot from orchestra.placement p where p.key_hash = taken.key_hash and p.model = taken.model
      and p.backend = taken.backend and p.server_id = taken.server_id), taken.snapshot) else taken.snapshot end`

/** One suspect at a time, so that new work waits for no more than one of them. */
const oneAlone = `(not o.alone or not exists (
    select from orchestra.operation other where other.server_id = o.server_id and other.alone and other.id < o.id
      and (other.state = 'running' or (other.backend = any($4::text[]) and ${isDue('other')}))))`

/** A whole configuration is written without a suspect as long as something else is due. */
const aloneInWhole = `(not o.alone or not exists (
    select from orchestra.operation other where other.server_id = o.server_id and other.backend = o.backend
      and not other.alone and (${isDue('other')})))`

/** Takes what can be worked on, unless something newer makes it pointless. */
function take(which: string, bound: string): string {
  return `update orchestra.operation o set
    state = case when pick.newer_id is null then 'running' else 'superseded' end,
    superseded_by = pick.newer_id,
    started_at = clock_timestamp(),
    ended_at = case when pick.newer_id is not null then clock_timestamp() end,
    attempt = o.attempt + 1
  from (
    select o.id, newer.id as newer_id from orchestra.operation o join claimed using (server_id)
    left join lateral ${newerOperation('o')} newer on true
    where ${takeable} and ${which} and (select logs = '[]' from open) ${bound}
  ) pick
  where o.id = pick.id and ${stillTakeable}`
}

const claimSql = `
with claimed as (
  update orchestra.lane l set owner = $2, fence = case when l.owner is distinct from $2 then ${nextFence} else l.fence end,
    expires_at = now() + interval '${LEASE_SECONDS} seconds'
  from orchestra.server s
  where l.server_id = $1 and s.id = l.server_id and s.removed_at is null and s.held_at is null and l.due_at <= now()
    and (l.owner is null or l.owner = $2 or l.expires_at < now())
    and not exists (select from orchestra.setting where name = 'paused')
    and ${hasWork('$4', '$5')} and not ${isOthersTurn('$6', '$5', '$4')}
  returning l.server_id, l.fence, l.attempt, to_jsonb(s) as server
), open as (
  select coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'run_id', g.run_id, 'backend', g.backend, 'method', g.method) order by g.id), '[]') as logs
  from orchestra.log g join claimed using (server_id) where g.ended_at is null
), taken as (
  ${take(`o.backend = any($4::text[]) and o.backend <> all($3::text[]) and ${oneAlone}`, `order by o.id limit ${OPERATIONS_A_CLAIM}`)} returning o.*
), gathered as (
  ${take(`o.backend = any($3::text[]) and ${oneAlone} and ${aloneInWhole}`, '')} returning o.backend, o.action, o.state
), whole as (
  select coalesce(jsonb_agg(to_jsonb(entry)), '[]') as entries from (
    select backend, bool_or(action <> 'delete') as saves, bool_or(action = 'delete') as deletes
    from gathered where state = 'running' group by backend) entry
)
select claimed.server, claimed.fence, claimed.attempt as lane_attempt, open.logs as open_logs,
  whole.entries as regenerations,
  (select coalesce(jsonb_agg(u.backend), '[]') from orchestra.unmarked u where u.server_id = claimed.server_id) as unmarked,
  case when taken.id is not null then jsonb_build_object('id', taken.id, 'unit_id', taken.unit_id, 'backend', taken.backend,
    'action', taken.action, 'model', taken.model, 'object_key', taken.object_key, 'keys', taken.keys,
    'snapshot', ${snapshotToRun}, 'identity', taken.identity, 'previous', ${previousNames('taken')},
    'standing', ${standingUnmarked('taken')},
    'attempt', taken.attempt, 'alone', taken.alone) end as operation
from claimed cross join open cross join whole left join taken on taken.state = 'running'
order by taken.id`

/** What somebody wants to be stopped in a running script. */
export interface Cancellation {
  logId: number
  by: string
  /** The rest of the script is done again. */
  operationIds: readonly number[]
}

export interface Renewal {
  kept: number[]
  cancelled: Cancellation[]
}

/** What a worker says of itself. */
export interface Presence {
  keyIds: readonly string[] | null
  /** Number of its configuration. */
  generation: number | null
  /** Why it takes nothing any more. */
  halted: string | null
}

/** Keeps this worker's lanes; answers the servers whose lane it still has, and the logs that somebody wants cancelled. */
export async function renewLeases(
  db: Queryable,
  owner: string,
  serverIds: readonly number[],
  { keyIds, generation, halted }: Presence = { keyIds: null, generation: null, halted: null },
): Promise<Renewal> {
  const rows = await db.query<Renewal>(
    `with seen as (
       insert into orchestra.worker (id, host, pid, key_ids, generation, halted) values ($1, $3, $4, $5, $6, $7)
       on conflict (id) do update set seen_at = now(), key_ids = excluded.key_ids, generation = excluded.generation,
         halted = excluded.halted
     ), renewed as (
       update orchestra.lane set expires_at = now() + interval '${LEASE_SECONDS} seconds'
       where owner = $1 and server_id = any($2::int[]) and expires_at > '-infinity' returning server_id
     )
     select coalesce((select array_agg(server_id) from renewed), '{}') as kept,
       coalesce((select jsonb_agg(jsonb_build_object('logId', g.id, 'by', g.cancel_by, 'operationIds', (
         select coalesce(jsonb_agg(o.id), '[]') from orchestra.log_operation p
         join orchestra.operation o on o.id = p.operation_id
         where p.log_id = g.id and o.state = 'running' and o.outcome = 'aborted')))
         from orchestra.log g join renewed using (server_id)
         where g.ended_at is null and g.cancel_by is not null), '[]') as cancelled`,
    [owner, serverIds, hostname(), process.pid, keyIds, generation, halted],
  )
  return rows[0] ?? { kept: [], cancelled: [] }
}

/**
 * Gives the lane up. Its owner stays written there: while nobody else had the lane in between, the fence need not rise, and a
 * rising fence costs each script a process on the server.
 */
export async function releaseLane(db: Queryable, claim: Claim): Promise<void> {
  await db.query(
    `update orchestra.lane set expires_at = '-infinity', left_by = $4, left_at = now()
     where server_id = $1 and owner = $2 and fence = $3`,
    [claim.server.id, claim.owner, claim.fence, claim.generation],
  )
}

/** Servers that have work and nobody working on it: new, due again, or left behind by a dead worker. */
export async function dueLanes(
  db: Queryable,
  { backends, foreign }: Pick<Taking, 'backends' | 'foreign'>,
): Promise<number[]> {
  const rows = await db.query<{ server_id: number }>(
    `select l.server_id from orchestra.lane l join orchestra.server s on s.id = l.server_id
     where s.removed_at is null and s.held_at is null and l.due_at <= now()
       and (l.owner is null or l.expires_at < now())
       and not exists (select from orchestra.setting where name = 'paused')
       and ${hasWork('$1', '$2')}`,
    [backends, foreign],
  )
  return rows.map((row) => row.server_id)
}

/**
 * Lets the lane rest because its server cannot be worked on; everything there waits, nothing is lost. Without an owner, so
 * that the next claim raises the fence.
 */
export async function blockLane(
  db: Queryable,
  claim: Claim,
  outcome: Outcome,
  reason: string,
  backoff: Backoff,
): Promise<void> {
  const delay = delayAfter(claim.laneAttempt + 1, backoff)
  await db.query(
    `with blocked as (
       update orchestra.lane l set attempt = l.attempt + 1, due_at = now() + $4 * interval '1 ms', blocked_outcome = $5,
         blocked_reason = $6, blocked_since = coalesce(l.blocked_since, now()), expires_at = '-infinity', owner = null
       from orchestra.lane before
       where l.server_id = $1 and l.owner = $2 and l.fence = $3 and before.server_id = l.server_id
       returning l.server_id, before.blocked_outcome, before.blocked_reason
     )
     ${tell(
       'server-blocked',
       { server: 'server_id' },
       'blocked where (blocked_outcome, blocked_reason) is distinct from ($5::text, $6::text)',
     )}`,
    [claim.server.id, claim.owner, claim.fence, delay, outcome, storable(reason)],
  )
}

/** The server answered: what blocked the lane is over. */
export async function unblockLane(db: Queryable, claim: Claim): Promise<void> {
  await db.query(
    `with answering as (
       update orchestra.lane set attempt = 0, due_at = '-infinity', blocked_outcome = null, blocked_reason = null,
         blocked_since = null
       where server_id = $1 and owner = $2 and fence = $3 returning server_id
     )
     ${tell('server-answers', { server: 'server_id' }, 'answering')}`,
    [claim.server.id, claim.owner, claim.fence],
  )
}
