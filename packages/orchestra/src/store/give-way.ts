import type { Connection } from './queryable.ts'
import { hasCode } from './sqlstate.ts'
import type { Store } from './store.ts'

const DEADLOCK = '40P01'
/** Who meets others crosswise so often meets them by a fault. */
const ATTEMPTS = 5

/**
 * A transaction that writes what others bring in while it works: it has locked all that there was, and what came since it may meet in
 * another order. Then it gives way, and begins anew. `work` does nothing but in the database.
 */
export async function givingWay<Result>(
  store: Store,
  work: (tx: Connection) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.transaction(work)
    } catch (error) {
      if (attempt === ATTEMPTS || !hasCode(error, [DEADLOCK])) throw error
    }
  }
}
