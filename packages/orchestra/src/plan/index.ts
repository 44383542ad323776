export { type Applied, applyPlan } from './apply.ts'
export type { PlannedDifference } from './difference.ts'
export { deletesToAllow, type Effect, type EffectKind, needsConsent } from './effects.ts'
export { planAll, type WholePlan } from './everything.ts'
export type { PlanRequest } from './found.ts'
export type { Plan, PlannedFailure, PlannedOperation, PlannedScriptText } from './plan.ts'
export { previewRerouting, type Reroute, type Rerouting } from './rerouting.ts'
export {
  assertUnchanged,
  planContent,
  planSchema,
  readPlan,
  type SavedPlan,
  savedPlan,
  writePlan,
} from './saved.ts'
export { planUnit } from './waiting.ts'
