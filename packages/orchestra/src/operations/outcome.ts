/** Every way an operation can end. */
export const outcomes = [
  'success',
  'failure',
  'timeout',
  'unreachable',
  'unknown',
  'revoked',
  'aborted',
  'nothing',
] as const

export type Outcome = (typeof outcomes)[number]
