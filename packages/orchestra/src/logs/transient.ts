import { isOrchestraError } from '../errors.ts'
import { codeOf } from '../store/index.ts'

/** SQLSTATE classes that pass: serialization, resources (a full disk too), a lock not available, a standby just promoted. */
const TRANSIENT = /^(40...|53...|55P03|25006)$/

/** The same, where the store has said what to do about it. */
const passing: readonly string[] = ['ORC_STORE_UNREACHABLE', 'ORC_STORE_BUSY', 'ORC_STORE_READONLY']

/** True for what waiting can cure. */
export function isTransient(error: unknown): boolean {
  if (isOrchestraError(error) && passing.includes(error.code)) return true
  return TRANSIENT.test(codeOf(error))
}
