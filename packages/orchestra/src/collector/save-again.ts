import type { Key } from '../config/model.ts'
import type { Queryable } from '../store/index.ts'

/** Where objects are saved again, and on whose behalf. */
export interface SavedAgain {
  backend: string
  serverId: number
  unitId: string
  actor: string | null
  source: string
}

/**
 * Has objects saved once more by one backend on one server: the collector loads each one's present row, so that what is written is
 * never older than what was.
 */
export async function saveAgain(
  db: Queryable,
  { backend, serverId, unitId, actor, source }: SavedAgain,
  model: string,
  keys: readonly Key[],
): Promise<void> {
  await db.query(
    `with written as (
       insert into orchestra.change (unit_id, actor, source, login, model, action, keys, backend, server_id)
       values ($1, $2, $3, null, $4, 'save', $5, $6, $7)
     ) select pg_notify('orchestra_change', '')`,
    [unitId, actor, source, model, JSON.stringify(keys), backend, serverId],
  )
}
