import { requestSync } from '../request/request.ts'
import type { Queryable } from '../store/index.ts'

/**
 * A server that remembers nothing, although Orchestra has placed things there, was installed anew or lost its disk: everything
 * that belongs there is put back by one synchronization.
 */
export async function rebuildWiped(db: Queryable, server: { id: number; name: string }): Promise<void> {
  const [row] = await db.query<{ placed: boolean }>(
    `select exists (select from orchestra.placement where server_id = $1 and applied_at is not null) as placed`,
    [server.id],
  )
  if (row?.placed === true)
    await requestSync(db, { mode: 'sync', server: server.name, actor: null, source: 'wiped' })
}
