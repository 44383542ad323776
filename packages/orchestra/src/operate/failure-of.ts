import { isOrchestraError, messageOf } from '../errors.ts'
import { PlanStale } from '../plan/index.ts'
import type { RequestFailure } from '../requests/index.ts'
import { NotAgreed } from './agreement.ts'

/** What nobody expected may hold anything. */
export function failureOf(error: unknown): RequestFailure {
  if (!isOrchestraError(error))
    return { code: 'ORC_INTERNAL', message: 'Something went wrong inside of Orchestra', hint: null }
  const refused = error instanceof NotAgreed ? { refused: true as const } : {}
  const moved = error instanceof PlanStale ? { moved: error.moved } : {}
  return { code: error.code, message: messageOf(error), hint: error.hint ?? null, ...refused, ...moved }
}
