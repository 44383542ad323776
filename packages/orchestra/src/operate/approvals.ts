import { z } from 'zod'
import { type ApprovalView, approvalReasons, listApprovals, planName, sayOfPlan } from '../access/index.ts'
import { OrchestraError } from '../errors.ts'
import { type Context, personOf } from './context.ts'
import { idField, limitField, reasonField, textField } from './fields.ts'
import { inPerson } from './own.ts'
import { namedPlan, planField } from './plan.ts'
import { reading, writing } from './verb.ts'
import { visibleRows } from './visible.ts'

const said = z.strictObject({ plan: planField, reason: reasonField.optional() })

/** What was said of a plan, and why it had to be asked for. */
export interface ApprovalGiven extends ApprovalView {
  /** Nothing where the plan needs no approval. */
  needed: string[]
}

export const planApprove = writing({
  name: 'plan.approve',
  about: 'Lets another person do exactly what a saved plan shows, once, within 24 hours',
  needs: 'store',
  answers: 'soon',
  input: said,
  audit: { action: 'plan.approve', target: planText },
  run: (context, { plan, reason }): Promise<ApprovalGiven> => say(context, plan, 'approved', reason),
})

export const planReject = writing({
  name: 'plan.reject',
  about: 'Says no to a saved plan: what others approved before counts no more',
  needs: 'store',
  answers: 'soon',
  input: said,
  audit: { action: 'plan.reject', target: planText },
  run: (context, { plan, reason }): Promise<ApprovalGiven> => say(context, plan, 'rejected', reason),
})

type Named = z.output<typeof planField>

function planText({ plan }: { plan: Named }): string {
  return typeof plan === 'number' ? `plan ${plan}` : planName(plan)
}

async function say(
  context: Context,
  named: Named,
  verdict: ApprovalView['verdict'],
  reason: string | undefined,
): Promise<ApprovalGiven> {
  const { store, config, principal } = context
  const { plan, kept } = await namedPlan(context, named)
  if (principal.kind === 'token')
    throw new OrchestraError('ORC_FORBIDDEN', 'A plan is approved or rejected by a person, not by a token', {
      hint: 'Log in and look at it, or use the command',
    })
  const view = await sayOfPlan(store, { plan, verdict, reason: reason || null, kept }, personOf(principal))
  return { ...view, needed: approvalReasons(plan, config.approvals) }
}

export const approvalList = reading({
  name: 'approval.list',
  about: 'What was said of plans, the newest first',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    /** The fingerprint of one plan. */
    plan: textField.optional(),
    /** Older than this one. */
    before: idField.optional(),
    limit: limitField.default(50),
  }),
  run: (context, search): Promise<ApprovalView[]> => {
    const { store } = context
    const rows = visibleRows(context, 'status.read')
    return listApprovals(store, { ...search, seen: rows && { rows, ...inPerson(context) } })
  },
})
