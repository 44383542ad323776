import { type UnknownWork, unknownWork } from '../generation/index.ts'
import { findingHolds } from '../inspect/index.ts'
import { isoTime } from '../logs/index.ts'
import { isCancelled } from '../operations/cancelled.ts'
import type { Outcome } from '../operations/outcome.ts'
import { SERVER_TALLY } from '../operations/tally.ts'
import { WORKER_ALIVE } from '../operations/worker-alive.ts'
import { changesIn } from '../source/index.ts'
import { narrowed, type Queryable } from '../store/index.ts'
import { listSyncs, type SyncView } from '../sync/index.ts'
import { listTransfers, type TransferView } from '../transfer/index.ts'
import type { Knowing } from './asked.ts'
import type { Cause } from './causes.ts'
import { failureCauses, HAS_FAILED, IS_REFUSED } from './failures.ts'
import { type OperationView, readOperations } from './operation.ts'
import { listPlacements, type PlacementView } from './placement.ts'
import type { Seen } from './seen.ts'

/** One server and its lane. Times are ISO 8601. */
export interface ServerStatus {
  name: string
  method: string
  /** Somebody lets it wait. */
  held: { by: string | null; since: string; reason: string | null; until: string | null } | null
  /** It does not answer, or presents a key that nobody approved. */
  blocked: { outcome: Outcome; since: string; reason: string; attempt: number; nextTry: string | null } | null
  /** A host key that waits for approval, as it was presented. */
  presentedKey: string | null
  running: number
  /** The script that runs. */
  runningLog: { id: number; backend: string; since: string } | null
  waiting: number
  /** Of those that wait: they failed and are tried again. */
  failing: number
  /** Of those that wait: their route is disabled. */
  heldByRoute: number
  oldestWaiting: string | null
  /** Objects of all backends that stand there, as far as Orchestra put them there. */
  placed: number
  /** Of these: their backend would render them differently now. */
  stale: number
  /** Of these: they belong elsewhere, and the copy stays by policy. */
  kept: number
  /** What the last look at the server found changed or missing. */
  drifted: number
}

export interface WorkerStatus {
  id: string
  host: string
  pid: number
  startedAt: string
  /** The number of its configuration: of two that know a model or a backend, the higher one has it. Null of an earlier release. */
  generation: number | null
  /** Why it takes nothing any more. */
  halted: string | null
}

export interface Status {
  paused: { by: string; at: string; reason: string } | null
  /** Workers that gave a sign of life in the last seconds. */
  workers: WorkerStatus[]
  servers: ServerStatus[]
  /** What waits because no worker that lives has it in its configuration. */
  unknown: UnknownWork[]
  /** Operations that failed, the next to be tried first; at most a hundred. */
  failing: OperationView[]
  /** The same by what went wrong, the most frequent first; without removals that a protection refuses. */
  causes: Cause[]
  /** Copies of objects that belong elsewhere, the oldest first; at most a hundred. */
  kept: PlacementView[]
  /** Data on its way between servers, the oldest first; at most a hundred. */
  transfers: TransferView[]
  /** Synchronizations that are open, or that were stopped or failed and not made up for; the oldest first, at most a hundred. */
  syncs: SyncView[]
  /** What only a person can let go on, by a decision or by lifting a protection; the oldest first, at most a hundred. */
  asking: OperationView[]
  /** What somebody cancelled and whose objects differ for that, the oldest first; at most a hundred. */
  cancelled: OperationView[]
  /** Removals that a protection refuses, the oldest first; at most a hundred. */
  protected: OperationView[]
  totals: {
    waiting: number
    running: number
    failing: number
    /** Objects that cannot be loaded or routed. */
    undecided: number
    /** Committed changes that are not operations yet. */
    uncollected: number
    oldestUncollected: string | null
    /** Why the collector could not look at some of them. */
    collectorError: string | null
  }
}

/**
 * Where everything stands: what runs, what waits for what, what failed.
 * @param most how many operations of a kind are listed one by one
 * @param seen what somebody may see of it; left out for all
 */
export async function readStatus(
  store: Queryable,
  most = MOST_LISTED,
  knowing?: Knowing,
  seen?: Seen,
): Promise<Status> {
  const visible = seen?.rows
  const listed = (condition: string, knowledge?: Knowing) => {
    const values: unknown[] = [most]
    const rows = narrowed(visible, 'operation', 'operation', values)
    return readOperations(store, `${rows} and ${condition}`, values, knowledge)
  }
  const backlog = await changesIn(store).backlog()
  const [rest] = await store.query<Pick<Status, 'paused'> & Pick<Status['totals'], 'undecided'>>(REST)
  const all = await store.query<ServerStatus>(SERVERS)
  const servers = seen === undefined ? all : all.filter(({ name }) => seen.server(name))
  const { paused = null, undecided = 0 } = rest ?? {}
  const total = (field: 'waiting' | 'running' | 'failing') =>
    servers.reduce((sum, server) => sum + server[field], 0)
  // What is about no server yet is of those who may see all.
  const whole = {
    undecided,
    uncollected: backlog.keys,
    oldestUncollected: backlog.oldest?.toISOString() ?? null,
    collectorError: backlog.error,
  }
  return {
    paused,
    workers: await listWorkers(store),
    servers,
    unknown: seen === undefined ? await unknownWork(store, backlog.models) : [],
    failing: await listed(FAILING, knowing),
    causes: await failureCauses(store, visible),
    kept: await listPlacements(store, { state: 'kept', limit: most, visible }),
    transfers: await listTransfers(store, { limit: MOST_LISTED, visible }),
    syncs: await listSyncs(store, { limit: MOST_LISTED, visible }),
    asking: await listed(ASKING, knowing),
    cancelled: await listed(CANCELLED),
    protected: await listed(REFUSED),
    totals: {
      waiting: total('waiting'),
      running: total('running'),
      failing: total('failing'),
      ...(seen === undefined ? whole : nothingUndecided),
    },
  }
}

const nothingUndecided = { undecided: 0, uncollected: 0, oldestUncollected: null, collectorError: null }

const MOST_LISTED = 100

const FAILING = `${HAS_FAILED} order by operation.due_at, operation.id limit $1`

const ASKING = `operation.state = 'waiting' and operation.id in (
  select operation_id from orchestra.placement
  where wait is not null and open and wait ->> 'kind' in ('person', 'protection')) order by operation.id limit $1`

const CANCELLED = `${isCancelled('operation')} order by operation.id limit $1`

const REFUSED = `${IS_REFUSED} order by operation.id limit $1`

/** One server that is not removed, and its lane. */
export async function serverStatus(store: Queryable, id: number): Promise<ServerStatus> {
  const [status] = await store.query<ServerStatus>(`${SERVERS_WHERE} and server.id = $1`, [id])
  return status as ServerStatus
}

/** Of servers as a whole nothing is counted here. */
const SERVERS_WHERE = `
select server.name, server.method,
  case when server.held_at is not null then json_build_object(
    'by', server.held_by, 'since', ${isoTime('server.held_at')}, 'reason', server.held_reason, 'until', ${isoTime('server.hold_ends')}) end as held,
  case when lane.blocked_since is not null then json_build_object(
    'outcome', lane.blocked_outcome, 'since', ${isoTime('lane.blocked_since')}, 'reason', lane.blocked_reason,
    'attempt', lane.attempt,
    'nextTry', case when lane.due_at > now() then ${isoTime('lane.due_at')} end) end as blocked,
  case when server.presented_key is distinct from server.host_key then server.presented_key end as "presentedKey",
  (select json_build_object('id', log.id, 'backend', log.backend,
      'since', ${isoTime('coalesce(log.started_at, log.created_at)')})
    from orchestra.log where log.server_id = server.id and log.ended_at is null order by log.id desc limit 1
  ) as "runningLog",
  coalesce(tally.running, 0) as running, coalesce(tally.waiting, 0) as waiting, coalesce(tally.failing, 0) as failing,
  coalesce(tally.held, 0) as "heldByRoute",
  (select ${isoTime('first.created_at')} from orchestra.operation first
    where first.server_id = server.id and first.state = 'waiting' order by first.id limit 1) as "oldestWaiting",
  coalesce(tally.placed, 0) as placed, coalesce(tally.stale, 0) as stale, coalesce(tally.kept, 0) as kept,
  coalesce(found.drifted, 0) as drifted
from orchestra.server
left join orchestra.lane on lane.server_id = server.id
left join ${SERVER_TALLY} as tally on tally.server_id = server.id
left join (
  select server_id, count(*) as drifted from orchestra.finding f
  where state in ('drifted', 'missing') and ${findingHolds} group by server_id
) as found on found.server_id = server.id
where server.removed_at is null`

export const SERVERS = `${SERVERS_WHERE} order by server.name`

/** Workers that gave a sign of life in the last seconds. */
export function listWorkers(store: Queryable): Promise<WorkerStatus[]> {
  return store.query<WorkerStatus>(WORKERS)
}

const WORKERS = `
select id, host, pid, ${isoTime('started_at')} as "startedAt", generation, halted
from orchestra.worker where ${WORKER_ALIVE} order by started_at`

const REST = `
select (select value from orchestra.setting where name = 'paused') as paused,
  (select count(*) from orchestra.operation where state = 'waiting' and server_id is null) as undecided`
