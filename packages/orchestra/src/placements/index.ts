export type { PlacementState } from '../collector/index.ts'
export { type Cause, causesOf, type Failed } from './causes.ts'
export { followHappenings } from './follow-happenings.ts'
export {
  type Happening,
  type HappeningPage,
  readHappenings,
  type ScriptFacts,
  type WorkEvent,
} from './happened.ts'
export { isObjectKnown, objectsNamed } from './known.ts'
export { type ObjectPlace, type ObjectStatus, objectStatus } from './object.ts'
export type { OperationView } from './operation.ts'
export {
  countPlacements,
  listPlacements,
  type PlacementFilter,
  type PlacementView,
  placementStates,
} from './placement.ts'
export { cursorOf } from './placement-cursor.ts'
export type { Seen } from './seen.ts'
export { listWorkers, readStatus, type ServerStatus, type Status, type WorkerStatus } from './status.ts'
export type { Trouble } from './troubles.ts'
export { type UnitOperation, type UnitState, type UnitStatus, unitStatus } from './unit.ts'
export { isUnitId, resolveUnit, shortUnit, unknownUnit } from './unit-id.ts'
export { listUnits, type UnitSummary } from './unit-list.ts'
export type { WaitKind, WaitsFor } from './waiting.ts'
