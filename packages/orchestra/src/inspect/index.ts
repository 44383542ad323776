export { adopt, adoptShared, overwrite } from './adopt.ts'
export { ask, type Inspected } from './ask.ts'
export {
  type CauseFilter,
  type DriftCause,
  listCauses,
} from './causes.ts'
export { examine } from './examine.ts'
export { type Expectation, type ExpectedPlace, expectationOf } from './expect.ts'
export {
  countFindings,
  type Finding,
  type FindingFilter,
  type FindingState,
  findingFilters,
  findingHolds,
  isDrift,
  listFindings,
  MOST_LISTED,
  pageOfFindings,
} from './findings.ts'
export { hasInspection } from './inspection.ts'
export { type InspectionStep, Inspector } from './inspector.ts'
export type { Condition, Difference } from './judge.ts'
export { type Repair, repairFound } from './repair-found.ts'
export { askOwners } from './strays.ts'
export { named, type Survey, survey } from './survey.ts'
export type { Candidate, SurveyContext, SurveyedRow } from './surveyed.ts'
export { endInspectionsOf, endUnlookable } from './unlookable.ts'
