import { type OrchestraError, withHint } from '../errors.ts'
import { inspectionsEnded, syncEnded } from '../events/index.ts'
import type { Queryable } from '../store/index.ts'
import { endInspectedSync, lockSync } from '../sync/index.ts'

/** Where an inspection goes on: behind this placement, with what is still to be made, or with what the server has beside all that. */
export type InspectionCursor =
  | { phase: 'placements'; model: string; keyHash: string }
  | { phase: 'wanted' }
  | { phase: 'found' }

/** How many objects an inspection has found in which state. */
export type InspectionCounts = Partial<Record<CountName, number>>
export type CountName =
  | 'inSync'
  | 'drifted'
  | 'missing'
  | 'unknown'
  | 'changing'
  | 'repaired'
  | 'unowned'
  /** Not ours, in the place of an object that is to be made. */
  | 'inTheWay'
  | 'orphaned'
  | 'pruned'
  /** Reloads that the server owes. */
  | 'owed'

/** A backend on a server that a synchronization looks at. */
export interface Inspection {
  id: number
  syncId: number
  serverId: number
  backend: string
  cursor: InspectionCursor | null
  counts: InspectionCounts
  attempt: number
  /** When it was looked at first; null before. */
  startedAt: Date | null
  mode: 'check' | 'sync'
  /** The unit that repairs belong to. */
  unitId: string
  actor: string | null
  source: string
  allowDeletes: number | null
  /** The model that it is about; null for all. */
  model: string | null
  /** The one object of the model; null for all. */
  objectKey: string | null
}

/** SQL that is true for inspections `i` of syncs `y` that a lane can work on now; `foreign` are backends that are others'. */
function inspectionIsDue(foreign: string): string {
  return `i.ended_at is null and i.due_at <= now() and y.ended_at is null and y.state = 'inspecting'
    and i.backend <> all(${foreign}::text[])`
}

/** SQL that is true for a server, whose id is `serverId`, that has something to be looked at. */
export function hasInspection(serverId: string, foreign: string): string {
  return `exists (select from orchestra.inspection i join orchestra.sync y on y.id = i.sync_id
    where i.server_id = ${serverId} and ${inspectionIsDue(foreign)})`
}

/** The oldest inspection of a server that is due, and not of a backend that others have. */
export async function nextInspection(
  db: Queryable,
  serverId: number,
  foreign: readonly string[] = [],
): Promise<Inspection | undefined> {
  const [row] = await db.query<Inspection>(
    `select i.id, i.sync_id as "syncId", i.server_id as "serverId", i.backend, i.cursor, i.counts, i.attempt,
       i.started_at as "startedAt", y.mode, y.unit_id as "unitId", y.actor, y.source, y.allow_deletes as "allowDeletes",
       y.model, y.object_key as "objectKey"
     from orchestra.inspection i join orchestra.sync y on y.id = i.sync_id
     where i.server_id = $1 and ${inspectionIsDue('$2')} order by i.id limit 1`,
    [serverId, foreign],
  )
  return row
}

/** Notes that an inspection has begun, and how many objects it is about. */
export async function startInspection(db: Queryable, { id }: Inspection): Promise<void> {
  await db.query(
    `update orchestra.inspection i set state = 'running', started_at = now(), moved_at = clock_timestamp(), total = (
       select count(*) from orchestra.placement p join orchestra.sync y on y.id = i.sync_id
       where p.server_id = i.server_id and p.backend = i.backend and p.state = 'applied'
         and (y.model is null or p.model = y.model)
         and (y.object_key is null or p.key_hash = md5(y.object_key)::uuid))
     where id = $1`,
    [id],
  )
}

/** Lets an inspection that broke off rest; after its last try it has failed. */
export async function postponeInspection(
  db: Queryable,
  { id }: Inspection,
  reason: string,
  delay: number,
): Promise<void> {
  await db.query(
    `update orchestra.inspection set attempt = attempt + 1, error = $2, moved_at = clock_timestamp(), due_at = now() + $3 * interval '1 ms' where id = $1`,
    [id, reason, delay],
  )
}

/** Ends an inspection, and its synchronization with the last one. Runs inside a transaction. */
export async function endInspection(
  tx: Queryable,
  { id, syncId }: Inspection,
  state: 'done' | 'failed',
  error: string | null = null,
): Promise<void> {
  await lockSync(tx, syncId)
  await tx.query(
    `with ended as (
       update orchestra.inspection set state = $2, error = $3, ended_at = now(), started_at = coalesce(started_at, now())
       where id = $1 and ended_at is null returning id, server_id, state
     )
     ${inspectionsEnded('ended')}`,
    [id, state, error],
  )
  await endInspectedSync(tx, syncId)
}

/** Ends a synchronization that must not go on, with all its inspections. Runs inside a transaction. */
export async function stopSync(tx: Queryable, syncId: number, error: OrchestraError): Promise<void> {
  await lockSync(tx, syncId)
  await tx.query(
    `with stopped as (
       update orchestra.sync set state = 'stopped', error = $2, ended_at = now() where id = $1 and ended_at is null
       returning id, state
     ), told as (${syncEnded('stopped')}
     )
     update orchestra.inspection i set state = 'cancelled', ended_at = now()
     from stopped where i.sync_id = stopped.id and i.ended_at is null`,
    [syncId, withHint(error)],
  )
  await tx.query(`select pg_notify('orchestra_settled', '')`)
}
