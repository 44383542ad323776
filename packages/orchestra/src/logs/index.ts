export { Redactor, SecretIndex } from '../secrets/redact.ts'
export type { NamedSecret } from '../secrets/variants.ts'
export { createLaneLog, createLog, type NewLog } from './create.ts'
export { type FollowOptions, followLog, type LogFeed, openLogFeed } from './feed.ts'
export { Hearing } from './hearing.ts'
export { isoTime } from './iso-time.ts'
export { followLogLines, type LogLine, type LogLines, readLogLines } from './lines.ts'
export { findInOutput, type Occurrence, type Occurrences } from './occurrences.ts'
export { type Extent, type OutputChunk, type OutputStream, PendingOutput } from './output.ts'
export { type OutputPart, outputExtent, readLines, readRange, readTail } from './parts.ts'
export { logTables } from './ranges.ts'
export {
  type LoggedOperation,
  type LogRecord,
  type LogSummary,
  type OutputFilter,
  readLog,
  readOutput,
  readScript,
  unknownLog,
} from './reader.ts'
export { cleanLogs, type RetentionOptions } from './retention.ts'
export { countLogs, type LogSearch, listLogs, logFilters } from './search.ts'
export { type LogSection, readSections } from './sections.ts'
export { type EndState, type LogState, logStates, scriptState, stateOf } from './state.ts'
export { finishLog, type LogEnd, type OperationEnd, type RestOfLog } from './store-output.ts'
export { telling, tellingOf } from './telling.ts'
export { decodeOutput, type OutputText } from './text.ts'
export { isTransient } from './transient.ts'
export { createLogWriter, type LogWriter, type LogWriterOptions } from './writer.ts'
