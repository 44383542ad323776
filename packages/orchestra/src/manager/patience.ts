import type { Timeouts } from '../config/backend.ts'

/**
 * Seconds that a guard or a check may take on the server; undefined for no limit. It ends before the script is taken for idle, because
 * then one object fails in place of the script.
 */
export function patienceOf({ check = Number.POSITIVE_INFINITY, idle }: Timeouts): number | undefined {
  const milliseconds = Math.min(check, idle * 0.8)
  return Number.isFinite(milliseconds) ? Math.max(1, Math.round(milliseconds)) / 1000 : undefined
}
