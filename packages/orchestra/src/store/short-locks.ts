import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode } from './sqlstate.ts'
import type { Queryable, Store } from './store.ts'

/** Milliseconds. Every later writer waits behind a statement that waits for a table's lock, so it gives way at once ... */
const LOCK_TIMEOUT = 50
/** ... and comes again after a pause of so many at least, up to twice as many: writers wait for a tenth of the time at most. */
const PAUSE = 500

/** Lock not available; deadlock detected; could not serialize: all of them pass. */
const PASSING = ['55P03', '40P01', '40001']

export interface ShortLocks {
  /** Number of the advisory lock that lets one process at a time do this work. */
  exclusion: number
  /** Milliseconds to go on trying while others have a table locked. */
  patience: number
}

/**
 * Runs a transaction that changes a table which others write to: short waits, long pauses.
 * @throws what the last try threw when patience is at its end; `isPassing` tells whether that was a lock
 */
export async function withShortLocks<Result>(
  store: Store,
  { exclusion, patience }: ShortLocks,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> {
  const deadline = performance.now() + patience
  for (;;) {
    try {
      return await store.transaction(async (tx) => {
        await tx.query('select pg_advisory_xact_lock($1)', [exclusion])
        await tx.query(`set local lock_timeout = ${LOCK_TIMEOUT}`)
        return work(tx)
      })
    } catch (error) {
      if (!isPassing(error) || performance.now() >= deadline) throw error
      await sleep(Math.min(PAUSE * (1 + Math.random()), Math.max(0, deadline - performance.now())))
    }
  }
}

/** Whether an error is one that another try may not meet. */
export function isPassing(error: unknown): boolean {
  return hasCode(error, PASSING)
}
