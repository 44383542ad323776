/** Operations that one claim takes at most: bounds the memory of a drain. */
export const OPERATIONS_A_CLAIM = 10_000
/** Those that one may always take, and takes while other lanes wait for the slot. */
const OPERATIONS_A_TURN = 1_000

/** How many operations a claim takes, so that what all lanes of a worker have at once is bounded, however many there are. Pure. */
export function claimSize(lanes: number, isAwaited: boolean): number {
  if (isAwaited) return OPERATIONS_A_TURN
  return Math.max(OPERATIONS_A_TURN, Math.floor(OPERATIONS_A_CLAIM / Math.max(1, lanes)))
}
