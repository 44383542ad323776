import type { Backend } from '../../config/backend.ts'
import { withHint } from '../../errors.ts'
import { persist } from '../../logs/persist.ts'
import { type RecordedOperation, recordScript } from '../../recording/scripts.ts'
import type { Span } from '../../recording/selection.ts'
import type { OperationResult } from '../../script/index.ts'
import { redactFor } from '../../secrets/redact.ts'
import type { Queryable } from '../../store/index.ts'
import type { Keyring } from '../../store/keyring.ts'
import { placingOf } from '../placing.ts'
import type { RunContext } from '../run-context.ts'
import { type SettledClaim, settle } from '../settle.ts'
import type { Settlement } from '../settlement.ts'
import { fromResult, givenBack } from '../settlement.ts'
import { type RegeneratedOperation, runningOperations, unloggedOperations } from './operations.ts'

/** What settles operations of one backend: a run, or a recovery. */
export interface SettleContext {
  context: Pick<RunContext, 'store' | 'config' | 'signal'>
  claim: SettledClaim
}

/** Why an operation's object cannot be written; null when it can. */
export function whyUnwritable(
  backend: Backend,
  operation: RegeneratedOperation,
  keyring: Keyring,
): string | null {
  const recorded = recordedOf(backend, operation, keyring)
  if (recorded?.recording.kind !== 'failed') return null
  return redactFor(recorded.secrets, withHint(recorded.recording.error))
}

/** Settles what still runs of a log, page by page. False when the lane is another worker's by now. */
export async function settleRunning(
  { context, claim }: SettleContext,
  logId: number,
  settlement: (operation: RegeneratedOperation) => Settlement,
): Promise<boolean> {
  for await (const page of runningOperations(patient(context), logId)) {
    const settlements = page.map(settlement)
    if (!(await persist(context.signal, () => settle(context, claim, logId, settlements)))) return false
  }
  return true
}

/** What one result means for each of the operations that it is about. */
export function settlementOf(
  { context: { store, config }, claim }: SettleContext,
  backend: Backend,
  result: OperationResult,
): (operation: RegeneratedOperation) => Settlement {
  return (operation) => {
    const recorded = result.status === 'ok' ? recordedOf(backend, operation, store.keyring) : undefined
    const placed = recorded && placingOf(recorded, store.keyring)
    return fromResult(operation, result, placed, config.worker.backoff.operation, claim.server.name)
  }
}

/** Operations that were claimed and that no script has begun to apply wait again. */
export async function handBack(
  { context, claim }: SettleContext,
  selection: Span,
  outcome: 'unreachable' | null,
  reason: string | null,
): Promise<void> {
  const { store, signal } = context
  for (;;) {
    const ids = await persist(signal, () => unloggedOperations(store, selection))
    if (ids.length === 0) return
    const settlements = ids.map((id) => givenBack(id, outcome, reason))
    if (!(await persist(signal, () => settle(context, claim, null, settlements)))) return
  }
}

/** Reads that wait while the store is away. */
export function patient({ store, signal }: Pick<RunContext, 'store' | 'signal'>): Queryable {
  return { query: (text, values) => persist(signal, () => store.query(text, values)) }
}

function recordedOf(
  backend: Backend,
  operation: RegeneratedOperation,
  keyring: Keyring,
): RecordedOperation | undefined {
  if (operation.action === 'delete') return undefined
  return recordScript({ backend, operations: [operation] }, keyring).operations[0]
}
