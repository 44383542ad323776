import { audit } from '../server/index.ts'
import type { Store } from '../store/index.ts'
import { conditionOf, type WorkTarget } from './target.ts'

export interface Cancelled {
  /** Operations that had not begun: revoked, they wait for the next change of their object. */
  revoked: number
  /** Logs whose running scripts are being ended on their servers. */
  stopping: number[]
}

/**
 * Revokes what waits and ends what runs, on the server too. What else ran in the same script is done again: the outcome on an
 * operation that still runs marks the ones that are not.
 */
export async function cancel(store: Store, target: WorkTarget, by: string): Promise<Cancelled> {
  return store.transaction(async (tx) => {
    const { condition, values } = conditionOf(target)
    const revoked = await tx.query(
      `update orchestra.operation o set state = 'done', outcome = 'revoked', error = 'cancelled by ' || $3::text,
         ended_at = clock_timestamp()
       where o.state = 'waiting' and ${condition} returning o.id`,
      [...values, by],
    )
    const stopping = await tx.query<{ id: number }>(
      `with marked as (
         update orchestra.operation o set outcome = 'aborted', error = 'cancelled by ' || $3::text
         where o.state = 'running' and ${condition} returning o.id
       )
       update orchestra.log g set cancel_by = $3 where g.ended_at is null and g.id in (
         select p.log_id from orchestra.log_operation p join marked on marked.id = p.operation_id) returning g.id`,
      [...values, by],
    )
    const result = { revoked: revoked.length, stopping: stopping.map((log) => log.id) }
    await audit(tx, { by, action: 'cancel', target: JSON.stringify(target), detail: { ...result } })
    await tx.query(`select pg_notify('orchestra_control', 'cancel:'), pg_notify('orchestra_settled', '')`)
    return result
  })
}
