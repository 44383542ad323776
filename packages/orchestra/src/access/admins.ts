import { OrchestraError } from '../errors.ts'
import type { Queryable, Store } from '../store/index.ts'
import { ADMIN } from './permissions.ts'

/** Whoever may do everything, everywhere, by name; not by a group, which somebody else may empty. */
export const ADMINS = `
from orchestra.account a join orchestra.binding b on b.account_id = a.id
where a.disabled_at is null and b.role = '${ADMIN}' and coalesce(b.backends, b.servers, b.models, b.actions) is null`

/**
 * Does something that may take an admin away; one at a time, so that of two last ones not each goes for himself.
 * @throws OrchestraError ORC_LAST_ADMIN
 */
export function keepingAnAdmin<Result>(
  store: Store,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> {
  return store.transaction(async (tx) => {
    await tx.query('lock table orchestra.binding in share row exclusive mode')
    const before = await countAdmins(tx)
    const result = await work(tx)
    if (before > 0 && (await countAdmins(tx)) === 0) throw lastAdmin()
    return result
  })
}

export async function countAdmins(db: Queryable): Promise<number> {
  const [row] = await db.query<{ count: number }>(`select count(distinct a.id) as count ${ADMINS}`)
  return row?.count ?? 0
}

function lastAdmin(): OrchestraError {
  return new OrchestraError('ORC_LAST_ADMIN', 'Nobody would be left who may do everything', {
    hint: 'Make somebody else an admin first: orchestra binding add admin --user NAME',
  })
}
