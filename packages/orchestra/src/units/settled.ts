import { type UnitStatus, unitStatus } from '../placements/index.ts'
import type { Store } from '../store/index.ts'
import type { Bell } from './bell.ts'

/**
 * Waits until every operation of a unit has an outcome, good or bad, and answers object by object what happened. What is
 * still open after `timeout` milliseconds is told as it stands then.
 */
export async function settled(
  store: Store,
  bell: Bell,
  unitId: string,
  timeout: number,
): Promise<UnitStatus> {
  const deadline = performance.now() + timeout
  for (;;) {
    const rung = bell.wait()
    const status = (await unitStatus(store, unitId)) ?? nothingChanged(unitId)
    const open = status.state === 'collecting' || status.state === 'pending'
    if (!open || performance.now() >= deadline) return status
    await rung
  }
}

function nothingChanged(id: string): UnitStatus {
  return {
    id,
    actor: null,
    source: null,
    logins: [],
    createdAt: new Date().toISOString(),
    state: 'settled',
    error: null,
    operations: [],
  }
}
