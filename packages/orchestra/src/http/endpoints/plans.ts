import type { ApprovalView } from '../../access/index.ts'
import {
  approvalList,
  approvalWaiting,
  type PlanView,
  planApply,
  planApprove,
  planDiffs,
  planDiscard,
  planKeep,
  planList,
  planMake,
  planOperations,
  planReject,
  planScripts,
  planShow,
  type WaitingApproval,
} from '../../operate/index.ts'
import { act, keyed, one, paged } from '../build.ts'

const { plan } = planShow.input.shape
const { allowDeletes, breakGlass } = planApply.input.shape
const { reason } = planApprove.input.shape
const parts = {
  field: 'after',
  cursor: planScripts.input.shape.after.unwrap(),
  next: ({ number }: { number: number }) => number,
  params: { plan },
} as const

export const planEndpoints = [
  paged<PlanView>({
    path: '/plans',
    verb: planList,
    query: { state: planList.input.shape.state },
    field: 'before',
    cursor: planList.input.shape.before.unwrap(),
    next: ({ id }) => id,
  }),
  act({
    path: '/plans',
    verb: planKeep,
    status: 201,
    body: planKeep.input.shape,
    location: ({ id }: PlanView) => `/plans/${id}`,
  }),
  act({ path: '/plans/preview', verb: planMake, body: planMake.input.shape }),
  one({ path: '/plans/{plan}', verb: planShow, params: { plan } }),
  paged({
    path: '/plans/{plan}/operations',
    verb: planOperations,
    query: { kind: planOperations.input.shape.kind },
    ...parts,
  }),
  paged({ path: '/plans/{plan}/diffs', verb: planDiffs, ...parts }),
  paged({ path: '/plans/{plan}/scripts', verb: planScripts, ...parts }),
  act({
    path: '/plans/{plan}/apply',
    verb: planApply,
    status: 201,
    params: { plan },
    body: { allowDeletes, breakGlass },
    location: ({ unitId }: { unitId: string }) => `/units/${unitId}`,
  }),
  act({ path: '/plans/{plan}/approve', verb: planApprove, params: { plan }, body: { reason } }),
  act({ path: '/plans/{plan}/reject', verb: planReject, params: { plan }, body: { reason } }),
  act({ path: '/plans/{plan}/discard', verb: planDiscard, params: { plan } }),
  keyed<WaitingApproval>({
    path: '/approvals',
    verb: approvalWaiting,
    key: ({ kind, plan: number, server }) => [kind, number ?? 0, server ?? ''],
  }),
  paged<ApprovalView>({
    path: '/approvals/given',
    verb: approvalList,
    query: { plan: approvalList.input.shape.plan },
    field: 'before',
    cursor: approvalList.input.shape.before.unwrap(),
    next: ({ id }) => id,
  }),
]
