import type { Queryable } from '../store/index.ts'
import { PLACE_ORDER } from './read.ts'

/**
 * Locks the open operations `o` that fit `condition`, in the one order in which all who write operations lock: first the lanes by
 * server, then the places, then the operations by id. Answers their ids. One of a lane that came in between is left alone.
 */
export async function lockOpenOperations(
  tx: Queryable,
  condition: string,
  values: readonly unknown[],
): Promise<number[]> {
  const isMeant = `o.state in ('waiting', 'running') and ${condition}`
  const lanes = await tx.query<{ server_id: number }>(
    `select server_id from orchestra.lane where server_id in (
       select o.server_id from orchestra.operation o where ${isMeant})
     order by server_id for no key update`,
    values,
  )
  const own = [...values, lanes.map((lane) => lane.server_id)]
  const isInLane = `(o.server_id is null or o.server_id = any($${own.length}::int[]))`
  await lockPlacesWhere(
    tx,
    `(p.key_hash, p.model, p.backend, p.server_id) in (
       select o.key_hash, o.model, o.backend, o.server_id from orchestra.operation o where ${isMeant} and ${isInLane})`,
    own,
  )
  const operations = await tx.query<{ id: number }>(
    `select o.id from orchestra.operation o
     where ${isMeant} and ${isInLane} order by o.id for no key update`,
    own,
  )
  return operations.map((operation) => operation.id)
}

/** Locks the places `p` that fit a condition, for whoever then writes all of them in one statement. */
export async function lockPlacesWhere(
  tx: Queryable,
  condition: string,
  values: readonly unknown[],
): Promise<void> {
  await tx.query(
    `select from orchestra.placement p where ${condition} order by ${PLACE_ORDER} for no key update`,
    values,
  )
}
