import type { Decision } from '../collector/decision.ts'
import type { Placed } from '../collector/placed.ts'
import type { Counts } from '../request/sync.ts'
import { storable } from '../store/index.ts'
import type { OpenOperation } from './open-operations.ts'

/** What a decision means beside what stands and what is on its way already. */
export type Judgement =
  /** It is as it should be. */
  | 'unchanged'
  /** An operation for the same waits or runs. */
  | 'waits'
  /** Something is to be done. */
  | 'differs'
  /** Nothing can be done about it here. */
  | 'aside'

export interface Facts {
  decision: Decision
  /** What stands in the decision's place. */
  placed: Placed | undefined
  /** Operations on its object that have not ended. */
  open: readonly OpenOperation[]
  /** Hash of what the object is rendered to now; null where nothing can be rendered. */
  revision: string | null
  /** The same under keys that are being replaced. */
  formerRevisions: readonly string[]
  /** The same of an operation that is open. */
  revisionOf(operation: OpenOperation): string | null
}

export function judge(facts: Facts): Judgement {
  const { decision, placed, open } = facts
  switch (decision.fate.kind) {
    case 'failed':
      return inPlaceOf(decision, open).some(failsAs(decision, decision.fate.reason)) ? 'waits' : 'differs'
    case 'nothing':
      return decision.action === 'delete' && placed !== undefined ? 'differs' : 'aside'
    case 'kept':
      return placed?.state === 'kept' ? 'unchanged' : 'differs'
    case 'waiting':
    case 'held':
      return decision.action === 'delete' ? judgeDelete(facts) : judgeSave(facts)
  }
}

/** What has a server is tried there, and fails for a reason of its own by now. */
function failsAs({ serverId, action }: Decision, reason: string): (one: OpenOperation) => boolean {
  if (serverId !== null) return (one) => one.action === action
  const error = storable(reason)
  return (one) => one.error === error
}

function judgeDelete({ decision, open }: Facts): Judgement {
  const same = inPlaceOf(decision, open).some(
    (one) => one.action === 'delete' && one.leave === decision.leave,
  )
  return same ? 'waits' : 'differs'
}

function judgeSave(facts: Facts): Judgement {
  const { decision, placed, open, revision } = facts
  // A run that is at it would end as the last that is known of it.
  if (placed?.place.isForgotten) return 'differs'
  const stands = placed?.state === 'applied' && decision.kind !== 'rename' && decision.kind !== 'replace'
  if (
    stands &&
    revision !== null &&
    placed.identity === decision.identity &&
    isRevision(placed.revision, facts)
  )
    return 'unchanged'
  const isHeld = decision.fate.kind === 'held'
  const last = inPlaceOf(decision, open).at(-1)
  if (last?.action !== 'save' || last.held !== isHeld) return 'differs'
  const isSame = last.identity === decision.identity && facts.revisionOf(last) === revision
  return isSame ? 'waits' : 'differs'
}

function isRevision(noted: string | null, { revision, formerRevisions }: Facts): boolean {
  return noted === revision || (noted !== null && formerRevisions.includes(noted))
}

function inPlaceOf({ backend, serverId }: Decision, open: readonly OpenOperation[]): OpenOperation[] {
  return open.filter((one) => one.backend === backend && one.serverId === serverId)
}

/** What a verdict counts as. */
export function countOf({ kind, fate }: Decision, verdict: Judgement): keyof Counts | undefined {
  if (verdict === 'aside') return undefined
  if (fate.kind === 'failed') return 'invalid'
  if (verdict !== 'differs') return verdict === 'waits' ? 'waiting' : 'unchanged'
  return counted[kind]
}

const counted = {
  create: 'created',
  update: 'updated',
  replace: 'created',
  rename: 'renamed',
  move: 'moved',
  delete: 'deleted',
  action: 'updated',
} as const satisfies Record<Decision['kind'], keyof Counts>
