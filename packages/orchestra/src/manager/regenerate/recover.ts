import type { Backend } from '../../config/backend.ts'
import { finishLog } from '../../logs/index.ts'
import { persist } from '../../logs/persist.ts'
import type { RunMemory } from '../../script/index.ts'
import type { OpenLog } from '../claim.ts'
import { givenBack, interrupted } from '../settlement.ts'
import { recordOutcomes } from './operations.ts'
import { patient, type SettleContext, settlementOf, settleRunning } from './settle.ts'

/**
 * Records what the server remembers of a regeneration whose end nobody saw. What a check refused is claimed again and then
 * halved. False when the lane is another worker's by now.
 */
export async function recoverRegeneration(
  options: SettleContext,
  backend: Backend,
  log: OpenLog,
  memory: RunMemory,
  explanation: string,
): Promise<boolean> {
  const { context } = options
  const result = memory.results.find((one) => one.index === 0)
  const isOver = result !== undefined && result.reason !== 'check'
  const settlement = isOver
    ? settlementOf(options, backend, result)
    : ({ id }: { id: number }) => (memory.state === 'never' ? givenBack(id, null, null) : interrupted(id))
  if (!(await settleRunning(options, log.id, settlement))) return false
  const outcome = await recordOutcomes(patient(context), log.id, result?.exit ?? null)
  const state = memory.state === 'done' ? outcome : 'ERROR'
  await persist(context.signal, () => finishLog(context.store, log.id, { state, error: explanation }))
  return true
}
