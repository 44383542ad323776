import type { Queryable } from '../store/index.ts'

/** Operations of places of which nothing is left: there is nothing to do for them any more. */
export async function endNeedless(tx: Queryable, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  await tx.query(
    `update orchestra.operation set state = 'done', outcome = 'nothing', ended_at = clock_timestamp(), snapshot = null
     where id = any($1::bigint[]) and state = 'waiting'`,
    [ids],
  )
}
