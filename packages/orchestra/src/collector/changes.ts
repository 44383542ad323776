import type { Backoff, Config } from '../config/config.ts'
import type { Key } from '../config/model.ts'
import { isDecided } from '../generation/index.ts'
import { later } from '../operations/backoff.ts'
import { latestUnit } from '../operations/of-unit.ts'
import { type Bound, type Change, changesIn, type Looking, type StoredChange } from '../source/index.ts'
import { often, type Queryable, storable } from '../store/index.ts'
import { withTruncated } from './truncated.ts'

/** Failed objects that one look takes at most. */
const FAILURES_A_LOOK = 1_000

/** True for what has no place yet, and for what waited for a route when routes changed. */
const IS_LOOKED_AT = '(server_id is null or look_again)'

/** Changes of one unit as this connection sees them: its own uncommitted ones too. */
export async function changesOfUnit(db: Queryable, unitId: string): Promise<StoredChange[]> {
  return withTruncated(db, await changesIn(db).ofUnit(unitId))
}

/** An object that could not be turned into operations, or only into ones that wait for a route, due for another look. */
export interface RetriedObject {
  operationId: number
  unitId: string
  model: string
  action: string
  key: Key
  /** Null where the object itself could not be loaded. */
  backend: string | null
  error: string | null
  attempt: number
  /** The object itself where it was given. */
  payload: unknown
}

export async function dueFailures(
  db: Queryable,
  { models, backends, foreign }: Looking,
  limit = FAILURES_A_LOOK,
): Promise<RetriedObject[]> {
  const rows = await db.query<{
    id: number
    unit_id: string
    model: string
    action: string
    keys: Key
    backend: string | null
    error: string | null
    attempt: number
    payload: unknown
  }>(often(DUE_FAILURES), [limit, models, backends, foreign])
  return rows.map(({ id, unit_id, keys, ...row }) => ({
    ...row,
    operationId: id,
    unitId: unit_id,
    key: keys,
  }))
}

const DUE_FAILURES = `
select id, ${latestUnit('operation')} as unit_id, model, action, keys, backend, error, attempt, snapshot as payload from orchestra.operation
where state = 'waiting' and ${IS_LOOKED_AT} and due_at <= now()
  and ${isDecided('$2', '$3', '$4')} order by id limit $1`

/** Of these operations, those that still wait for another look. */
export async function failuresStillDue(db: Queryable, ids: readonly number[]): Promise<Set<number>> {
  if (ids.length === 0) return new Set()
  const rows = await db.query<{ id: number }>(
    `select id from orchestra.operation
     where id = any($1::bigint[]) and state = 'waiting' and ${IS_LOOKED_AT} and due_at <= now()`,
    [ids],
  )
  return new Set(rows.map(({ id }) => id))
}

/** Lets an object that could not even be looked at again wait, with the reason. */
export async function postponeFailure(
  db: Queryable,
  id: number,
  reason: string,
  { base, cap }: Backoff,
): Promise<void> {
  await db.query(
    `update orchestra.operation set ${later('$2', '$3', '$4')}
     where id = $1 and state = 'waiting' and ${IS_LOOKED_AT}`,
    [id, storable(reason), base, cap],
  )
}

/** How many keys changes have together. */
export function keysOf(changes: readonly Change[]): number {
  return changes.reduce((sum, change) => sum + change.keys.length, 0)
}

/** Whether a look found as much as it may take: then more may be waiting. */
export function reachesBound(
  changes: readonly Change[],
  failures: readonly RetriedObject[],
  { keys }: Bound,
): boolean {
  return changes.length >= keys || keysOf(changes) >= keys || failures.length >= FAILURES_A_LOOK
}

/** What failed before, to be looked at once more. */
export function asChange({ unitId, model, action, key, payload }: RetriedObject, config: Config): Change {
  // What has a table is read there: it may have been corrected since.
  const isGiven = config.models.get(model)?.table === null
  return { unitId, model, action, keys: [key], payload: isGiven ? payload : null, scope: null }
}
