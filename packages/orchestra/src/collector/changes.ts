import type { Backoff } from '../config/config.ts'
import type { Key } from '../config/model.ts'
import type { Duties } from '../generation/index.ts'
import { type Queryable, storable } from '../store/index.ts'
import type { Change } from './coalesce.ts'
import { MOST_KEYS } from './keys-a-look.ts'
import { withTruncated } from './truncated.ts'

/** Failed objects that one look takes at most. */
const FAILURES_A_LOOK = 1_000

export interface StoredChange extends Change {
  id: number
  actor: string | null
  source: string | null
  /** Who was logged in; null for what Orchestra itself wrote. */
  login: string | null
  at: Date
}

interface ChangeRow {
  id: number
  unit_id: string
  actor: string | null
  source: string | null
  login: string | null
  model: string
  action: string
  keys: Key[]
  payload: unknown
  at: Date
  backend: string | null
  server_id: number | null
}

/** Longer names and sources help nobody; writers of changes leave them as they are, because they are in a hurry. */
const CHANGE_COLUMNS = `id, unit_id, left(actor, 1000) as actor, nullif(left(source, 1000), '') as source, login, model, action, keys,
  payload, at, backend, server_id`

/** What a worker is to look at, as opposed to others that have another configuration. */
export type Looking = Pick<Duties, 'models' | 'backends' | 'foreign'>

/** SQL that is true for changes and failures that a worker looks at, by its duties as parameters. */
function isOwn(models: string, backends: string, foreign: string): string {
  return `(model = any(${models}::text[]) and (backend is null or backend <> all(${foreign}::text[]))
    or backend = any(${backends}::text[]))`
}

/** How much one look takes: changes until they have so many keys, and at most so many changes. */
export interface Bound {
  keys: number
  most?: number | undefined
}

/**
 * Committed changes that are this worker's to turn into operations, oldest first. Without those that only say that their model has to be
 * compared: capture takes these when it can.
 */
export async function waitingChanges(
  db: Queryable,
  { models, backends, foreign }: Looking,
  { keys, most = keys }: Bound = { keys: MOST_KEYS },
): Promise<StoredChange[]> {
  const rows = await db.query<ChangeRow>(
    `select ${CHANGE_COLUMNS} from (
       select *, sum(jsonb_array_length(keys)) over (order by id) - jsonb_array_length(keys) as before
       from (select * from orchestra.change where due_at <= now() and action <> 'compare'
           and ${isOwn('$2', '$3', '$4')} order by id limit $1) due
     ) counted where before < $5 order by id`,
    [most, models, backends, foreign, keys],
  )
  return rows.map(fromRow)
}

/** Changes of one unit as this connection sees them: its own uncommitted ones too. */
export async function changesOfUnit(db: Queryable, unitId: string): Promise<StoredChange[]> {
  const rows = await db.query<ChangeRow>(
    `select ${CHANGE_COLUMNS} from orchestra.change where unit_id = $1 and action <> 'compare' order by id`,
    [unitId],
  )
  return withTruncated(db, rows.map(fromRow))
}

function fromRow({ unit_id: unitId, backend, server_id: serverId, ...row }: ChangeRow): StoredChange {
  return { ...row, unitId, scope: backend === null ? null : { backend, serverId } }
}

/** An object that could not be turned into operations, due for another look. */
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
  }>(
    `select id, unit_id, model, action, keys, backend, error, attempt, snapshot as payload from orchestra.operation
     where state = 'waiting' and server_id is null and due_at <= now()
       and ${isOwn('$2', '$3', '$4')} order by id limit $1`,
    [limit, models, backends, foreign],
  )
  return rows.map(({ id, unit_id, keys, ...row }) => ({
    ...row,
    operationId: id,
    unitId: unit_id,
    key: keys,
  }))
}

/**
 * Leaves changes, which this worker decides as far as it can, to those too who have other backends of their models.
 * @param beside by the name of each backend its model
 */
export async function leaveToOthers(
  db: Queryable,
  changeIds: readonly number[],
  beside: Duties['beside'],
): Promise<void> {
  if (Object.keys(beside).length === 0 || changeIds.length === 0) return
  await db.query(
    `insert into orchestra.change (unit_id, actor, source, login, model, action, keys, payload, at, backend)
     select c.unit_id, c.actor, c.source, c.login, c.model, c.action, c.keys, c.payload, c.at, beside.key
     from orchestra.change c join jsonb_each_text($2::jsonb) beside on beside.value = c.model
     where c.id = any($1::bigint[]) and c.backend is null`,
    [changeIds, JSON.stringify(beside)],
  )
}

/** SQL that lets what could not even be looked at wait, longer with each try, with the reason. */
const LATER = `attempt = attempt + 1, error = $2,
       due_at = now() + least($3 * 2 ^ least(attempt, 30), $4) * interval '1 ms'`

/** Lets a change that could not even be looked at wait, with the reason. */
export async function postpone(
  db: Queryable,
  id: number,
  reason: string,
  { base, cap }: Backoff,
): Promise<void> {
  await db.query(
    `update orchestra.change set ${LATER}
     where id = $1`,
    [id, storable(reason), base, cap],
  )
}

/** Lets an object that could not even be looked at again wait, with the reason. */
export async function postponeFailure(
  db: Queryable,
  id: number,
  reason: string,
  { base, cap }: Backoff,
): Promise<void> {
  await db.query(
    `update orchestra.operation set ${LATER}
     where id = $1 and state = 'waiting' and server_id is null`,
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
