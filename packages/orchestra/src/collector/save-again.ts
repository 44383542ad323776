import type { Key } from '../config/model.ts'
import { changesIn } from '../source/index.ts'
import type { Queryable } from '../store/index.ts'

/** Where objects are saved again, and on whose behalf. */
export interface SavedAgain {
  backend: string
  serverId: number
  unitId: string
  actor: string | null
  source: string
}

/**
 * Has objects saved once more by one backend on one server: the collector loads each one's present row, so that what is written is
 * never older than what was.
 */
export async function saveAgain(
  db: Queryable,
  { backend, serverId, ...asker }: SavedAgain,
  model: string,
  keys: readonly Key[],
): Promise<void> {
  await changesIn(db).ask([{ ...asker, model, action: 'save', keys, scope: { backend, serverId } }])
}
