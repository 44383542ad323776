import type { Place, PlaceRow } from '../places/index.ts'
import { often, type Queryable, send, storable } from '../store/index.ts'
import type { Settlement } from './settlement.ts'

/** An operation that runs, as far as its end depends on it. */
export interface RunningOperation {
  id: number
  model: string
  object_key: string
  backend: string
  server_id: number
  action: string
  /** Somebody cancelled it while it ran. */
  cancelled: boolean
}

/** What became of an operation, and of the place that it was about. */
export interface SettledOperation {
  operation: RunningOperation
  settlement: Settlement
  /** Undefined for what is about no place; null where nothing is left of it. */
  place: { row: PlaceRow; before: Place; after: Place | null } | undefined
  end: 'done' | 'cancelled' | 'superseded' | 'waiting'
  supersededBy: number | null
}

export const RUNNING = `
select o.id, o.model, o.object_key, o.backend, o.server_id, o.action, o.outcome is not distinct from 'aborted' as cancelled
from orchestra.operation o where o.id = any($1::bigint[]) and (o.state || '') = 'running' order by o.id for no key update`

/** Tells people what became of operations. */
export async function recordEnds(
  tx: Queryable,
  ends: readonly SettledOperation[],
  logId: number | null,
): Promise<void> {
  const inputs = ends.map(({ operation, settlement, end, supersededBy }) => ({
    id: operation.id,
    state: end === 'cancelled' ? 'done' : end,
    kept: end === 'cancelled',
    back: settlement.next === 'back',
    superseded_by: supersededBy,
    outcome: settlement.outcome,
    changed: settlement.changed,
    error: storable(settlement.error),
    alone: settlement.alone,
    delay: settlement.delay,
  }))
  await send(tx, often(ENDS), [JSON.stringify(inputs), logId])
}

/** Of what was cancelled the outcome stays. */
const ENDS = `
update orchestra.operation o set state = r.state, superseded_by = r.superseded_by,
  outcome = case when r.kept and r.back then o.outcome else r.outcome end,
  error = case when r.kept and r.back then o.error else r.error end,
  changed = r.changed,
  log_id = coalesce($2, o.log_id),
  attempt = case when r.back then greatest(o.attempt - 1, 0) else o.attempt end,
  alone = case when r.back then o.alone else r.alone end,
  due_at = case when r.delay > 0 then clock_timestamp() + r.delay * interval '1 ms' else '-infinity' end,
  ended_at = case when r.state <> 'waiting' then clock_timestamp() end,
  snapshot = case when r.state = 'done' and r.outcome = 'success' then null else o.snapshot end
from jsonb_to_recordset($1::jsonb) as r(id bigint, state text, kept boolean, back boolean, superseded_by bigint, outcome text,
  changed boolean, error text, alone boolean, delay bigint)
where o.id = r.id`
