export type {
  AskedChange,
  Backlog,
  Bound,
  Change,
  Changes,
  IdRange,
  Looking,
  Movements,
  Scope,
  StoredChange,
  WaitingObject,
  WaitingUnit,
  Writers,
} from './changes.ts'
export { exactNumber, isDecimal, wholeNumber } from './decimal.ts'
export { hiddenHint } from './hidden.ts'
export { parseExactJson, toExactJson } from './json.ts'
export { changesIn } from './postgres/changes.ts'
export { sourceNeeds } from './postgres/needs.ts'
export { rowsWithin, sourceOf } from './postgres/source.ts'
export type { Absence, Capture, FoundRows, Rows, Source, Unreadable } from './source.ts'
export { unreadableText } from './unreadable-text.ts'
