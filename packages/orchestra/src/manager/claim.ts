import { fromSnapshot, type Previous } from '../collector/index.ts'
import type { Config } from '../config/config.ts'
import { allDuties, type Duties } from '../generation/index.ts'
import { hasInspection } from '../inspect/index.ts'
import type { PlaceRow } from '../places/index.ts'
import type { RegenerationEntry, ScriptedOperation } from '../recording/scripts.ts'
import type { ServerRow } from '../server/index.ts'
import { often, type Queryable, type Store } from '../store/index.ts'
import { beginWork, type ClaimedPlace, mainName, previousOf } from './begin.ts'
import type { Look } from './choose.ts'
import { OPERATIONS_A_CLAIM } from './claim-size.ts'

/** Seconds until a worker that stopped renewing is taken for dead. With the sweep a takeover stays below 15 s. */
export const LEASE_SECONDS = 10

/** An operation that this worker is to run. */
export interface ClaimedOperation extends ScriptedOperation {
  unit_id: string
  standing: Previous | null
  attempt: number
  alone: boolean
  /** The same for all whose names go round with its own: of them all are done, or none. */
  circle?: string | null
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
  /** When not empty, the server is asked before anything else is done there. */
  looks: readonly Look[]
  /** When not empty, these operations are handed back before anything else: who had begun them was lost before they had a log. */
  lost: readonly number[]
}

/** What a worker takes, as opposed to others that have another configuration. */
export type Taking = Pick<Duties, 'generation' | 'backends' | 'foreign'>

/** Takes a lane with what is due there, oldest first; undefined when there is nothing, or it is held, resting, or another worker's. */
export async function claimLane(
  store: Store,
  config: Config,
  serverId: number,
  owner: string,
  taking: Taking = allDuties(config),
  most = OPERATIONS_A_CLAIM,
): Promise<Claim | undefined> {
  const work = async (tx: Queryable): Promise<Claim | undefined> => {
    const lane = await takeLane(tx, serverId, owner, taking)
    if (lane === undefined) return undefined
    const { server, fence, lane_attempt: laneAttempt, open_logs: openLogs, unmarked } = lane
    const claim: Claim = {
      server,
      owner,
      generation: taking.generation,
      fence,
      laneAttempt,
      openLogs,
      operations: [],
      regenerations: [],
      unmarked,
      looks: [],
      lost: [],
    }
    if (openLogs.length > 0) return claim
    const open = (row: PlaceRow, snapshot: unknown) =>
      fromSnapshot(snapshot, store.keyring.for(row.model, row.object_key))
    const begun = await beginWork(tx, serverId, config, { backends: taking.backends, most, open })
    const { looks, lost } = begun
    if (looks.length + lost.length > 0) return { ...claim, looks, lost }
    const errands = lane.has_errands ? await takeErrands(tx, serverId, taking.backends, most) : []
    return {
      ...claim,
      operations: [...begun.places.map(toOperation), ...errands],
      regenerations: [...begun.wholes].map(([backend, actions]) => ({
        backend,
        saves: actions.has('save'),
        deletes: actions.has('delete'),
      })),
    }
  }
  // A lane that is taken and nothing more is free again when its lease ends, and at once for this worker.
  return store.transaction(work, { first: 'harmless' })
}

interface LaneRow {
  server: ServerRow
  fence: number
  lane_attempt: number
  open_logs: OpenLog[]
  unmarked: string[]
  /** One that comes after this was asked wakes the lane, which then is claimed once more. */
  has_errands: boolean
}

async function takeLane(
  tx: Queryable,
  serverId: number,
  owner: string,
  { generation, backends, foreign }: Taking,
): Promise<LaneRow | undefined> {
  const [lane] = await tx.query<LaneRow>(often(LANE), [serverId, owner, backends, foreign, generation])
  return lane
}

/** A script's block, of what a place is at. */
export function toOperation({ row, step, operation }: ClaimedPlace): ClaimedOperation {
  const removes = step.do === 'remove'
  const parks = step.do === 'park'
  const name = removes ? mainName(row, step) : parks ? step.identity : (row.want_identity ?? row.identity)
  const circle = step.do === 'rename' ? step.circle : []
  const standing = !removes && row.unmarked && row.applied && row.identity === name
  return {
    id: operation.id,
    unit_id: operation.unit_id,
    backend: row.backend,
    action: removes ? 'delete' : 'save',
    model: row.model,
    object_key: row.object_key,
    keys: row.keys,
    snapshot: snapshotFor({ row, step, operation }, name),
    identity: removes || parks ? name : row.want_identity,
    previous: previousOf({ row, step, operation }),
    standing:
      standing || (removes && row.unmarked && name === row.identity)
        ? { identity: name, snapshot: operation.placed }
        : null,
    attempt: operation.attempt,
    alone: row.alone && circle.length === 0,
    circle: circle.length === 0 ? null : JSON.stringify([...circle].sort()),
  }
}

/** The object of a block: as it is wanted, but what goes, or makes room, as it stands there. */
function snapshotFor({ row, step, operation }: ClaimedPlace, name: string): unknown {
  if (step.do === 'make' || step.do === 'rename') return operation.snapshot
  if (step.do === 'park' || name === row.identity) return operation.placed
  return row.names.find(({ identity }) => identity === name)?.snapshot
}

/** Places that are due, or at which somebody was. An index can be asked for what is older than a statement, not for what is older than now. */
const hasDuePlace = (server: string, backends: string) => `(exists (
  select from orchestra.placement p where p.server_id = ${server} and p.open and not p.held and p.backend = any(${backends})
    and p.due_at <= statement_timestamp() and (p.trying #>> '{step,do}') is distinct from 'receive') or exists (
  select from orchestra.placement p where p.server_id = ${server} and p.trying is not null and not p.held and p.backend = any(${backends})
    and (p.trying #>> '{step,do}') is distinct from 'receive'))`

/** What is done beside the places, once what was decided before it is done there. */
const errandIsDue = `o.state in ('waiting', 'running') and o.action not in ('save', 'delete') and o.due_at <= statement_timestamp()
  and not o.held and not exists (
    select from orchestra.placement p where p.key_hash = o.key_hash and p.model = o.model and p.backend = o.backend
      and p.server_id = o.server_id and p.open)`

const hasErrand = (server: string, backends: string) => `exists (
  select from orchestra.operation o where o.server_id = ${server} and o.backend = any(${backends}) and ${errandIsDue})`

/** New work, or what a dead worker left behind. `backends` is a parameter. Asked of each lane every second: each part has an index. */
export function hasChanges(backends: string): string {
  return `(
  ${hasDuePlace('l.server_id', `${backends}::text[]`)}
  or ${hasErrand('l.server_id', `${backends}::text[]`)}
  or exists (select from orchestra.log g where g.server_id = l.server_id and g.ended_at is null))`
}

/** Nothing is open there that others have to ask the server about first. */
export function isFreeOfOthers(foreign: string): string {
  return `not exists (select from orchestra.log g where g.server_id = l.server_id and g.ended_at is null
    and g.backend = any(${foreign}::text[]))`
}

/** Changes, or something to look at. `backends` and `foreign` are parameters. */
export function hasWork(backends: string, foreign: string): string {
  return `(${hasChanges(backends)} or ${hasInspection('l.server_id', foreign)}) and ${isFreeOfOthers(foreign)}`
}

/** Seconds that others have to take a lane which one leaves that has more to do there. */
const TURN_SECONDS = 3

/** Who has work there all the time would take the lane again before others, who look once a second, find it free. */
function isOthersTurn(generation: string, foreign: string, backends: string): string {
  return `(cardinality(${foreign}::text[]) > 0 and l.left_by = ${generation}
    and l.left_at > clock_timestamp() - interval '${TURN_SECONDS} seconds' and ${hasWork(foreign, backends)})`
}

/**
 * A fence is higher than any that was given out before, also by a store that was restored since, or to a server that was
 * registered under another number: what the server has seen must not lock its present owner out.
 */
const nextFence = `greatest(l.fence + 1, (extract(epoch from clock_timestamp()) * 1000)::bigint)`

/**
 * Whoever has the lane locked takes it, or says when it is done with it: waiting for that would keep a connection from everything else
 * that this worker does, and two workers that decide together wake each other's lanes all the time.
 */
const LANE = `
with free as (
  select l.server_id from orchestra.lane l, orchestra.server s
  where l.server_id = $1 and s.id = l.server_id and s.removed_at is null and s.held_at is null and l.due_at <= clock_timestamp()
    and (l.owner is null or l.owner = $2 or l.expires_at < clock_timestamp())
    and not exists (select from orchestra.setting where name = 'paused')
    and ${hasWork('$3', '$4')} and not ${isOthersTurn('$5', '$4', '$3')}
  for update of l skip locked
), claimed as (
  -- By the clock, and not by the beginning of the transaction: a lease that begins in the past is none.
  update orchestra.lane l set owner = $2, fence = case when l.owner is distinct from $2 then ${nextFence} else l.fence end,
    expires_at = clock_timestamp() + interval '${LEASE_SECONDS} seconds'
  from free, orchestra.server s where l.server_id = free.server_id and s.id = l.server_id
  returning l.server_id, l.fence, l.attempt, to_jsonb(s) as server
)
select claimed.server, claimed.fence, claimed.attempt as lane_attempt,
  (select coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'run_id', g.run_id, 'backend', g.backend, 'method', g.method) order by g.id), '[]')
   from orchestra.log g where g.server_id = claimed.server_id and g.ended_at is null) as open_logs,
  (select coalesce(jsonb_agg(u.backend), '[]') from orchestra.unmarked u where u.server_id = claimed.server_id) as unmarked,
  ${hasErrand('claimed.server_id', '$3::text[]')} as has_errands
from claimed`

/** Of suspects one at a time, so that new work waits for no more than one of them. */
async function takeErrands(
  tx: Queryable,
  serverId: number,
  backends: readonly string[],
  most: number,
): Promise<ClaimedOperation[]> {
  return tx.query<ClaimedOperation>(
    `update orchestra.operation o set state = 'running', started_at = clock_timestamp(), attempt = o.attempt + 1
     where o.id in (
       select o.id from orchestra.operation o where o.server_id = $1 and o.backend = any($2::text[]) and ${errandIsDue}
       order by o.id limit $3 for no key update)
     returning o.id, o.unit_id, o.backend, o.action, o.model, o.object_key, o.keys, o.snapshot, o.identity, '[]'::jsonb as previous,
       null as standing, o.attempt, o.alone`,
    [serverId, backends, most],
  )
}
