import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { approvalReasons, planName, takeApproval, voidPlan } from '../access/index.ts'
import { OrchestraError } from '../errors.ts'
import { reportIncident } from '../incidents/index.ts'
import { routeObjects } from '../manager/index.ts'
import {
  type Applied,
  applyPlan,
  assertUnchanged,
  endPlan,
  keptContent,
  lockOpenPlan,
  type PlannedOperation,
  PlanStale,
  planAll,
  planSchema,
  type SavedPlan,
  savedPlan,
  type WholePlan,
} from '../plan/index.ts'
import { CurrentRouter } from '../router/index.ts'
import { audit } from '../server/index.ts'
import type { Queryable } from '../store/index.ts'
import { type Context, personOf } from './context.ts'
import { countField, idField, nameField, reasonField, selectorFields } from './fields.ts'
import { checkNames } from './known.ts'
import { permit, permitAll } from './permit.ts'
import { reading, writing } from './verb.ts'
import { maySee } from './visible.ts'

/** All that is to be done, and how much of each kind. */
export interface PlanShown extends WholePlan {
  counts: Record<string, number>
}

const planInput = z.strictObject({
  ...selectorFields,
  model: nameField.optional(),
  /** Whether the scripts are rendered too. */
  scripts: z.boolean().default(true),
  /** Of how many objects the differences are told; default of all. */
  differences: countField.optional(),
  /** How many objects of one backend on one server it may remove. */
  allowDeletes: countField.optional(),
})

export const planMake = reading({
  name: 'plan.make',
  about: 'What is to be done, without asking any server: what waits, and what differs from what was placed',
  needs: 'key',
  answers: 'late',
  input: planInput,
  run: async (context, request): Promise<PlanShown> => (await planned(context, 'plan.make', request)).plan,
})

export const planSave = reading({
  name: 'plan.save',
  about: 'The same, with what `plan.apply` takes to do it later',
  needs: 'key',
  answers: 'late',
  input: planInput,
  run: async (
    context,
    request,
  ): Promise<{
    plan: PlanShown
    saved: SavedPlan
    /** Why another person has to approve it; nothing where nobody has to. */
    approval: string[]
  }> => {
    const made = await planned(context, 'plan.save', request)
    return { ...made, approval: approvalReasons(made.saved, context.config.approvals) }
  },
})

/**
 * @param name the verb that it is made for
 * @throws OrchestraError ORC_FORBIDDEN, and those of names that are nowhere
 */
export async function planned(
  context: Context,
  name: string,
  input: z.output<typeof planInput>,
): Promise<{ plan: PlanShown; saved: SavedPlan }> {
  const { scripts, differences = Number.POSITIVE_INFINITY, allowDeletes, ...selector } = input
  await checkNames(context, selector)
  const request = { selector, scripts, differences, allowDeletes }
  const { saved, ...plan } = await planAll(await routing(context), request)
  permitAll(context, { name, input, operations: [...saved, ...plan.operations] })
  const counts = countKinds(plan.operations)
  return { plan: { ...plan, counts }, saved: savedPlan(saved, { selector, allowDeletes }) }
}

async function routing({ store, config }: Context) {
  const router = await new CurrentRouter(config.backends.values()).get(store)
  return { store, config, route: routeObjects(router) }
}

function countKinds(operations: readonly PlannedOperation[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { kind } of operations) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

/** What `plan.save` answers, as it is taken back. */
const contentField = planSchema.extend({
  selector: z.strictObject({ ...selectorFields, model: nameField.optional() }),
})

/** A plan that is kept by its number, or what `plan.save` answered. */
export const planField = z.union([idField, contentField])

/** A plan that somebody names, as it is to be done; `kept` is its number where it has one. */
export interface NamedPlan {
  plan: SavedPlan
  kept: number | undefined
}

/**
 * @throws OrchestraError ORC_PLAN_UNKNOWN, ORC_PLAN_INVALID
 */
export async function namedPlan(
  { store }: Pick<Context, 'store'>,
  named: z.output<typeof planField>,
): Promise<NamedPlan> {
  if (typeof named === 'number') return { plan: await keptContent(store, named), kept: named }
  assertUnchanged(named, 'The plan')
  return { plan: named, kept: undefined }
}

export const planApply = writing({
  name: 'plan.apply',
  about: 'Does what a plan shows, kept or saved, or nothing when the database or what stands moved on',
  needs: 'key',
  answers: 'late',
  input: z.strictObject({
    plan: planField,
    allowDeletes: countField.optional(),
    /** Why it cannot wait for the approval that it needs. */
    breakGlass: reasonField.min(1).optional(),
  }),
  audit: {
    action: 'plan.apply',
    also: ['plan.override'],
    target: ({ plan }) =>
      typeof plan === 'number' ? `plan ${plan}` : `plan of ${plan.createdAt.slice(0, 30)}`,
  },
  run: async (context, { plan: named, allowDeletes, breakGlass }): Promise<Applied> => {
    const { store, principal } = context
    const { plan, kept } = await namedPlan(context, named)
    // Of one that is kept it is known now what it does.
    if (kept !== undefined) await permit(context, 'plan.apply', { plan, breakGlass })
    try {
      return await applyPlan(await routing(context), plan, {
        allowDeletes,
        by: principal.name,
        permit: async (tx) => {
          if (kept !== undefined) await lockOpenPlan(tx, kept)
          await approved(tx, context, plan, { allowDeletes, breakGlass })
        },
        done: async (tx, unit) => {
          if (kept !== undefined) await endPlan(tx, kept, { state: 'applied', by: principal.name, unit })
        },
      })
    } catch (error) {
      if (!(error instanceof PlanStale)) throw error
      await voidPlan(store, plan, { by: principal.name, moved: error.moved })
      throw error.toldWhere((moved) => maySee(context, 'sync', moved))
    }
  },
})

function approvedOtherwise(needed: readonly string[], allowDeletes: number): OrchestraError {
  return new OrchestraError(
    'ORC_APPROVAL_NEEDED',
    `The plan needs another person's approval (${needed.join('; ')}), which is of how much it may remove too`,
    { hint: `Let somebody look at one that says so: orchestra plan --keep --allow-deletes ${allowDeletes}` },
  )
}

/** By another person, or in an emergency by the word of whoever asks, which the audit keeps and others are told of. */
async function approved(
  tx: Queryable,
  { config, principal }: Context,
  plan: SavedPlan,
  { allowDeletes, breakGlass }: { allowDeletes: number | undefined; breakGlass: string | undefined },
): Promise<void> {
  const needed = approvalReasons(plan, config.approvals)
  if (needed.length === 0) return
  if (breakGlass === undefined) {
    if (allowDeletes !== undefined && allowDeletes !== plan.allowDeletes)
      throw approvedOtherwise(needed, allowDeletes)
    return takeApproval(tx, plan, config.approvals, personOf(principal))
  }
  const { name: by } = principal
  const { server = null, backend = null } = plan.selector
  const incident = await reportIncident(tx, {
    key: `${planName(plan)} ${randomUUID()}`,
    ...{ server, backend, by },
    error: `${by} did a plan without the approval that it needed (${needed.join('; ')}): ${breakGlass}`,
    objects: plan.operations.map(({ object }) => object),
  })
  const detail = { reason: breakGlass, needed, incident }
  await audit(tx, { by, action: 'plan.override', target: planName(plan), detail })
}
