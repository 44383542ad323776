import type { Queryable } from '../store/index.ts'
import { lockBeside } from './carry.ts'
import { failuresStillDue, type RetriedObject } from './changes.ts'
import type { Decision } from './decision.ts'
import { lockInOrder } from './intend.ts'

/**
 * Of what failed before and was looked at again, what nobody has cancelled since it was read. From here on nobody can: all that is
 * written of it is locked, in the order of all.
 */
export async function stillFailing(
  tx: Queryable,
  failures: readonly RetriedObject[],
  decisions: readonly Decision[],
): Promise<RetriedObject[]> {
  if (failures.length === 0) return []
  await lockInOrder(tx, decisions)
  await lockBeside(tx, decisions)
  const due = await failuresStillDue(
    tx,
    failures.map(({ operationId }) => operationId),
  )
  return failures.filter(({ operationId }) => due.has(operationId))
}
