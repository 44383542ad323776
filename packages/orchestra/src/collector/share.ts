import { keysOf } from './changes.ts'
import type { Waiting } from './taking.ts'

/** Keys that nobody leaves to others: what is cut smaller costs more than it spares. */
const WHOLE = 1_000

/**
 * What one takes of what is free, oldest first, where so many decide beside each other. One that took a bulk change as a whole would
 * leave the others nothing, and small pieces make many scripts of what could be a few. Pure.
 */
export function shareOf({ changes, failures }: Waiting, deciders: number): Waiting {
  const most = Math.max(WHOLE, Math.ceil(keysOf(changes) / Math.max(1, deciders)))
  let keys = 0
  const taken = changes.filter((change) => {
    const isWithin = keys < most
    keys += change.keys.length
    return isWithin
  })
  return { changes: taken, failures }
}
