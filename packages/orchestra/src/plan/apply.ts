import { randomUUID } from 'node:crypto'
import { decidingAlone } from '../collector/alone.ts'
import type { Decision } from '../collector/index.ts'
import { record } from '../collector/record.ts'
import { OrchestraError } from '../errors.ts'
import { audit } from '../server/index.ts'
import type { Queryable } from '../store/index.ts'
import { guardError, isRemoval } from '../sync/index.ts'
import { compareAll, type PlanContext } from './everything.ts'
import { wantOf } from './found.ts'
import { exceedingOf } from './guard.ts'
import {
  placeOf,
  type SavedOperation,
  type SavedPlan,
  standsThere,
  toSavedOperation,
  wantedThere,
} from './saved.ts'
import { serverNames } from './waiting.ts'

/** Differences that a stale plan names at most. */
const NAMED = 10

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

function refuseStale(saved: readonly SavedOperation[], present: readonly SavedOperation[]): void {
  const moved = movedOn(saved, present)
  if (moved.length === 0) return
  const more = moved.length > NAMED ? `; and ${moved.length - NAMED} more` : ''
  throw new OrchestraError(
    'ORC_PLAN_STALE',
    `The plan is not what is to be done now: ${moved.slice(0, NAMED).join('; ')}${more}`,
    { hint: 'Nothing was recorded. Look at it again with `orchestra plan --save FILE`' },
  )
}

/** What is otherwise now than when the plan was saved. */
function movedOn(saved: readonly SavedOperation[], present: readonly SavedOperation[]): string[] {
  const now = new Map(present.map((one) => [placeOf(one), one]))
  const then = new Set(saved.map(placeOf))
  const gone = saved.flatMap((one) => {
    const same = now.get(placeOf(one))
    if (same === undefined) return [`${nameOf(one)} is as it should be`]
    if (standsThere(one) !== standsThere(same)) return [`what stands of ${nameOf(one)} was changed`]
    return wantedThere(one) === wantedThere(same) ? [] : [`the database has another ${nameOf(one)}`]
  })
  const added = present.filter((one) => !then.has(placeOf(one)))
  return [...gone, ...added.map((one) => `${nameOf(one)} has to be done too (${one.kind})`)]
}

function nameOf({ object, backend, server }: SavedOperation): string {
  return `${object} by ${backend} on ${server}`
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
