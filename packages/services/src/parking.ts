import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { Mapping } from './service.ts'

/** Marks an object that goes by a name of nobody while its own is not free yet. */
const parked = Symbol('parked')

/**
 * What an object is to the service, and the way to make room for others with which it swaps names: the same object under a name of
 * nobody, which follows from its own.
 */
export function parking<Schema extends z.ZodType, Secrets extends string, Wanted>(
  mapping: Mapping<Schema, Secrets, Wanted>,
  underName: (wanted: Wanted, nameOf: (name: string) => string) => Wanted,
): { of: typeof mapping; park: (object: Parameters<typeof mapping>[0]) => Parameters<typeof mapping>[0] } {
  return {
    of: (object) =>
      parked in (object as object) ? underName(mapping(object), nameOfNobody) : mapping(object),
    park: (object) => ({ ...(object as object), [parked]: true }) as Parameters<typeof mapping>[0],
  }
}

/** Good for an account, a database, a file of cron and a label of a domain alike. */
function nameOfNobody(name: string): string {
  return `orc${createHash('sha256').update(name).digest('hex').slice(0, 16)}`
}
