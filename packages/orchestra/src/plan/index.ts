export { type Applied, applyPlan } from './apply.ts'
export type { PlannedDifference } from './difference.ts'
export { deletesToAllow, type Effect, type EffectKind, needsConsent } from './effects.ts'
export { planAll, type WholePlan } from './everything.ts'
export type { PlanRequest } from './found.ts'
export {
  assertRoomToKeep,
  endPlan,
  endPlansOf,
  keepPlan,
  lockOpenPlan,
  MOST_A_DAY,
  MOST_KEPT,
} from './keep.ts'
export {
  countPlans,
  type KeptDetail,
  type KeptDifferences,
  type KeptOperation,
  type KeptPlan,
  type KeptScript,
  keptContent,
  keptDifferences,
  keptOperations,
  keptScripts,
  keptStates,
  listPlans,
  type PlanSearch,
  planFilters,
  readPlanKept,
  unknownPlan,
} from './kept.ts'
export { type Moved, PlanStale } from './moved.ts'
export type { Plan, PlannedFailure, PlannedOperation, PlannedScriptText } from './plan.ts'
export { previewRerouting, type Reroute, type Rerouting } from './rerouting.ts'
export {
  assertUnchanged,
  planContent,
  planSchema,
  readPlan,
  type SavedPlan,
  savedPlan,
  type Weight,
  weightOf,
  writePlan,
} from './saved.ts'
export { planUnit } from './waiting.ts'
