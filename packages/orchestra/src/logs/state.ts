import type { Outcome } from '../operations/outcome.ts'

/** The states of a ScriptLog: the first two while it is open, the others once it has ended. */
export const logStates = [
  'RECEIVED',
  'STARTED',
  'SUCCESS',
  'FAILURE',
  'ERROR',
  'TIMEOUT',
  'ABORTED',
  'REVOKED',
  'NOTHING',
] as const

export type LogState = (typeof logStates)[number]
export type EndState = Exclude<LogState, 'RECEIVED' | 'STARTED'>

/** ERROR: the script did not get there, or Orchestra lost sight of it; what the script itself reports is a FAILURE. */
const stateOfOutcome: Readonly<Record<Outcome, EndState>> = {
  success: 'SUCCESS',
  failure: 'FAILURE',
  timeout: 'TIMEOUT',
  unreachable: 'ERROR',
  unknown: 'ERROR',
  revoked: 'REVOKED',
  aborted: 'ABORTED',
  nothing: 'NOTHING',
}

const worstFirst: readonly EndState[] = [
  'ERROR',
  'TIMEOUT',
  'ABORTED',
  'FAILURE',
  'REVOKED',
  'SUCCESS',
  'NOTHING',
]

/** States that retention keeps longer, because somebody will ask what happened. */
export const failureStates: readonly EndState[] = ['FAILURE', 'ERROR', 'TIMEOUT', 'ABORTED']

export function stateOf(outcome: Outcome): EndState {
  return stateOfOutcome[outcome]
}

/** The state of a whole script: the worst that happened to one of its operations. */
export function scriptState(outcomes: Iterable<Outcome>): EndState {
  const seen = new Set<EndState>()
  for (const outcome of outcomes) seen.add(stateOfOutcome[outcome])
  return worstFirst.find((state) => seen.has(state)) ?? 'NOTHING'
}
