import { lockOpenOperations } from '../operations/lock.ts'
import { audit } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { conditionOf, targetName, type WorkTarget } from './target.ts'

export interface Cancelled {
  /** Operations that had not begun: revoked, they wait for a retry, or the next change of their object. */
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
    const open = await lockOpenOperations(tx, condition, values)
    const revoked = await tx.query<{ id: number }>(
      `update orchestra.operation o set state = 'done', outcome = 'revoked', error = 'cancelled by ' || $1::text,
         cancelled_by = $1::text, ended_at = clock_timestamp()
       where o.state = 'waiting' and o.id = any($2::bigint[]) returning o.id`,
      [by, open],
    )
    await cancelTransfers(
      tx,
      revoked.map((operation) => operation.id),
    )
    const stopping = await tx.query<{ id: number }>(
      `with marked as (
         update orchestra.operation o set outcome = 'aborted', error = 'cancelled by ' || $1::text,
           cancelled_by = $1::text
         where o.state = 'running' and o.id = any($2::bigint[]) returning o.id
       )
       update orchestra.log g set cancel_by = $1 where g.ended_at is null and g.id in (
         select p.log_id from orchestra.log_operation p join marked on marked.id = p.operation_id) returning g.id`,
      [by, open],
    )
    const result = { revoked: revoked.length, stopping: stopping.map((log) => log.id) }
    await audit(tx, { by, action: 'cancel', target: targetName(target), detail: { ...result } })
    await tx.query(`select pg_notify('orchestra_control', 'cancel:'), pg_notify('orchestra_settled', '')`)
    return result
  })
}

/** Data travels so that the old place can go: when that is revoked, the data stays where it is. */
async function cancelTransfers(tx: Queryable, revoked: readonly number[]): Promise<void> {
  await tx.query(
    `with cancelled as (
       update orchestra.transfer t set outcome = 'cancelled', ended_at = clock_timestamp()
       from orchestra.operation o
       where o.id = any($1::bigint[]) and o.action = 'delete' and t.ended_at is null and t.key_hash = o.key_hash
         and t.model = o.model and t.backend = o.backend and t.from_server = o.server_id
       returning t.key_hash, t.model, t.backend, t.to_server
     )
     update orchestra.placement p set hollow = false from cancelled c
     where p.key_hash = c.key_hash and p.model = c.model and p.backend = c.backend and p.server_id = c.to_server`,
    [revoked],
  )
}
