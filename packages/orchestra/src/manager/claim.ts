import type { Previous } from '../collector/index.ts'
import type { Duties } from '../generation/index.ts'
import { hasInspection } from '../inspect/index.ts'
import { foundState } from '../operations/found-state.ts'
import { mayRun } from '../operations/gate.ts'
import { previousNames, standingUnmarked } from '../operations/previous.ts'
import type { RegenerationEntry, ScriptedOperation } from '../recording/scripts.ts'
import type { ServerRow } from '../server/index.ts'
import type { Queryable } from '../store/index.ts'
import { newerOperation } from './newer.ts'

/** Seconds until a worker that stopped renewing is taken for dead. With the sweep a takeover stays below 15 s. */
export const LEASE_SECONDS = 10
/** Operations that one claim takes at most: bounds the memory of a drain. */
export const OPERATIONS_A_CLAIM = 10_000

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
  most = OPERATIONS_A_CLAIM,
): Promise<Claim | undefined> {
  const rows = await db.query<ClaimRow>(claimSql, [
    serverId,
    owner,
    regenerating,
    backends,
    foreign,
    generation,
    most,
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
 * New work, or what a dead worker left behind. Asked of each lane every second, so each part has an index of nothing else: what rests,
 * or waits for a disabled route, is not read. `backends` is a parameter.
 */
export function hasChanges(backends: string): string {
  const own = `o.server_id = l.server_id and o.backend = any(${backends}::text[])`
  return `(
  exists (select from orchestra.operation o where ${own} and ${due})
  or exists (select from orchestra.operation o where ${own} and o.state = 'running')
  or exists (select from orchestra.log g where g.server_id = l.server_id and g.ended_at is null))`
}

/** Nothing is open there that others have to ask the server about first. */
export function isFreeOfOthers(foreign: string): string {
  return `not exists (select from orchestra.log g where g.server_id = l.server_id and g.ended_at is null
    and g.backend = any(${foreign}::text[]))`
}

/** Changes, or something to look at. `backends` and `foreign` are parameters. */
function hasWork(backends: string, foreign: string): string {
  return `(${hasChanges(backends)} or ${hasInspection('l.server_id', foreign)}) and ${isFreeOfOthers(foreign)}`
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
with free as (
  select l.server_id from orchestra.lane l, orchestra.server s
  where l.server_id = $1 and s.id = l.server_id and s.removed_at is null and s.held_at is null and l.due_at <= now()
    and (l.owner is null or l.owner = $2 or l.expires_at < clock_timestamp())
    and not exists (select from orchestra.setting where name = 'paused')
    and ${hasWork('$4', '$5')} and not ${isOthersTurn('$6', '$5', '$4')}
  for update of l
), claimed as (
  -- Only now, as the lane may have been waited for: a lease that begins in the past is none.
  update orchestra.lane l set owner = $2, fence = case when l.owner is distinct from $2 then ${nextFence} else l.fence end,
    expires_at = clock_timestamp() + interval '${LEASE_SECONDS} seconds'
  from free, orchestra.server s where l.server_id = free.server_id and s.id = l.server_id
  returning l.server_id, l.fence, l.attempt, to_jsonb(s) as server
), open as (
  select coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'run_id', g.run_id, 'backend', g.backend, 'method', g.method) order by g.id), '[]') as logs
  from orchestra.log g join claimed using (server_id) where g.ended_at is null
), taken as (
  ${take(`o.backend = any($4::text[]) and o.backend <> all($3::text[]) and ${oneAlone}`, 'order by o.id limit $7')} returning o.*
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
