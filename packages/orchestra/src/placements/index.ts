export type { PlacementState } from '../collector/index.ts'
export { type Cause, causesOf, type Failed } from './causes.ts'
export { type Found, find } from './find.ts'
export { followHappenings } from './follow-happenings.ts'
export {
  type Happening,
  type HappeningPage,
  readHappenings,
  type ScriptFacts,
  type WorkEvent,
} from './happened.ts'
export { isObjectKnown, objectsNamed } from './known.ts'
export { type Matrix, readMatrix } from './matrix.ts'
export { type ObjectPlace, type ObjectStatus, objectStatus } from './object.ts'
export { countObjects, listObjects, type ObjectView, objectCursor } from './object-list.ts'
export type { OperationView } from './operation.ts'
export {
  countOperations,
  listOperations,
  operationFilters,
  operationsOfLane,
} from './operation-list.ts'
export {
  countPlacements,
  countSomePlacements,
  listPlacements,
  type PlacementFilter,
  type PlacementView,
  placementFilters,
  placementStates,
} from './placement.ts'
export { cursorOf } from './placement-cursor.ts'
export type { Seen } from './seen.ts'
export {
  listWorkers,
  readStatus,
  type ServerStatus,
  type Status,
  serverStatus,
  type WorkerStatus,
} from './status.ts'
export type { Trouble } from './troubles.ts'
export { type UnitOperation, type UnitState, type UnitStatus, unitStatus } from './unit.ts'
export { isUnitId, resolveUnit, shortUnit, unknownUnit } from './unit-id.ts'
export { countUnits, listUnits, type UnitSummary, unitFilters } from './unit-list.ts'
export type { WaitKind, WaitsFor } from './waiting.ts'
