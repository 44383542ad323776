import type { Timeouts } from '../config/backend.ts'

/**
 * Seconds that a guard or a check may take on the server; undefined for no limit. It ends before the script is taken for idle, because
 * then one object fails in place of the script.
 */
export function patienceOf({ check = Number.POSITIVE_INFINITY, idle }: Timeouts): number | undefined {
  const milliseconds = Math.min(check, idle * 0.8)
  return Number.isFinite(milliseconds) ? Math.max(1, Math.round(milliseconds)) / 1000 : undefined
}

/**
 * Seconds after which a script has outlived its worker, that would have ended it; undefined for no limit. The worker counts from before
 * the script, and gets a minute to end it.
 */
export function limitOf({ total }: Timeouts): number | undefined {
  return Number.isFinite(total) ? Math.ceil(total / 1000) + 60 : undefined
}
