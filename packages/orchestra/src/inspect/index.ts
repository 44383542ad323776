export { adopt, adoptShared, overwrite } from './adopt.ts'
export { type CheckSelector, checkNow } from './check-now.ts'
export type { Expectation } from './expect.ts'
export {
  type Finding,
  type FindingFilter,
  type FindingState,
  findingHolds,
  isDrift,
  listFindings,
  MOST_LISTED,
} from './findings.ts'
export { type InspectionStep, Inspector } from './inspector.ts'
export type { Difference } from './judge.ts'
export { named, type Survey, survey } from './survey.ts'
export type { Candidate, SurveyContext, SurveyedRow } from './surveyed.ts'
