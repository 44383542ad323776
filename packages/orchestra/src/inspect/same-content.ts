import { isDeepStrictEqual } from 'node:util'
import { fromSnapshot, toSnapshot } from '../collector/index.ts'
import type { Seal } from '../store/keyring.ts'

/**
 * Whether a snapshot is that of this object. A secret is never encrypted to the same text twice, so what it holds is compared.
 * @throws OrchestraError ORC_KEY_WRONG
 */
export function sameContent(snapshot: unknown, object: unknown, seal: Seal): boolean {
  return isDeepStrictEqual(toSnapshot(fromSnapshot(snapshot, seal), open), stored(toSnapshot(object, open)))
}

const open: Seal = { encrypt: (text) => text, decrypt: (text) => text }

/** As it comes back from the store. */
function stored(snapshot: unknown): unknown {
  return JSON.parse(JSON.stringify(snapshot))
}
