export { type Cursor, firstCursor } from '../request/cursor.ts'
export { replacedModels } from '../request/replaced.ts'
export {
  asNamed,
  cancelSync,
  checkSelector,
  requestSync,
  type SyncRequest,
  type SyncSelector,
} from '../request/request.ts'
export { type Selection, selectionOf } from '../request/selection.ts'
export type { Counts, SyncMode, SyncRow, SyncState } from '../request/sync.ts'
export { type CompareContext, type Compared, compare, type Discrepancy } from './compare.ts'
export { syncEnded } from './ended.ts'
export { deleteBound, exceedsBound, guardError, NAMED, type Removals } from './guard.ts'
export { endInspectedSync, lockSync } from './inspected.ts'
export { type LeftOut, leftOutText, withoutUnreadable } from './left-out.ts'
export { countSyncs, lastOfSource, listSyncs, type SyncRun, type SyncView, syncFilters } from './list.ts'
export type { NamedKey } from './pages.ts'
export { PAGE_SIZE, readPage } from './pages.ts'
export { failSync } from './proceed.ts'
export { isRemoval } from './removals.ts'
export { asStored, renderObject } from './rendered.ts'
export { markStale, type Staleness } from './stale.ts'
export {
  type InspectionStatus,
  isSettled,
  isStill,
  isUnfinished,
  type SyncStatus,
  type SyncWork,
  syncStatus,
  workOf,
} from './status.ts'
export { beginSync, comparingSync, type SyncStep, stepSync } from './step.ts'
