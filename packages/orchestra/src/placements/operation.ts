import { backendLastKnown, isBackendUnknown } from '../generation/index.ts'
import { isoTime } from '../logs/index.ts'
import { isCancelled } from '../operations/cancelled.ts'
import { nameHolders } from '../operations/gate.ts'
import type { Outcome } from '../operations/outcome.ts'
import { WORKER_ALIVE } from '../operations/worker-alive.ts'
import { leadsTo } from '../router/index.ts'
import type { Queryable } from '../store/index.ts'
import { type WaitFacts, type WaitsFor, waitsFor } from './waiting.ts'

/** An operation as people and programs are shown it. Times are ISO 8601. */
export interface OperationView {
  id: number
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
): Promise<OperationView[]> {
  return (await store.query<Row>(`${OPERATIONS} where ${condition}`, values)).map(toView)
}

function toView(row: Row): OperationView {
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
    waitsFor: waitsFor(row),
  }
}

const OPERATIONS = `
select operation.id, operation.unit_id as "unitId", operation.model || ':' || operation.object_key as object,
  operation.action, operation.identity, operation.backend, server.name as server, operation.state, operation.outcome, operation.changed,
  operation.error, operation.attempt, operation.log_id as "logId", operation.held,
  case when ${isCancelled('operation')} then operation.cancelled_by end as "cancelledBy",
  array(
    select route.id from orchestra.route
    where operation.held and not route.enabled and route.backend = operation.backend
      and ${leadsTo('route', 'server')}
    order by route.id
  ) as "heldRoutes",
  array(
    select target.name from unnest(operation.gate) as gate(server_id) join orchestra.server target on target.id = gate.server_id
    where operation.state = 'waiting' and not exists (
      select from orchestra.placement there
      where there.key_hash = operation.key_hash and there.model = operation.model
        and there.backend = operation.backend and there.server_id = gate.server_id and there.state = 'applied')
    order by target.name
  ) as "gateServers",
  case when operation.state = 'waiting' and operation.gate is not null then (
    select target.name from orchestra.transfer data join orchestra.server target on target.id = data.to_server
    where data.key_hash = operation.key_hash and data.model = operation.model and data.backend = operation.backend
      and data.from_server = operation.server_id and data.ended_at is null
  ) end as "transferTo",
  case when operation.state = 'waiting' and operation.action = 'save' and operation.identity is not null then (
    select old.model || ':' || old.object_key from ${nameHolders('operation')} limit 1
  ) end as "nameHolder",
  operation.state = 'waiting' and operation.action = 'save' and exists (
    select from ${nameHolders('operation')} and exists (
      select from orchestra.operation removal
      where removal.key_hash = old.key_hash and removal.model = old.model and removal.backend = old.backend
        and removal.server_id = old.server_id and removal.action = 'delete' and removal.state in ('waiting', 'running'))
  ) as "nameHolderLeaves",
  case when operation.state = 'waiting' and operation.due_at > now() then ${isoTime('operation.due_at')} end as "nextTry",
  ${isoTime('operation.created_at')} as "createdAt", ${isoTime('operation.started_at')} as "startedAt",
  ${isoTime('operation.ended_at')} as "endedAt",
  pause.value ->> 'by' as "pausedBy", pause.value ->> 'reason' as "pausedReason",
  case when server.held_at is not null then coalesce(server.held_by, '?') end as "serverHeldBy",
  server.held_reason as "serverHeldReason",
  lane.blocked_reason as "blockedReason", ${isoTime('lane.blocked_since')} as "blockedSince",
  case when lane.due_at > now() then ${isoTime('lane.due_at')} end as "blockedUntil",
  exists (select from orchestra.worker where ${WORKER_ALIVE}) as "hasWorker",
  operation.state = 'waiting' and ${isBackendUnknown('operation.backend')} as "isUnknown",
  case when operation.state = 'waiting' then ${backendLastKnown('operation.backend')} end as "lastKnown"
from orchestra.operation
left join orchestra.server on server.id = operation.server_id
left join orchestra.lane on lane.server_id = operation.server_id
left join orchestra.setting as pause on pause.name = 'paused'`
