import { backendLastKnown, isBackendUnknown } from '../generation/index.ts'
import { isoTime } from '../logs/index.ts'
import { isCancelled } from '../operations/cancelled.ts'
import { latestUnit } from '../operations/of-unit.ts'
import type { Outcome } from '../operations/outcome.ts'
import { WORKER_ALIVE } from '../operations/worker-alive.ts'
import { leadsTo } from '../router/index.ts'
import type { Queryable } from '../store/index.ts'
import { askedAnew, type Knowing } from './asked.ts'
import { type WaitFacts, type WaitsFor, waitsFor } from './waiting.ts'

/** An operation as people and programs are shown it. Times are ISO 8601. */
export interface OperationView {
  id: number
  /** The unit whose state of the object it carries: of all that asked before it began, the last. */
  unitId: string
  /** `model:key` */
  object: string
  action: string
  /** What the object is called on its server once it has succeeded; null for what places nothing. */
  identity: string | null
  /** Null where the object could not be loaded or routed: nobody knows yet whom it concerns. */
  backend: string | null
  server: string | null
  state: 'waiting' | 'running' | 'done' | 'superseded'
  /** How it ended, or how its last try did while it waits for the next. */
  outcome: Outcome | null
  changed: boolean | null
  error: string | null
  attempt: number
  nextTry: string | null
  logId: number | null
  createdAt: string
  startedAt: string | null
  endedAt: string | null
  waitsFor: WaitsFor | null
}

type Row = Omit<OperationView, 'waitsFor'> & WaitFacts

/** Operations that fit `condition`, a fragment of SQL over `operation` with parameters from $1 on. */
export async function readOperations(
  store: Queryable,
  condition: string,
  values: readonly unknown[],
  knowing?: Knowing,
): Promise<OperationView[]> {
  const rows = await store.query<Row>(`${OPERATIONS} where ${condition}`, values)
  const waiting = rows.filter(({ state, server }) => state === 'waiting' && server !== null)
  if (knowing === undefined || waiting.length === 0) return rows.map((row) => toView(row))
  const anew = await askedAnew(
    store,
    waiting.map(({ id }) => id),
    knowing,
  )
  return rows.map((row) => toView(row, anew.get(row.id)))
}

function toView(row: Row, anew: Partial<WaitFacts> = {}): OperationView {
  return {
    id: row.id,
    unitId: row.unitId,
    object: row.object,
    action: row.action,
    identity: row.identity,
    backend: row.backend,
    server: row.server,
    state: row.state,
    outcome: row.outcome,
    changed: row.changed,
    error: row.error,
    attempt: row.attempt,
    nextTry: row.nextTry,
    logId: row.logId,
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    waitsFor: waitsFor({ ...row, ...anew }),
  }
}

const OPERATIONS = `
select operation.id, ${latestUnit('operation')} as "unitId", operation.model || ':' || operation.object_key as object,
  operation.action, operation.identity, operation.backend, server.name as server, operation.state, operation.outcome, operation.changed,
  operation.error, operation.attempt, operation.log_id as "logId", operation.held,
  case when ${isCancelled('operation')} then operation.cancelled_by end as "cancelledBy",
  array(
    select route.id from orchestra.route
    where operation.held and not route.enabled and route.backend = operation.backend
      and ${leadsTo('route', 'server')}
    order by route.id
  ) as "heldRoutes",
  place.wait - 'since' as wait, other.name as "waitServer", place.trying is not null as "isTried",
  exists (select from jsonb_array_elements(place.names) one where (one ->> 'incarnation')::int <> place.incarnation) as "isReplacing",
  operation.state = 'waiting' and operation.action not in ('save', 'delete') and exists (
    select from orchestra.placement p where p.key_hash = operation.key_hash and p.model = operation.model
      and p.backend = operation.backend and p.server_id = operation.server_id and p.open and p.attempt > 0) as "isBehind",
  json_build_object('root', null, 'isStuck', exists (
    select from orchestra.placement holder where place.wait ->> 'kind' = 'name'
      and holder.server_id = place.server_id and holder.backend = place.backend and holder.stopped = holder.generation
      and holder.model || ':' || holder.object_key = place.wait ->> 'object')) as chain,
  case when operation.state = 'waiting' and operation.due_at > now() then ${isoTime('operation.due_at')} end as "nextTry",
  ${isoTime('operation.created_at')} as "createdAt", ${isoTime('operation.started_at')} as "startedAt",
  ${isoTime('operation.ended_at')} as "endedAt",
  pause.value ->> 'by' as "pausedBy", pause.value ->> 'reason' as "pausedReason",
  case when server.held_at is not null then coalesce(server.held_by, '?') end as "serverHeldBy",
  server.held_reason as "serverHeldReason", ${isoTime('server.hold_ends')} as "serverHeldUntil",
  lane.blocked_reason as "blockedReason", ${isoTime('lane.blocked_since')} as "blockedSince",
  case when lane.due_at > now() then ${isoTime('lane.due_at')} end as "blockedUntil",
  exists (select from orchestra.worker where ${WORKER_ALIVE}) as "hasWorker",
  operation.state = 'waiting' and ${isBackendUnknown('operation.backend')} as "isUnknown",
  case when operation.state = 'waiting' then ${backendLastKnown('operation.backend')} end as "lastKnown"
from orchestra.operation
left join orchestra.placement place on operation.state = 'waiting' and place.key_hash = operation.key_hash
  and place.model = operation.model and place.backend = operation.backend and place.server_id = operation.server_id
  and place.operation_id = operation.id
left join orchestra.server other on other.id = (place.wait ->> 'server')::int
left join orchestra.server on server.id = operation.server_id
left join orchestra.lane on lane.server_id = operation.server_id
left join orchestra.setting as pause on pause.name = 'paused'`
