import type { Bell } from '../store/bell.ts'
import type { Queryable } from '../store/index.ts'
import { isSettled, type SyncStatus, syncStatus } from './status.ts'

/** Waits until nothing of a synchronization goes on by itself. It goes on in the workers when `signal` ends the waiting. */
export async function syncEnded(
  db: Queryable,
  bell: Bell,
  id: number,
  signal?: AbortSignal,
): Promise<SyncStatus> {
  for (;;) {
    signal?.throwIfAborted()
    const rung = bell.wait()
    const status = await syncStatus(db, id)
    if (isSettled(status)) return status
    await rung
  }
}
