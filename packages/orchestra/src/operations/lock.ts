import type { Queryable } from '../store/index.ts'

/**
 * Locks the open operations `o` that fit `condition`, in the one order in which all who write operations lock: first the lanes by
 * server, then the operations by id. Answers their ids. One of a lane that came in between is left alone.
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
  const operations = await tx.query<{ id: number }>(
    `select o.id from orchestra.operation o
     where ${isMeant} and (o.server_id is null or o.server_id = any($${values.length + 1}::int[]))
     order by o.id for no key update`,
    [...values, lanes.map((lane) => lane.server_id)],
  )
  return operations.map((operation) => operation.id)
}
