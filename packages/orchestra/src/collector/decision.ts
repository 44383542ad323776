import type { Key } from '../config/model.ts'

/**
 * What an operation means for its place; a move is what becomes of the copy that is left behind. `replace`: what stands is of another
 * object, that had its key; it goes first.
 */
export type DecisionKind = 'create' | 'update' | 'replace' | 'rename' | 'move' | 'delete' | 'action'

/** An operation as the collector decides it: not yet an id, a time or a log. */
export interface Decision {
  kind: DecisionKind
  model: string
  key: Key
  action: string
  unitIds: readonly string[]
  /** Null where the object could not be loaded, or its routes not be told. */
  backend: string | null
  serverId: number | null
  /** What names the object on the server; null for operations that place nothing. */
  identity: string | null
  object: unknown
  /** The snapshot of a delete, as the placement holds it; of what failed, the object as it was given. */
  snapshot: unknown
  /** What becomes of the copy that a delete is about; null for all else. */
  leave: 'remove' | 'migrate' | 'keep' | null
  fate: Fate
  /** Whether what stands there is of another object, that had the key before; then nothing of that is kept. */
  standing: 'own' | 'former'
}

export type Fate =
  | { kind: 'waiting' }
  /** Only disabled routes lead there: waits until one is enabled. */
  | { kind: 'held' }
  /** Cannot be done now; the collector looks again later. */
  | { kind: 'failed'; reason: string }
  | { kind: 'nothing'; reason: string }
  /** The object belongs elsewhere, and this copy stays. */
  | { kind: 'kept'; reason: string }
