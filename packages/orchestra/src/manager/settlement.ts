import type { Backoff } from '../config/config.ts'
import type { OperationEnd } from '../logs/index.ts'
import { delayAfter } from '../operations/backoff.ts'
import type { Outcome } from '../operations/outcome.ts'
import type { Description, OperationResult } from '../script/index.ts'
import type { ClaimedOperation } from './claim.ts'
import { failureText, placeOf } from './failure-text.ts'
import type { Placing } from './placing.ts'

/** What happened to one operation, and what is to become of it. */
export interface Settlement {
  operationId: number
  outcome: Outcome | null
  /** `done` for good; `again` after `delay`, with the attempt counted; `back` as if it had never been tried, unless it was cancelled. */
  next: 'done' | 'again' | 'back'
  /** Milliseconds until the next try. */
  delay: number
  /** Whether the next try is in a script of its own: this one ended, or had to be ended, in the middle of it. */
  alone: boolean
  changed: boolean | null
  error: string | null
  /** Hash of what was rendered for it; null where nothing was placed. */
  revision: string | null
  /** The object's new identity on the server; null where nothing was placed. */
  identity: string | null
  /** What was rendered for it, for people; null where that is too much to keep. */
  rendered: Description[] | null
  /** What became of what stood there under other names. */
  former: 'gone' | 'left'
  /** Whether nothing of it happened, as if it had never been tried; default only for what is given `back`. */
  untouched?: boolean
  /** A name on the server that is not ours. What was tried under it made nothing: a mark is written before anything is. */
  stranger?: string | null
}

const nothingKnown = {
  delay: 0,
  alone: false,
  changed: null,
  error: null,
  revision: null,
  identity: null,
  rendered: null,
  former: 'gone',
} as const

/** Gives an operation back as if it had never been claimed; the outcome says why it still waits. */
export function givenBack(operationId: number, outcome: Outcome | null, reason: string | null): Settlement {
  return { ...nothingKnown, operationId, outcome, next: 'back', error: reason }
}

/** Its script was ended, whatever it was at: it is done again at once, and nobody knows how far it came. */
export function interrupted(operationId: number): Settlement {
  return { ...givenBack(operationId, null, null), untouched: false }
}

/** It did not work and is tried again, later with each attempt. */
export function triedAgain(
  operation: Pick<ClaimedOperation, 'id' | 'attempt'>,
  outcome: Extract<Outcome, 'failure' | 'timeout'>,
  error: string,
  backoff: Backoff,
): Settlement {
  const delay = delayAfter(operation.attempt, backoff)
  return { ...nothingKnown, operationId: operation.id, outcome, next: 'again', delay, error }
}

/** No script could be made of it, so the server has never heard of it. */
export function unrendered(
  operation: Pick<ClaimedOperation, 'id' | 'attempt'>,
  error: string,
  backoff: Backoff,
): Settlement {
  return { ...triedAgain(operation, 'failure', error, backoff), untouched: true }
}

/**
 * What was at work when its script ended early, or had to be ended: it is tried again alone, and rests at least as long as it kept
 * its server from other work.
 * @param took milliseconds
 */
export function suspected(
  operation: Pick<ClaimedOperation, 'id' | 'attempt'>,
  outcome: Extract<Outcome, 'failure' | 'timeout'>,
  error: string,
  backoff: Backoff,
  took: number,
): Settlement {
  const again = triedAgain(operation, outcome, error, backoff)
  return { ...again, delay: Math.max(again.delay, Math.round(took)), alone: true }
}

/** Something that is not ours is in its way. That ends when a person does something about it. */
function untouched(
  operationId: number,
  error: string,
  backoff: Backoff,
  stranger: string | null,
): Settlement {
  const delay = delayAfter(Number.MAX_SAFE_INTEGER, backoff)
  return {
    ...nothingKnown,
    operationId,
    outcome: 'failure',
    next: 'again',
    delay,
    error,
    untouched: true,
    stranger,
  }
}

/** Somebody stopped it; it waits for the next change of its object. */
export function stopped(
  operationId: number,
  outcome: Extract<Outcome, 'aborted' | 'revoked'>,
  by: string,
): Settlement {
  return { ...nothingKnown, operationId, outcome, next: 'done', error: `cancelled by ${by}` }
}

/** It is no longer to be done. */
export function needless(operationId: number, reason: string): Settlement {
  return { ...nothingKnown, operationId, outcome: 'nothing', next: 'done', error: reason }
}

/** What the server said of an operation. */
export function fromResult(
  operation: Pick<ClaimedOperation, 'id' | 'attempt' | 'backend' | 'model' | 'object_key'>,
  result: OperationResult,
  placed: Placing | undefined,
  backoff: Backoff,
  server: string,
): Settlement {
  if (result.status === 'failed') {
    const text = failureText(result, placeOf(server, operation))
    if (result.reason !== 'foreign') return triedAgain(operation, 'failure', text, backoff)
    // Paths may be claimed by a mark of the very name; where a name itself is not ours, no mark has it.
    const { subject = null } = result
    return untouched(operation.id, text, backoff, subject?.startsWith('/') ? null : subject)
  }
  return {
    operationId: operation.id,
    outcome: 'success',
    next: 'done',
    delay: 0,
    alone: false,
    changed: result.change === 'changed',
    error: null,
    revision: placed?.revision ?? null,
    identity: placed?.identity ?? null,
    rendered: placed?.rendered ?? null,
    former: placed?.former ?? 'gone',
  }
}

/** The same for the script's log. */
export function toOperationEnd(
  position: number,
  settlement: Settlement,
  exitCode: number | null,
): OperationEnd | undefined {
  const { outcome, changed, error } = settlement
  return outcome === null ? undefined : { position, outcome, exitCode, changed, error }
}
