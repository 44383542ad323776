import type { Queryable } from '../store/index.ts'

/**
 * Objects that could not be told where they belong are looked at again at once: what a route has caused ends with the route, and
 * does not wait for its next try.
 */
export async function decideFailuresAgain(tx: Queryable, backends: readonly string[]): Promise<void> {
  await tx.query(
    `with due as (
       update orchestra.operation set due_at = '-infinity'
       where state = 'waiting' and server_id is null and due_at > now() and backend = any($1::text[])
       returning 1
     )
     select pg_notify('orchestra_change', '') from due limit 1`,
    [backends],
  )
}
