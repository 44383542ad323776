import { randomUUID } from 'node:crypto'
import { decidingAlone } from '../collector/alone.ts'
import type { Decision } from '../collector/index.ts'
import { record } from '../collector/record.ts'
import { audit } from '../server/index.ts'
import type { Queryable } from '../store/index.ts'
import { guardError, isRemoval } from '../sync/index.ts'
import { compareAll, type PlanContext } from './everything.ts'
import { wantOf } from './found.ts'
import { exceedingOf } from './guard.ts'
import { refuseStale } from './moved.ts'
import { type SavedOperation, type SavedPlan, toSavedOperation } from './saved.ts'
import { serverNames } from './waiting.ts'

/** What applying a plan recorded. */
export interface Applied {
  /** The unit of work that its operations belong to. */
  unitId: string
  operations: number
  /** Operations of the plan that wait or run already, as parts of other units. */
  alreadyWaiting: number
}

/**
 * Records exactly the operations of a saved plan, or nothing at all. Nobody decides anything meanwhile.
 * @throws OrchestraError ORC_PLAN_STALE when the database or what stands on the servers moved on, ORC_GUARD
 */
export async function applyPlan(
  context: PlanContext,
  plan: SavedPlan,
  options: {
    allowDeletes?: number | undefined
    by: string
    /** Refuses what may not be done; asked of a plan that can be, in the transaction that does it. */
    permit?: (tx: Queryable) => Promise<void>
    /** Notes that it was done, in the same transaction. */
    done?: (tx: Queryable, unitId: string) => Promise<void>
  },
): Promise<Applied> {
  const { store } = context
  return decidingAlone(store, async (tx) => {
    const servers = await serverNames(tx)
    const { saved, due } = await presentOf({ ...context, db: tx }, plan, servers)
    refuseStale(plan.operations, saved)
    await options.permit?.(tx)
    const removals = due
      .filter((decision) => isRemoval({ decision }))
      .map((decision) => wantOf(decision, servers))
    const allowed = options.allowDeletes ?? plan.allowDeletes ?? undefined
    const exceeding = await exceedingOf(tx, removals, allowed)
    if (exceeding.length > 0) throw guardError(exceeding)
    const unitId = await recordUnit(tx, context, due, options.by)
    await options.done?.(tx, unitId)
    return { unitId, operations: due.length, alreadyWaiting: saved.length - due.length }
  })
}

/** What is to be done now. What is rendered for it is let go page by page: of a large database it would not fit. */
interface Present {
  saved: SavedOperation[]
  /** What no operation waits for yet. */
  due: Decision[]
}

async function presentOf(
  context: PlanContext,
  plan: SavedPlan,
  servers: ReadonlyMap<number, string>,
): Promise<Present> {
  const present: Present = { saved: [], due: [] }
  await compareAll(context, plan.selector, async (differences) => {
    for (const difference of differences) {
      const { decision, verdict } = difference
      if (decision.fate.kind === 'failed') continue
      present.saved.push(toSavedOperation(difference, servers))
      if (verdict === 'differs') present.due.push(decision)
    }
  })
  return present
}

async function recordUnit(
  tx: Queryable,
  { store, config }: PlanContext,
  due: readonly Decision[],
  by: string,
): Promise<string> {
  const unitId = randomUUID()
  await record(
    tx,
    {
      decisions: due.map((decision) => ({ ...decision, unitIds: [unitId] })),
      changeIds: [],
      units: [{ id: unitId, actor: by, source: 'plan', createdAt: new Date(), logins: [] }],
      attempts: new Map(),
      seen: [],
    },
    { keyring: store.keyring, config, backoff: config.worker.backoff.operation },
  )
  await audit(tx, { by, action: 'plan.apply', target: `unit ${unitId}`, detail: { operations: due.length } })
  await tx.query(`select pg_notify('orchestra_control', 'plan')`)
  return unitId
}
