import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode } from './sqlstate.ts'
import type { Queryable, Store } from './store.ts'
import { takeTurn } from './turn.ts'

/** Milliseconds. Every later writer waits behind a statement that waits for a table's lock, so at first it gives way at once ... */
const FIRST_WAIT = 50
/** ... and waits for twice as long each time, up to this, because transactions that follow each other may all take longer than that. */
const LONGEST_WAIT = 400
/** A vacuum that Postgres began by itself gives way only to who waits for longer than its `deadlock_timeout`, a second. */
const WAIT_FOR_VACUUM = 1_200
/** It comes again after a pause of so many waits at least, up to twice as many: writers wait for a sixth of the time at most. */
const PAUSE = 5

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
  for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, await longestWait(store))) {
    try {
      return await store.transaction(async (tx) => {
        await takeTurn(tx, exclusion)
        await tx.query(`set local lock_timeout = ${wait}`)
        return work(tx)
      })
    } catch (error) {
      const left = deadline - performance.now()
      if (!isPassing(error) || left <= 0) throw error
      await sleep(Math.min(wait * PAUSE * (1 + Math.random()), left))
    }
  }
}

/** Which table it is that Postgres vacuums, not every role can see. */
async function longestWait(store: Queryable): Promise<number> {
  const [found] = await store.query<{ vacuum: boolean }>(
    `select exists (
       select from pg_stat_progress_vacuum where datname = current_database()
       union all select from pg_stat_progress_analyze where datname = current_database()
     ) as vacuum`,
  )
  return found?.vacuum === true ? WAIT_FOR_VACUUM : LONGEST_WAIT
}

/** Whether an error is one that another try may not meet. */
export function isPassing(error: unknown): boolean {
  return hasCode(error, PASSING)
}
