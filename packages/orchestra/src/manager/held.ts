import { lockOpenOperations } from '../places/index.ts'
import type { Store } from '../store/index.ts'

/**
 * Routes have changed: what waited for a disabled one is looked at again, as what failed is. No change says so: one that is on its way
 * would do again what somebody cancels meanwhile.
 */
export async function lookAgainAtHeld(store: Store): Promise<void> {
  await store.transaction(async (tx) => {
    const held = await lockOpenOperations(tx, 'o.held', [])
    if (held.length === 0) return
    await tx.query(
      `update orchestra.operation set look_again = true where id = any($1::bigint[]) and state = 'waiting' and held`,
      [held],
    )
    await tx.query(`select pg_notify('orchestra_change', '')`)
  })
}
