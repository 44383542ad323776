import type { Backend } from '../config/backend.ts'
import type { Key } from '../config/model.ts'
import type { Wanted } from './coalesce.ts'
import type { Placed } from './placed.ts'

/** Where a backend's routes put an object. */
export interface Destinations {
  serverIds: readonly number[]
  heldServerIds: readonly number[]
  errors: readonly string[]
}

export interface World {
  backendsOf(model: string): readonly Backend[]
  /** @param name what to call the object in an error */
  route(backend: Backend, object: Record<string, unknown>, name: string): Destinations
  /** Answers for every wanted object. */
  placed(model: string, key: Key): readonly Placed[]
  /** Why what stands there may not be removed; null when it may. */
  protection(backend: Backend | undefined, placed: Placed, of: Pick<Wanted, 'model' | 'key'>): string | null
}
