import type { Range } from '../store/index.ts'

/** What retention knows of a range of logs. */
export interface RangeFacts extends Range {
  /** Logs that are kept, and bytes of their output. */
  kept: number
  keptBytes: number
  /** Logs that are to go. */
  expired: number
  age:
    | 'young'
    /** All of its logs are older than a log is kept that is no failure. */
    | 'old'
  /** Open: a log may still get a number in it, or is written to. */
  state: 'open' | 'closed'
  /** Something of it is to go for longer than a day. */
  isOverdue: boolean
}

export interface RetentionPlan {
  /** Neighbours that become one range with what is kept of them, or none. */
  replace: Range[]
  /** Ranges whose logs are left alone until all of them are old. */
  wait: Range[]
}

/** Ranges with so little to keep are put together, so that there are not more and more of them. */
const FEW_LOGS = 200
const FEW_BYTES = 16 * 1024 * 1024

/**
 * A range that is old as a whole is replaced by what is kept of it. One that is old in part waits for a day at most; then, or where more
 * stays than goes, its logs are deleted one by one. Pure.
 * @param ranges in their order
 */
export function planRetention(ranges: readonly RangeFacts[]): RetentionPlan {
  const replace = neighbours(ranges)
    .filter(isWorthReplacing)
    .map((group) => ({ first: group[0]?.first ?? null, until: group.at(-1)?.until ?? null }))
  const wait = ranges.filter((range) => !isOld(range) && range.expired > 0 && !range.isOverdue)
  return { replace, wait: wait.map(({ first, until }) => ({ first, until })) }
}

/** Old ranges: those with little to keep beside each other, any other alone. */
function neighbours(ranges: readonly RangeFacts[]): RangeFacts[][] {
  const groups: RangeFacts[][] = []
  let previous: RangeFacts | undefined
  for (const range of ranges) {
    const group = groups.at(-1)
    const isBeside = previous !== undefined && isOld(previous)
    if (group !== undefined && isBeside && isLittle([...group, range]) && isOld(range)) group.push(range)
    else if (isOld(range)) groups.push([range])
    previous = range
  }
  return groups
}

function isOld({ age, state }: RangeFacts): boolean {
  return age === 'old' && state === 'closed'
}

function isLittle(group: readonly RangeFacts[]): boolean {
  return sum(group, 'kept') <= FEW_LOGS && sum(group, 'keptBytes') <= FEW_BYTES
}

function isWorthReplacing(group: readonly RangeFacts[]): boolean {
  if (group.length > 1 || sum(group, 'kept') === 0) return true
  return sum(group, 'expired') > 0 && sum(group, 'kept') <= sum(group, 'expired')
}

function sum(group: readonly RangeFacts[], field: 'kept' | 'keptBytes' | 'expired'): number {
  return group.reduce((total, range) => total + range[field], 0)
}
