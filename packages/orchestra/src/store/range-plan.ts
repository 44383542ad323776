/** Rows of a partitioned table whose numbers are at least `first` and below `until`; null: from or to wherever. */
export interface Range {
  first: number | null
  until: number | null
}

export interface RangeState {
  /** The number that the next row gets. */
  next: number
  /** Ranges that exist, in their order. */
  ranges: readonly Range[]
  /** UTC day of the oldest row in the range that takes rows now; null when it has none. */
  begunOn: string | null
  today: string
}

export interface RangePlan {
  make: { first: number; until: number }[]
  /** The next row is to get this number, and so begins a range. */
  goOnAt: number | null
}

const SMALLEST = 10_000
const LARGEST = 10_000_000

/** Ranges that stand ready: one may be used up before anybody looks again. */
const AHEAD = 2
/** So few numbers are left for rows that come meanwhile, and are not jumped over. */
const LAST_NUMBERS = 1_000

/**
 * What ranges are to be made, and whether a new one begins: on each day, so that a range can be dropped when its day is old enough. A
 * clock that goes back begins none. Rows that had no range stay where they are: the next range begins behind them. Pure.
 * @param size numbers that a new range is to have
 */
export function planRanges(state: RangeState, size = SMALLEST): RangePlan {
  const { next } = state
  const open = state.ranges.find((range) => isIn(range, next))
  const goesOn = open !== undefined && !isOver(open, state)
  const behind = goesOn ? (open.until ?? next) : Math.max(next, open?.until ?? next + size)
  const ready = state.ranges.flatMap(({ first }) => (first !== null && first >= behind ? [first] : []))
  const from = Math.max(behind, ...state.ranges.map(({ until }) => until ?? 0))
  const missing = Math.max(0, AHEAD + (goesOn ? 0 : 1) - ready.length)
  const make = Array.from({ length: missing }, (_, index) => ({
    first: from + index * size,
    until: from + (index + 1) * size,
  }))
  return { make, goOnAt: goesOn ? null : (ready[0] ?? from) }
}

function isOver({ until }: Range, { next, begunOn, today }: RangeState): boolean {
  if (begunOn === null || begunOn >= today) return false
  return until === null || until - next > LAST_NUMBERS
}

export function isIn({ first, until }: Range, number: number): boolean {
  return (first === null || number >= first) && (until === null || number < until)
}

/** About twice what a day brings, as a round number. Pure. */
export function rangeSize(rowsADay: number): number {
  const size = 10 ** Math.ceil(Math.log10(Math.max(1, 2 * rowsADay)))
  return Math.min(LARGEST, Math.max(SMALLEST, size))
}
