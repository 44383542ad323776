import type { Backoff } from '../config/config.ts'
import type { Verdict } from '../methods/verdict.ts'
import type { ClaimedOperation } from './claim.ts'
import { type RunEnd, type Stop, whyStopped } from './run-context.ts'
import type { Settlement } from './settlement.ts'
import { givenBack, interrupted, stopped, suspected, triedAgain } from './settlement.ts'
import type { Blamed } from './suspects.ts'

interface Open {
  index: number
  operation: ClaimedOperation
}

interface Facts {
  /** What the script was at when it ended. */
  blamed: Blamed
  /** Milliseconds that it took. */
  took: number
  backoff: Backoff
  /** Why it was stopped, where it was. */
  stop: Stop
}

/** What the end of a script means for its lane, and for the operations that have no result. */
export interface Conclusion {
  end: RunEnd
  rest: readonly { index: number; settlement: Settlement }[]
  /** Operations that the script ended before. */
  unreached: number
}

/** Pure. */
export function conclude(verdict: Verdict, open: readonly Open[], facts: Facts): Conclusion {
  switch (verdict.kind) {
    case 'ran':
      return concludeEarly(verdict, open, facts)
    case 'blocked': {
      const { outcome, reason } = verdict
      const rest = restOf(open, ({ id }) => givenBack(id, outcome, reason))
      return { end: { kind: 'blocked', reason }, rest, unreached: 0 }
    }
    case 'unknown':
      return { end: { kind: 'unknown', reason: verdict.reason }, rest: [], unreached: 0 }
    case 'fenced':
      return { end: { kind: 'lost-lane' }, rest: [], unreached: 0 }
    case 'cancelled':
      return concludeStop(facts.stop, open)
  }
}

/** What was at work is tried again, alone; what was not reached goes on at once. */
function concludeEarly(
  { rest: outcome, reason }: Extract<Verdict, { kind: 'ran' }>,
  open: readonly Open[],
  { blamed, took, backoff }: Facts,
): Conclusion {
  const end: RunEnd = { kind: 'ran' }
  const isReached = ({ index }: Open) => blamed.kind === 'operations' && blamed.indexes.has(index)
  const reached = open.filter(isReached)
  if (reached.length === 0) {
    const rest = restOf(open, (operation) => triedAgain(operation, outcome, reason, backoff))
    return { end, rest, unreached: 0 }
  }
  const others = open.filter((one) => !isReached(one))
  const rest = [
    ...restOf(reached, (operation) => suspected(operation, outcome, reason, backoff, took)),
    ...restOf(others, ({ id }) => givenBack(id, null, null)),
  ]
  return { end, rest, unreached: others.length }
}

function concludeStop(stop: Stop, open: readonly Open[]): Conclusion {
  if (stop.kind === 'lost-lane') return { end: { kind: 'lost-lane' }, rest: [], unreached: 0 }
  const isMeant = (id: number) => stop.kind === 'cancel' && stop.operationIds.includes(id)
  const by = stop.kind === 'cancel' ? stop.by : ''
  const rest = restOf(open, ({ id }) => (isMeant(id) ? stopped(id, 'aborted', by) : interrupted(id)))
  return { end: { kind: 'stopped' }, rest, unreached: 0 }
}

function restOf(
  open: readonly Open[],
  settlementOf: (operation: ClaimedOperation) => Settlement,
): Conclusion['rest'] {
  return open.map(({ index, operation }) => ({ index, settlement: settlementOf(operation) }))
}

/** What a script's log tells of its end; null where each operation tells all. */
export function explain(verdict: Verdict, stop: Stop, unreached: number): string | null {
  if (verdict.kind === 'blocked') return verdict.reason
  if (verdict.kind === 'ran' && unreached > 0)
    return `${verdict.reason}; ${counted(unreached)} in another script`
  return verdict.kind === 'cancelled' ? whyStopped(stop) : null
}

function counted(unreached: number): string {
  return unreached === 1 ? 'one that it did not reach goes on' : `${unreached} that it did not reach go on`
}
