import type { Queryable, Store } from './store.ts'

/**
 * Wakes whoever listens, when what it is about is written. A notification makes all who send one wait for each other from its commit to the
 * disk, so where no transaction is open it is sent for itself, with nothing to be written. It may get lost: who listens looks now and
 * then anyway.
 */
export async function ring(db: Queryable | Store, channel: string, payload = ''): Promise<void> {
  if ('ring' in db) db.ring(channel, payload)
  else await db.query('select pg_notify($1, $2)', [channel, payload])
}
