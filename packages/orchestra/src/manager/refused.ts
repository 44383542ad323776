import type { LogWriter } from '../logs/index.ts'
import type { PlannedScript, RecordedOperation } from '../recording/scripts.ts'
import type { OperationResult, Rendered } from '../script/index.ts'
import { type Cleared, clearFirst, withBlame } from './broken/clear.ts'
import type { Claim, ClaimedOperation } from './claim.ts'
import { failureText, placeOf } from './failure-text.ts'
import type { RunContext } from './run-context.ts'
import type { Settlement } from './settlement.ts'
import { givenBack, triedAgain } from './settlement.ts'

interface Refused {
  context: RunContext
  claim: Claim
  planned: PlannedScript<ClaimedOperation>
  recorded: readonly RecordedOperation[]
  /** By their indexes. */
  refused: ReadonlyMap<number, OperationResult>
  writer: LogWriter
}

interface Judged {
  index: number
  settlement: Settlement
  exit: number | null
}

/**
 * What becomes of operations that were refused because of what stands there: they go on at once when that could be cleared away, and
 * fail otherwise.
 */
export async function judgeRefused(options: Refused): Promise<Judged[]> {
  const { context, claim, planned, recorded, refused } = options
  const same = Map.groupBy(refused.keys(), (index) => checksOf(recorded[index]).map(String).join('\n'))
  const judged: Judged[] = []
  for (const group of same.values()) {
    const checks = checksOf(recorded[group[0] ?? 0])
    const cleared = await clearFirst({ context, claim, backend: planned.backend }, checks)
    judged.push(...group.flatMap((index) => judge(options, index, cleared)))
  }
  return judged
}

function judge(
  { context, claim, planned, refused, writer }: Refused,
  index: number,
  cleared: Cleared,
): Judged[] {
  const [operation, result] = [planned.operations[index], refused.get(index)]
  if (operation === undefined || result === undefined) return []
  if (cleared.kind === 'cleared')
    return [{ index, settlement: givenBack(operation.id, null, null), exit: null }]
  const said = writer.lastWords(index)
  const why = withBlame(failureText(result, placeOf(claim.server.name, operation), said), cleared)
  const { operation: backoff } = context.config.worker.backoff
  return [{ index, settlement: triedAgain(operation, 'failure', why, backoff), exit: result.exit }]
}

function checksOf(operation: RecordedOperation | undefined): Rendered[] {
  if (operation?.recording.kind !== 'recorded') return []
  return operation.recording.steps.flatMap((step) =>
    step.kind === 'file' && step.check !== null ? [step.check] : [],
  )
}
