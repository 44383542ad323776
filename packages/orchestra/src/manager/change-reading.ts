import type { Movements, Writers } from '../source/index.ts'

/** What the source answers at once about changes, however many there are. */
export type ChangeReading = Movements & Writers

/** What is known of changes since they were looked at. */
export interface Watched {
  last: number | null
  /** Transactions below this number may have written changes that the look did not see. */
  horizon: bigint
  /** All of those have ended, and it was looked since. */
  isClosed: boolean
}

/**
 * What a reading calls for. `moved`: changes have got numbers since the last look. `ended`: nothing new, but all that wrote then have
 * ended. `open`: somebody who wrote then still may commit. `quiet`: there is nothing that was not seen.
 */
export type Movement = 'moved' | 'ended' | 'open' | 'quiet'

export function movementOf(watched: Watched | undefined, reading: ChangeReading): Movement {
  if (watched === undefined || watched.last !== reading.last) return 'moved'
  if (watched.isClosed) return 'quiet'
  return reading.oldest >= watched.horizon ? 'ended' : 'open'
}

/** What is known when a look has begun after this reading and ended well. */
export function afterLook(watched: Watched | undefined, reading: ChangeReading, movement: Movement): Watched {
  // Who got a number has begun to write before, so its own is below.
  if (movement === 'moved' || watched === undefined) {
    return { last: reading.last, horizon: reading.next, isClosed: reading.oldest >= reading.next }
  }
  return { ...watched, isClosed: movement !== 'open' }
}
