import type { AnswerOf } from 'orchestrajs/client'
import type { State } from '../../parts/state-mark.tsx'

type LogState = AnswerOf<'GET /logs'>['items'][number]['state']

/** How a log is shown. */
export const stateOfLog: Readonly<Record<LogState, State>> = {
  RECEIVED: 'waiting',
  STARTED: 'running',
  SUCCESS: 'ok',
  FAILURE: 'failing',
  ERROR: 'failing',
  TIMEOUT: 'failing',
  ABORTED: 'failing',
  REVOKED: 'none',
  NOTHING: 'none',
}
