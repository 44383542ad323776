import type { Backend } from '../config/backend.ts'
import { messageOf } from '../errors.ts'
import type { Placed } from './placed.ts'

/**
 * Why an object may not be removed; null when it may.
 * @param open makes an object of a snapshot
 */
export function protectionOf(
  backend: Backend | undefined,
  placed: Placed,
  open: (snapshot: unknown) => unknown,
): string | null {
  return placed.protection ?? protectedByBackend(backend, placed.snapshot, open)
}

export function protectedByBackend(
  backend: Backend | undefined,
  snapshot: unknown,
  open: (snapshot: unknown) => unknown,
): string | null {
  if (backend?.protect === undefined || backend.protect === false) return null
  const reason = `protected by its backend "${backend.name}"`
  if (backend.protect === true) return reason
  try {
    return backend.protect(open(snapshot) as never) ? reason : null
  } catch (error) {
    // What cannot be told is not removed.
    return `taken for protected: \`protect\` of backend "${backend.name}" threw: ${messageOf(error)}`
  }
}
