export type { Plan, PlannedFailure, PlannedOperation, PlannedScriptText } from './plan.ts'
export { type PlanSelector, planUnit, planWaiting } from './waiting.ts'
