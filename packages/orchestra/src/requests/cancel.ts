import { audit } from '../server/index.ts'
import type { Store } from '../store/index.ts'
import { unknownRequest } from './read.ts'

/**
 * Ends a request: one that waits at once, one that is at work as soon as its worker can. Answers whether there was anything to end.
 * @param askerKey whose it has to be; null for anybody's
 * @throws OrchestraError ORC_REQUEST_UNKNOWN
 */
export async function cancelRequest(
  store: Store,
  id: number,
  { askerKey, by }: { askerKey: string | null; by: string },
): Promise<boolean> {
  return store.transaction(async (tx) => {
    const [row] = await tx.query<{ open: boolean }>(
      `select ended_at is null as open from orchestra.request
       where id = $1 and ($2::text is null or asker_key = $2) for update`,
      [id, askerKey],
    )
    if (row === undefined) throw unknownRequest(id)
    if (row.open) {
      await tx.query(CANCEL, [id, by])
      await tx.query(`select pg_notify('orchestra_control', 'requests'), pg_notify('orchestra_settled', '')`)
    }
    await audit(tx, { by, action: 'request.cancel', target: `request ${id}`, detail: { wasOpen: row.open } })
    return row.open
  })
}

const CANCEL = `
update orchestra.request set cancelled_by = $2,
  state = case when state = 'waiting' then 'cancelled' else state end,
  ended_at = case when state = 'waiting' then now() end
where id = $1`
