import { type ErrorCode, isOrchestraError } from '../errors.ts'

const codes: readonly ErrorCode[] = [
  'ORC_STORE_UNREACHABLE',
  'ORC_STORE_BUSY',
  'ORC_STORE_READONLY',
  'ORC_STORE_LOGIN',
  'ORC_STORE_DENIED',
]

/** Whether the database is to blame, and not what was asked of it: tried again it may well succeed. */
export function isStoreFailure(error: unknown): boolean {
  return isOrchestraError(error) && codes.includes(error.code)
}
