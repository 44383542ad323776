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
export {
  type BlockIndex,
  createOutputParser,
  type OperationResult,
  type OutputParser,
  type ReloadResult,
  type ScriptEvent,
  type Stream,
} from './output.ts'
export { readPrelude } from './prelude.ts'
export { type RecordedBackend, type Recording, record, recordOperation } from './record.ts'
export {
  createRecoveryParser,
  type RecoveryParser,
  type RecoveryRequest,
  type RunMemory,
  renderRecovery,
} from './recovery.ts'
export {
  type RenderedScript,
  renderScript,
  type ScriptFailure,
  type ScriptOperation,
  type ScriptRequest,
} from './render.ts'
export { Rendered } from './rendered.ts'
export type {
  AbsentOptions,
  Content,
  DirectoryOptions,
  FileOptions,
  ReloadOptions,
  RunOptions,
  Script,
  Work,
  WorkContext,
  WorkResult,
} from './script.ts'
export { Secret, secret } from './secret.ts'
export { Command, raw, type ShellValue, sh } from './sh.ts'
export type { Step } from './steps.ts'
export { joinText, text } from './text.ts'
