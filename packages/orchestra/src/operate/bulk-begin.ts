import { addBulk, type BulkAsked, type BulkTarget } from '../requests/index.ts'
import { audit } from '../server/index.ts'
import type { Queryable } from '../store/index.ts'
import type { BulkActionName } from './bulk-actions.ts'
import type { Context } from './context.ts'
import { askerOf } from './requests.ts'

/** What is named of a selection. */
const MOST_NAMED = 10

/** What was begun, or would be. */
export interface BulkBegun {
  /** By which it is asked for; null where nothing was begun. */
  bulk: number | null
  action: BulkActionName
  count: number
  /** What the first of them are called. */
  items: string[]
}

/** By what the audit knows it. */
export interface BulkEntry {
  action: string
  target: string
}

interface Beginning {
  name: BulkActionName
  reason: string | null
  targets: readonly BulkTarget[]
  /** How they were selected, where they were not named, and when a hold ends. */
  asked?: BulkAsked
  /** What else is noted of it, in the same transaction. */
  also?: (tx: Queryable) => Promise<void>
}

/** Leaves something that is to be done to many to a worker, and notes who asked for it. */
export async function beginBulk(
  { store, principal, address = '' }: Pick<Context, 'store' | 'principal' | 'address'>,
  { name, reason, targets, asked = {}, also }: Beginning,
  entry: BulkEntry,
): Promise<BulkBegun> {
  const { name: by } = principal
  const count = targets.length
  if (count === 0) {
    await audit(store, { ...entry, by, detail: { count } })
    return { bulk: null, ...bulkShown(name, targets) }
  }
  const asker = askerOf(principal, address)
  // Done twice, none of the actions does more than done once.
  const request = {
    verb: 'bulk.start',
    input: { ...asked, action: name },
    agrees: true,
    asker,
    repeatable: true,
  }
  const bulk = await addBulk(store, { action: name, reason }, targets, {
    request,
    also: async (tx, id) => {
      await audit(tx, { ...entry, by, detail: { bulk: id, count } })
      await also?.(tx)
    },
  })
  return { bulk, ...bulkShown(name, targets) }
}

/** What is told of it before anything is done. */
export function bulkShown(name: BulkActionName, targets: readonly BulkTarget[]): Omit<BulkBegun, 'bulk'> {
  return { action: name, count: targets.length, items: namesOf(targets) }
}

export function namesOf(all: readonly BulkTarget[]): string[] {
  return [...new Set(all.map(({ item }) => item))].slice(0, MOST_NAMED)
}

/** What is named is meant wherever it is. */
export function namedTargets(items: readonly string[]): BulkTarget[] {
  return [...new Set(items)].map((item) => ({ item, server: null, backend: null }))
}
