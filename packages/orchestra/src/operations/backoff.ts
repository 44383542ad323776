import type { Backoff } from '../config/config.ts'

/**
 * How long to wait before the next try, in milliseconds. Exponential with jitter: doubles with each attempt up to the cap,
 * then anywhere between half of that and all of it, so that what failed together does not come back together.
 * @param attempt 1 after the first failure
 */
export function delayAfter(attempt: number, backoff: Backoff, random: () => number = Math.random): number {
  const full = Math.min(backoff.cap, backoff.base * 2 ** Math.min(Math.max(attempt, 1) - 1, 30))
  return Math.round(full / 2 + (full / 2) * random())
}

/** SQL that lets what could not even be looked at wait, longer with each try, with the reason; as parameters, and milliseconds. */
export function later(reason: string, base: string, cap: string): string {
  return `attempt = attempt + 1, error = ${reason},
    due_at = now() + least(${base} * 2 ^ least(attempt, 30), ${cap}) * interval '1 ms'`
}
