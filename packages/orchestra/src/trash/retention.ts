import { listServers, type ServerRow } from '../server/index.ts'
import type { Store } from '../store/index.ts'
import type { TrashContext } from './contact.ts'
import { emptyTrash } from './trash.ts'

/** How many servers are asked at once. */
const SIDE_BY_SIDE = 8

export interface RetentionContext extends TrashContext {
  store: Store
}

/**
 * Removes from all servers what has been in their trash for longer than `retention.trashDays`. Held servers are left alone, and all of
 * them while everything is paused; what was begun on one is finished.
 */
export async function emptyOldTrash(context: RetentionContext): Promise<void> {
  const servers = (await listServers(context.store)).filter(({ method }) => method !== 'function')
  const olderThan = Math.round(context.config.retention.trashDays * 86_400)
  const workers = Array.from({ length: SIDE_BY_SIDE }, async () => {
    for (let server = servers.pop(); server !== undefined; server = servers.pop()) {
      // Asked of each server when its turn comes: thousands of them take their time.
      if (await mayWork(context.store, server))
        await emptyTrash(context, server, olderThan).catch((error) => context.onError?.(error))
    }
  })
  await Promise.all(workers)
}

async function mayWork(store: Store, { id }: ServerRow): Promise<boolean> {
  const rows = await store.query(
    `select from orchestra.server where id = $1 and held_at is null and removed_at is null
       and not exists (select from orchestra.setting where name = 'paused')`,
    [id],
  )
  return rows.length > 0
}
