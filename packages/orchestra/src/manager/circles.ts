import { OrchestraError } from '../errors.ts'
import type { RecordedOperation } from '../recording/scripts.ts'
import type { RenderedScript } from '../script/index.ts'
import type { ClaimedOperation } from './claim.ts'

type Turning = Pick<ClaimedOperation, 'circle' | 'model' | 'object_key'>

/**
 * What was recorded; of several that swap names none where one of them cannot be rendered, as the others would replace what it has.
 * The very same where there is none. Pure.
 * @param problems indexes of those that cannot be rendered
 */
export function breakTogether(
  operations: readonly Turning[],
  recorded: readonly RecordedOperation[],
  problems: readonly number[],
): readonly RecordedOperation[] {
  const broken = new Map<string, Turning>()
  for (const index of problems) {
    const operation = operations[index]
    if (operation?.circle) broken.set(operation.circle, operation)
  }
  if (broken.size === 0) return recorded
  return recorded.map((one) => {
    const operation = operations[one.index]
    const culprit = broken.get(operation?.circle ?? '')
    if (culprit === undefined || culprit === operation || one.recording.kind === 'failed') return one
    return { ...one, recording: { kind: 'failed', error: because(culprit) } }
  })
}

function because({ model, object_key: key }: Turning): OrchestraError {
  return new OrchestraError(
    'ORC_BACKEND_THREW',
    `it swaps names with ${model}:${key}, of which no script can be made`,
    {
      hint: `Correct ${model}:${key}; until then both stay as they are`,
    },
  )
}

/** Indexes of those that are in a script while others of their circle did not fit in. Pure. */
export function cutOff(operations: readonly Turning[], { included, left }: RenderedScript): Set<number> {
  const circleAt = (index: number) => operations[index]?.circle ?? null
  const cut = new Set(left.map(circleAt).filter((circle) => circle !== null))
  return new Set(included.filter((index) => cut.has(circleAt(index) ?? '')))
}
