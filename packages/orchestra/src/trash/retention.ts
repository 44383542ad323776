import { listServers } from '../server/index.ts'
import type { Store } from '../store/index.ts'
import type { TrashContext } from './contact.ts'
import { emptyTrash } from './trash.ts'

/** How many servers are asked at once. */
const SIDE_BY_SIDE = 8

export interface RetentionContext extends TrashContext {
  store: Store
}

/** Removes from all servers what has been in their trash for longer than `retention.trashDays`. Held servers are left alone. */
export async function emptyOldTrash(context: RetentionContext): Promise<void> {
  const servers = await listServers(context.store)
  const open = servers.filter((server) => server.held_at === null && server.method !== 'function')
  const olderThan = Math.round(context.config.retention.trashDays * 86_400)
  const workers = Array.from({ length: SIDE_BY_SIDE }, async () => {
    for (let server = open.pop(); server !== undefined; server = open.pop()) {
      await emptyTrash(context, server, olderThan).catch((error) => context.onError?.(error))
    }
  })
  await Promise.all(workers)
}
