import { z } from 'zod'
import { fingerprintOf, reasonsFor, type Standing, standingApprovals } from '../access/index.ts'
import {
  assertRoomToKeep,
  countPlans,
  endPlan,
  type KeptDetail,
  type KeptDifferences,
  type KeptOperation,
  type KeptPlan,
  type KeptScript,
  keepPlan,
  keptDifferences,
  keptOperations,
  keptScripts,
  keptStates,
  listPlans,
  lockOpenPlan,
  readPlanKept,
} from '../plan/index.ts'
import { audit } from '../server/index.ts'
import { type Context, personOf } from './context.ts'
import { countField, idField, limitField, nameField, queryField, selectorFields } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { planned } from './plan.ts'
import { selectedText } from './sync.ts'
import { reading, writing } from './verb.ts'
import { maySee } from './visible.ts'

/** Objects of which the differences are kept with a plan. */
const MOST_DIFFERENCES = 10_000

/** A plan that is kept, and whether another person has to approve it. */
export interface PlanView extends KeptPlan {
  approval: {
    /** Why somebody has to; nothing where nobody has to. */
    needed: string[]
    /** The last one that is good: for anybody but whoever gave it. */
    given: Standing | null
  }
}

export type PlanDetail = PlanView & Pick<KeptDetail, 'failures' | 'moved'>

const one = { plan: idField }
const target = ({ plan }: { plan: number }) => `plan ${plan}`

export const planKeep = writing({
  name: 'plan.keep',
  about: 'Makes a plan that is kept: others look at it and approve it, and exactly what it shows is done',
  needs: 'key',
  answers: 'late',
  input: z.strictObject({
    ...selectorFields,
    model: nameField.optional(),
    /** How many objects of one backend on one server it may remove. */
    allowDeletes: countField.optional(),
  }),
  audit: { action: 'plan.keep', target: selectedText },
  run: async (context, asked): Promise<PlanDetail> => {
    const { store, principal } = context
    const { name: by, accountId = null } = personOf(principal)
    await assertRoomToKeep(store, { by, accountId })
    const made = await planned(context, 'plan.keep', {
      ...asked,
      scripts: true,
      differences: MOST_DIFFERENCES,
    })
    const fingerprint = fingerprintOf(made.saved)
    const id = await store.transaction(async (tx) => {
      const kept = await keepPlan(tx, { ...made, fingerprint, by, accountId })
      const detail = { plan: kept, fingerprint }
      await audit(tx, { by, action: 'plan.keep', target: selectedText(asked), detail })
      return kept
    })
    return detailOf(context, id)
  },
})

export const planList = reading({
  name: 'plan.list',
  about: 'Plans that are kept, the newest first',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    state: z.enum(keptStates).optional(),
    /** Older than this one. */
    before: idField.optional(),
    limit: limitField.default(50),
    q: queryField.optional(),
  }),
  count: (context, { q, ...search }) =>
    countPlans(context.store, { ...search, ...narrowedBy(context, 'plan.list', { q }) }),
  run: async (context, { q, ...search }): Promise<PlanView[]> => {
    const plans = await listPlans(context.store, { ...search, ...narrowedBy(context, 'plan.list', { q }) })
    return withApprovals(context, plans)
  },
})

export const planShow = reading({
  name: 'plan.show',
  about: 'One plan that is kept: how much of what, whether somebody approved it, and what moved on since',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject(one),
  run: (context, { plan }): Promise<PlanDetail> => detailOf(context, plan),
})

const part = {
  ...one,
  /** Behind this number. */
  after: countField.optional(),
  limit: limitField.default(100),
}

export const planOperations = reading({
  name: 'plan.operations',
  about: 'What a plan would do, operation by operation',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    ...part,
    kind: z.enum(['create', 'update', 'replace', 'rename', 'move', 'delete', 'action']).optional(),
  }),
  run: async ({ store }, { plan, ...page }): Promise<KeptOperation[]> => {
    await readPlanKept(store, plan)
    return keptOperations(store, plan, page)
  },
})

export const planDiffs = reading({
  name: 'plan.diffs',
  about: 'How what a plan would place differs from what was placed, as unified diffs with secrets by name',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject(part),
  run: async ({ store }, { plan, ...page }): Promise<KeptDifferences[]> => {
    await readPlanKept(store, plan)
    return keptDifferences(store, plan, page)
  },
})

export const planScripts = reading({
  name: 'plan.scripts',
  about: 'The scripts of a plan as they would run, with secrets by name',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject(part),
  run: async ({ store }, { plan, ...page }): Promise<KeptScript[]> => {
    await readPlanKept(store, plan)
    return keptScripts(store, plan, page)
  },
})

export const planDiscard = writing({
  name: 'plan.discard',
  about: 'Ends a plan that nobody wants any more; nothing of it is done',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject(one),
  audit: { action: 'plan.discard', target },
  run: async (context, { plan }): Promise<PlanDetail> => {
    const { store, principal } = context
    await store.transaction(async (tx) => {
      await lockOpenPlan(tx, plan)
      await endPlan(tx, plan, { state: 'discarded', by: principal.name })
      await audit(tx, { by: principal.name, action: 'plan.discard', target: target({ plan }) })
    })
    return detailOf(context, plan)
  },
})

type Base = Pick<Context, 'store' | 'config' | 'principal'>

async function detailOf(base: Base, plan: number): Promise<PlanDetail> {
  const detail = await readPlanKept(base.store, plan)
  const [{ approval } = { approval: { needed: [], given: null } }] = await withApprovals(base, [detail])
  const moved = detail.moved?.filter((one) => maySee(base, 'diff.read', one)) ?? null
  return { ...detail, moved, approval }
}

/** By the rules of the configuration as it is now: those are the ones that it is done by. */
async function withApprovals({ store, config }: Base, plans: readonly KeptPlan[]): Promise<PlanView[]> {
  const open = plans.filter(({ state }) => state === 'open')
  const given = await standingApprovals(
    store,
    open.map(({ fingerprint }) => fingerprint),
  )
  return plans.map((plan) => ({
    ...plan,
    approval: {
      needed: reasonsFor(plan, config.approvals),
      given: (plan.state === 'open' && given.get(plan.fingerprint)) || null,
    },
  }))
}
