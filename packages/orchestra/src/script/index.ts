export { Secret, secret } from '../secrets/secret.ts'
export { type AsUserOptions, asUser } from './as-user.ts'
export {
  bootstrap,
  bootstrapCommand,
  endLine,
  exitBusy,
  exitFenced,
  exitRepeated,
  exitTruncated,
  exitUnfit,
  groupLinePrefix,
} from './bootstrap.ts'
export { claimsOf } from './claims.ts'
export { type Description, describeBriefly, describeSteps } from './describe.ts'
export { isOurs } from './is-ours.ts'
export type { Objects, Streamed } from './objects.ts'
export {
  type BlockIndex,
  createOutputParser,
  type OperationResult,
  type OutputParser,
  type ReloadResult,
  type ScriptEvent,
  type Stream,
} from './output.ts'
export { BoundedBytes, LastBytes, tooMuch } from './pieces.ts'
export {
  type RecordedBackend,
  type RecordedSync,
  type Recording,
  record,
  recordAlone,
  recordOperation,
  recordSync,
} from './record.ts'
export {
  createRecoveryParser,
  type RecoveryParser,
  type RecoveryRequest,
  type RunMemory,
  renderRecovery,
} from './recovery.ts'
export { type RenderedScript, renderScript } from './render.ts'
export type { Ownership, Right, SharedOwnership, Standing } from './render-ownership.ts'
export { type Content, Rendered } from './rendered.ts'
export type {
  AbsentOptions,
  DirectoryOptions,
  FileContent,
  FileOptions,
  OwnOptions,
  ReloadOptions,
  RunOptions,
  Script,
  TrashOptions,
  Work,
  WorkContext,
  WorkResult,
} from './script.ts'
export type { ScriptOperation, ScriptRequest } from './script-request.ts'
export { renderSearch, renderTakeOut } from './search.ts'
export { Command, raw, type ShellValue, sh } from './sh.ts'
export { notMounted, soundPlace } from './sound-place.ts'
export type { AheadFileStep, Claim, Step, StreamedFileStep } from './steps.ts'
export { contentOf, fileOf, readContent } from './streamed.ts'
export { joinText, text } from './text.ts'
export {
  type AbsorbScript,
  type EmitScript,
  renderAbsorb,
  renderEmit,
  renderPut,
  type TransferScript,
  type TransferTry,
} from './transfer.ts'
export {
  exitNotInTrash,
  exitOccupied,
  parseEmptied,
  parseTrash,
  renderTrash,
  type TrashEntry,
  type TrashRequest,
} from './trash.ts'
export type { ScriptFailure } from './unrenderable.ts'
