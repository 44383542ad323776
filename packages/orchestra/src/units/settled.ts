import type { Unit } from '../capture/index.ts'
import { type UnitStatus, unitStatus } from '../placements/index.ts'
import type { Bell } from '../store/bell.ts'
import type { Store } from '../store/index.ts'

/**
 * Waits until every operation of a unit has an outcome, good or bad, and answers object by object what happened. What is
 * still open after `timeout` milliseconds is told as it stands then.
 */
export async function settled(store: Store, bell: Bell, unit: Unit, timeout: number): Promise<UnitStatus> {
  const deadline = performance.now() + timeout
  for (;;) {
    const rung = bell.wait()
    const status = (await unitStatus(store, unit.id)) ?? untouched(unit)
    const open = status.state === 'collecting' || status.state === 'pending'
    if (!open || performance.now() >= deadline) return status
    await rung
  }
}

function untouched(unit: Unit): UnitStatus {
  return {
    id: unit.id,
    actor: unit.actor ?? null,
    source: unit.source ?? null,
    logins: [],
    createdAt: new Date().toISOString(),
    state: 'untouched',
    error: whyUntouched(unit),
    operations: [],
  }
}

function whyUntouched({ openClients, statements }: Unit): string {
  if (openClients.size > 0) return 'a transaction of this unit is still open: ask after its commit'
  if (statements === 0)
    return 'this unit sent nothing to the database through what orchestra.pool(), driver() or sql() answers: another pool was used, or nothing was written'
  const ran = statements === 1 ? 'one statement ran' : `${statements} statements ran`
  return `${ran} in this unit, and nothing of it changed a row that is watched and was committed: the table is of no model, the rows stayed as they were, the transaction was rolled back, or a procedure committed by itself`
}
