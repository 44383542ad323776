/** Keys that one look takes at most: bounds the memory of a bulk change of millions of rows. */
export const MOST_KEYS = 20_000
/** Of the first look: nobody knows yet to how many servers an object goes. */
export const FIRST_KEYS = 1_000
const FEWEST_KEYS = 100
/** Decisions that one look is to come to: an object is decided once for each server that it goes to. */
const DECISIONS_A_LOOK = 50_000

/**
 * How many keys the next look takes, by what the last one came to. Pure.
 */
export function keysOfNextLook(keys: number, decisions: number): number {
  if (keys === 0 || decisions === 0) return MOST_KEYS
  const fitting = Math.floor((DECISIONS_A_LOOK * keys) / decisions)
  return Math.min(MOST_KEYS, Math.max(FEWEST_KEYS, fitting))
}
