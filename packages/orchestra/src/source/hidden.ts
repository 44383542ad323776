import { OrchestraError } from '../errors.ts'

/** What to do about a table of which row policies may hide rows from Orchestra. */
export const hiddenHint =
  "Let Orchestra's role see all rows: ALTER ROLE ... BYPASSRLS, or let it own the table without FORCE ROW LEVEL SECURITY; a policy for the role does not help"

/** Postgres refuses a read that policies would filter. Told by where it says so: its words depend on the language. */
export function explainHidden(error: unknown): unknown {
  const isHidden = error instanceof Error && 'routine' in error && error.routine === 'check_enable_rls'
  if (!isHidden) return error
  return new OrchestraError(
    'ORC_ROWS_HIDDEN',
    `Row level security may hide rows from Orchestra, so nothing was read: ${error.message}`,
    { hint: hiddenHint, cause: error },
  )
}
