import type { Store } from '../store/index.ts'
import { rowsByKey } from './reseal.ts'
import { rotationTo } from './rotate.ts'
import { type WorkerKeys, workerKeys } from './workers.ts'

export interface KeyStatus {
  /** Where keys come from: a path, or `ORCHESTRA_KEY`. */
  source: string
  keys: { id: string; state: KeyState; rows: number }[]
  /** The key that a rotation goes to which was not finished. */
  rotationTo: string | null
  workers: WorkerKeys[]
}

export type KeyState =
  /** What is written now is encrypted with it. */
  | 'encrypts'
  /** Something is still encrypted with it. */
  | 'decrypts'
  /** Nothing needs it, unless a backup does. */
  | 'unused'
  /** Rows need it, and it is not here. */
  | 'missing'

/** Which keys there are, and what needs them. Reads everything that is encrypted. */
export async function keyStatus(store: Store): Promise<KeyStatus> {
  store.keyring.reread()
  const { ids, source } = store.keyring
  const [rows, goal, workers] = await Promise.all([rowsByKey(store), rotationTo(store), workerKeys(store)])
  const all = [...ids, ...[...rows.keys()].filter((id) => !ids.includes(id))]
  return {
    source: source?.name ?? 'the program',
    keys: all.map((id) => ({ id, state: stateOf(id, ids, rows), rows: rows.get(id) ?? 0 })),
    rotationTo: goal ?? null,
    workers,
  }
}

function stateOf(id: string, ids: readonly string[], rows: ReadonlyMap<string, number>): KeyState {
  if (id === ids[0]) return 'encrypts'
  if (!ids.includes(id)) return 'missing'
  return rows.has(id) ? 'decrypts' : 'unused'
}
