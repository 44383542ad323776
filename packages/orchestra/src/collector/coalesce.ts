import { formatObject } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import type { Change, Scope } from '../source/index.ts'

/** What is to be done about one object, whoever changed it how often. */
export interface Wanted {
  model: string
  key: Key
  /** `save` stands for "look at its present state": a row that is gone makes it a delete. The newest of the two wins. */
  action: string
  payload: unknown
  /** Units that asked for it, in the order of their first change. */
  unitIds: readonly string[]
  scope: Scope | null
}

type Growing = Wanted & { unitIds: string[] }

/**
 * Merges changes, oldest first: any number of saves and deletes of an object are one wish, an action asked for twice is done
 * once, and the newest payload wins. Who wants an object everywhere wants it in each of its places.
 */
export function coalesce(changes: readonly Change[]): Wanted[] {
  const wanted = new Map<string, Growing>()
  for (const change of changes) {
    for (const key of change.keys) {
      const name = nameOf(change, key)
      const known = wanted.get(name)
      if (known === undefined) wanted.set(name, newWanted(change, key))
      else merge(known, change)
    }
  }
  return withoutSwallowed(wanted)
}

function newWanted({ model, action, payload, unitId, scope }: Change, key: Key): Growing {
  return { model, key, action, payload, unitIds: [unitId], scope }
}

function merge(known: Growing, { action, payload, unitId }: Change): void {
  known.action = action
  known.payload = payload
  if (!known.unitIds.includes(unitId)) known.unitIds.push(unitId)
}

function withoutSwallowed(wanted: ReadonlyMap<string, Growing>): Wanted[] {
  return [...wanted.values()].filter((one) => {
    if (one.scope === null) return true
    const everywhere = wanted.get(nameOf({ ...one, scope: null }, one.key))
    if (everywhere === undefined) return true
    for (const unitId of one.unitIds)
      if (!everywhere.unitIds.includes(unitId)) everywhere.unitIds.push(unitId)
    return false
  })
}

function nameOf({ model, action, scope }: Pick<Change, 'model' | 'action' | 'scope'>, key: Key): string {
  const place = scope === null ? '' : ` ${scope.backend} ${scope.serverId}`
  return `${action === 'delete' ? 'save' : action} ${formatObject(model, key)}${place}`
}
