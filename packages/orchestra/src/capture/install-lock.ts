import { isOrchestraError, messageOf, OrchestraError } from '../errors.ts'
import { hasCode, isPassing, type Queryable, type Store, TURNS, withShortLocks } from '../store/index.ts'

/** What Postgres says of a right that is missing, and what the store makes of it. */
const DENIED = ['42501', 'ORC_STORE_DENIED']

/**
 * Changes triggers in a transaction of its own, one installer at a time.
 * @param patience milliseconds to go on trying while others have the table locked
 * @throws OrchestraError ORC_CAPTURE_LOCKED, ORC_CAPTURE_DENIED
 */
export async function installing<Result>(
  store: Store,
  patience: number,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> {
  try {
    return await withShortLocks(store, { exclusion: TURNS.capture, patience }, work)
  } catch (error) {
    throw refusalOf(error)
  }
}

export function isDenied(error: unknown): boolean {
  return hasCode(error, DENIED)
}

function refusalOf(error: unknown): unknown {
  if (isPassing(error)) {
    return new OrchestraError('ORC_CAPTURE_LOCKED', `Triggers cannot be installed: ${messageOf(error)}`, {
      hint: 'A long transaction has the table open (see pg_stat_activity); end it and try again',
      cause: error,
    })
  }
  if (isDenied(error)) {
    const known = isOrchestraError(error) ? error.hint : undefined
    return new OrchestraError('ORC_CAPTURE_DENIED', `Triggers cannot be installed: ${messageOf(error)}`, {
      hint: known ?? '`orchestra grants` prints what the owner of the watched tables has to grant',
      cause: error,
    })
  }
  return error
}
