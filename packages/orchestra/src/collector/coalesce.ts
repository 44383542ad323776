import { formatObject } from '../config/key.ts'
import type { Key } from '../config/model.ts'

/** One committed change as the store holds it: the objects that an action concerns. */
export interface Change {
  unitId: string
  model: string
  action: string
  keys: readonly Key[]
  /** The object itself, for what no table holds. */
  payload: unknown
}

/** What is to be done about one object, whoever changed it how often. */
export interface Wanted {
  model: string
  key: Key
  /** `save` stands for "look at its present state": a row that is gone makes it a delete. The newest of the two wins. */
  action: string
  payload: unknown
  /** Units that asked for it, in the order of their first change. */
  unitIds: readonly string[]
}

/**
 * Merges changes, oldest first: any number of saves and deletes of an object are one wish, an action asked for twice is done
 * once, and the newest payload wins.
 */
export function coalesce(changes: readonly Change[]): Wanted[] {
  const wanted = new Map<string, Wanted & { unitIds: string[] }>()
  for (const change of changes) {
    const { action } = change
    for (const key of change.keys) {
      const name = `${action === 'delete' ? 'save' : action} ${formatObject(change.model, key)}`
      const known = wanted.get(name)
      if (known === undefined) {
        wanted.set(name, {
          model: change.model,
          key,
          action,
          payload: change.payload,
          unitIds: [change.unitId],
        })
        continue
      }
      known.action = action
      known.payload = change.payload
      if (!known.unitIds.includes(change.unitId)) known.unitIds.push(change.unitId)
    }
  }
  return [...wanted.values()]
}
