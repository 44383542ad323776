import type { Queryable } from './store.ts'

/** Numbers of the advisory locks that let one process at a time do some work: the same in every process, and none of them twice. */
export const TURNS = {
  migration: 7_355_608,
  capture: 7_355_609,
  tickets: 7_355_610,
  wakeups: 7_355_611,
  ranges: 7_355_612,
  staleness: 7_355_613,
  incidents: 7_355_617,
} as const

/**
 * Waits until nobody else has this number; it is had until the transaction ends. What was made during the wait is seen from then on: a
 * session remembers which names led to nothing, and forgets that only where it locks a table, which waiting for a number does not.
 * @param number one of `TURNS`
 */
export async function takeTurn(tx: Queryable, number: number): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [number])
  await tx.query('select from pg_catalog.pg_class limit 1')
}
