import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, OrchestraError } from '../errors.ts'
import type { Queryable, Store } from '../store/index.ts'

/** Any constant: it only has to be the same in every process. */
const INSTALL_LOCK = 7_355_609

/** Milliseconds. Every later writer waits behind a statement that waits for a table's lock, so it gives way at once ... */
const LOCK_TIMEOUT = 50
/** ... and comes again after a pause of so many at least, up to twice as many: writers wait for a tenth of the time at most. */
const PAUSE = 500

/** Lock not available; deadlock detected; could not serialize: all of them pass. */
const PASSING = ['55P03', '40P01', '40001']
const INSUFFICIENT_PRIVILEGE = ['42501', 'ORC_STORE_DENIED']

/**
 * Runs a transaction that changes a table which others write to: one installer at a time, short waits, long pauses.
 * @param patience milliseconds to go on trying while others have the table locked
 * @throws OrchestraError ORC_CAPTURE_LOCKED, ORC_CAPTURE_DENIED
 */
export async function withShortLocks<Result>(
  store: Store,
  patience: number,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> {
  const deadline = performance.now() + patience
  for (;;) {
    try {
      return await store.transaction(async (tx) => {
        await tx.query('select pg_advisory_xact_lock($1)', [INSTALL_LOCK])
        await tx.query(`set local lock_timeout = ${LOCK_TIMEOUT}`)
        return work(tx)
      })
    } catch (error) {
      if (!hasCode(error, PASSING) || performance.now() >= deadline) throw explain(error)
      await sleep(Math.min(PAUSE * (1 + Math.random()), Math.max(0, deadline - performance.now())))
    }
  }
}

export function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

function explain(error: unknown): unknown {
  if (hasCode(error, PASSING)) {
    return new OrchestraError('ORC_CAPTURE_LOCKED', `Triggers cannot be installed: ${messageOf(error)}`, {
      hint: 'A long transaction has the table open (see pg_stat_activity); end it and try again',
      cause: error,
    })
  }
  if (hasCode(error, INSUFFICIENT_PRIVILEGE)) {
    return new OrchestraError('ORC_CAPTURE_DENIED', `Triggers cannot be installed: ${messageOf(error)}`, {
      hint: '`orchestra grants` prints what the owner of the watched tables has to grant',
      cause: error,
    })
  }
  return error
}
