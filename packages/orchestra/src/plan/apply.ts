import { randomUUID } from 'node:crypto'
import { COLLECTOR_LOCK } from '../collector/collector.ts'
import { record } from '../collector/record.ts'
import { OrchestraError } from '../errors.ts'
import { audit } from '../server/index.ts'
import type { Queryable } from '../store/index.ts'
import { type Difference, guardError, isRemoval } from '../sync/index.ts'
import { compareAll, exceedingOf, type PlanContext, wantOf } from './everything.ts'
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
 * Records exactly the operations of a saved plan, or nothing at all. No collector records anything meanwhile.
 * @throws OrchestraError ORC_PLAN_STALE when the database or what stands on the servers moved on, ORC_GUARD
 */
export async function applyPlan(
  context: PlanContext,
  plan: SavedPlan,
  options: { allowDeletes?: number | undefined; by: string },
): Promise<Applied> {
  const { store } = context
  return store.transaction(async (tx) => {
    // Transactions of the embedded database have it to themselves.
    if (store.kind === 'postgres') await tx.query('select pg_advisory_xact_lock($1)', [COLLECTOR_LOCK])
    const differences = await differencesOf({ ...context, db: tx }, plan)
    const servers = await serverNames(tx)
    refuseStale(
      plan.operations,
      differences.map((one) => toSavedOperation(one, servers)),
    )
    const due = differences.filter((one) => one.verdict === 'differs')
    const removals = due.filter(isRemoval).map((one) => wantOf(one, servers))
    const allowed = options.allowDeletes ?? plan.allowDeletes ?? undefined
    const exceeding = await exceedingOf(tx, removals, allowed)
    if (exceeding.length > 0) throw guardError(exceeding)
    const unitId = await recordUnit(tx, context, due, options.by)
    return { unitId, operations: due.length, alreadyWaiting: differences.length - due.length }
  })
}

async function differencesOf(context: PlanContext, plan: SavedPlan): Promise<Difference[]> {
  const found: Difference[] = []
  await compareAll(context, plan.selector, async (differences) => {
    found.push(...differences.filter((one) => one.decision.fate.kind !== 'failed'))
  })
  return found
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
export function movedOn(saved: readonly SavedOperation[], present: readonly SavedOperation[]): string[] {
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
  due: readonly Difference[],
  by: string,
): Promise<string> {
  const unitId = randomUUID()
  await record(
    tx,
    {
      decisions: due.map(({ decision }) => ({ ...decision, unitIds: [unitId] })),
      changeIds: [],
      units: [{ id: unitId, actor: by, source: 'plan', createdAt: new Date() }],
      attempts: new Map(),
      seen: [],
    },
    { keyring: store.keyring, backoff: config.worker.backoff.operation },
  )
  await audit(tx, { by, action: 'plan.apply', target: `unit ${unitId}`, detail: { operations: due.length } })
  await tx.query(`select pg_notify('orchestra_control', 'plan')`)
  return unitId
}
