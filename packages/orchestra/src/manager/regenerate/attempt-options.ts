import type { Backend } from '../../config/backend.ts'
import type { LogWriter } from '../../logs/index.ts'
import type { Span } from '../../recording/selection.ts'
import type { Queryable } from '../../store/index.ts'
import type { Claim } from '../claim.ts'
import type { RunContext } from '../run-context.ts'

/** What an attempt is about. */
export interface AttemptOptions {
  context: RunContext
  claim: Claim
  backend: Backend
  selection: Span
  /** Whether each of the changed objects is known to be writable. */
  vetted: boolean
}

/** One run of a script. */
export interface AttemptRun {
  runId: string
  logId: number
  db: Queryable
  writer: LogWriter
  /** Operations whose changes are in it. */
  running: number
}
