import { syncEnded } from '../events/index.ts'
import type { Queryable } from '../store/index.ts'

/**
 * Keeps others from ending a synchronization or its inspections until the transaction ends. To be called before any of its
 * inspections is written that may be its last: of two that end at once, the second waits here and sees that the first has ended.
 */
export async function lockSync(tx: Queryable, syncId: number): Promise<void> {
  await tx.query('select from orchestra.sync where id = $1 for update', [syncId])
}

/** Ends a synchronization that has no inspection left to wait for. Runs inside a transaction. */
export async function endInspectedSync(tx: Queryable, syncId: number): Promise<void> {
  await tx.query(
    `with ended as (
     update orchestra.sync y set ended_at = now(),
       state = case when y.error is null and failed.error is null then 'done' else 'failed' end,
       error = nullif(concat_ws('; ', y.error, failed.error), '')
     from (
       select string_agg(s.name || ', ' || i.backend || ': ' || coalesce(i.error, 'failed'), '; ' order by i.id) as error
       from orchestra.inspection i join orchestra.server s on s.id = i.server_id where i.sync_id = $1 and i.state = 'failed'
     ) failed
     where y.id = $1 and y.ended_at is null and y.state = 'inspecting'
       and not exists (select from orchestra.inspection where sync_id = $1 and ended_at is null)
     returning y.id, y.state
     )
     ${syncEnded('ended')}`,
    [syncId],
  )
  await tx.query(`select pg_notify('orchestra_settled', '')`)
}
