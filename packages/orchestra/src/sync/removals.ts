import { formatKey, formatObject, parseKey } from '../config/key.ts'
import { replacedModels } from '../request/replaced.ts'
import type { Queryable } from '../store/index.ts'
import type { Discrepancy } from './compare.ts'
import { exceedsBound, NAMED, type Removals } from './guard.ts'
import type { NamedKey } from './pages.ts'

/** Whether recording it takes something away that somebody may want to be asked about. */
export function isRemoval({ decision: { action, fate } }: Pick<Discrepancy, 'decision'>): boolean {
  return action === 'delete' && fate.kind === 'waiting'
}

/** Notes what is to be removed, until all of it is known. */
export async function noteRemovals(
  tx: Queryable,
  syncId: number,
  removals: readonly Discrepancy[],
): Promise<void> {
  if (removals.length === 0) return
  const rows = removals.map(({ decision: { serverId, backend, model, key } }) => ({
    server_id: serverId,
    backend,
    model,
    object_key: formatKey(key),
  }))
  await tx.query(
    `insert into orchestra.sync_removal (sync_id, server_id, backend, model, object_key)
     select $1, server_id, backend, model, object_key
     from jsonb_to_recordset($2::jsonb) as row(server_id int, backend text, model text, object_key text)`,
    [syncId, JSON.stringify(rows)],
  )
}

/** Backends on servers of which a synchronization noted more removals than may go. */
export async function exceedingRemovals(
  db: Queryable,
  { id, allowDeletes }: { id: number; allowDeletes: number | null },
): Promise<Removals[]> {
  const replaced = await replacedModels(db)
  const noted = await db.query<Removals & { model: string }>(
    `select noted.backend, noted.model, s.name as server, noted.deletes, (noted.objects)[1:${NAMED}] as objects,
       (select count(*) from orchestra.placement p where p.server_id = noted.server_id and p.backend = noted.backend) as placements
     from (
       select backend, server_id, min(model) as model, count(*) as deletes, array_agg(model || ':' || object_key order by id) as objects
       from orchestra.sync_removal where sync_id = $1 group by backend, server_id
     ) noted join orchestra.server s on s.id = noted.server_id order by noted.backend, s.name`,
    [id],
  )
  return noted
    .map(({ model, ...one }) => ({ ...one, isReplaced: replaced.has(model) }))
    .filter((one) => exceedsBound(one, allowDeletes))
}

/** An object in a place that it is to be removed from. */
export interface NotedRemoval extends NamedKey {
  id: number
  backend: string
  serverId: number
}

export async function notedRemovals(
  db: Queryable,
  syncId: number,
  after: number,
  size: number,
): Promise<NotedRemoval[]> {
  const rows = await db.query<Omit<NotedRemoval, 'key'> & { objectKey: string }>(
    `select id, backend, server_id as "serverId", model, object_key as "objectKey"
     from orchestra.sync_removal where sync_id = $1 and id > $2 order by id limit ${size}`,
    [syncId, after],
  )
  return rows.map(({ objectKey, ...row }) => ({ ...row, key: parseKey(objectKey) }))
}

/** Whether a difference is one of the removals that were noted. */
export function isNoted(noted: readonly NotedRemoval[]): (difference: Discrepancy) => boolean {
  const name = (model: string, key: readonly string[], backend: string | null, serverId: number | null) =>
    JSON.stringify([formatObject(model, key), backend, serverId])
  const names = new Set(noted.map((one) => name(one.model, one.key, one.backend, one.serverId)))
  return ({ decision: { model, key, backend, serverId } }) => names.has(name(model, key, backend, serverId))
}

export async function forgetRemovals(tx: Queryable, syncId: number): Promise<void> {
  await tx.query('delete from orchestra.sync_removal where sync_id = $1', [syncId])
}
