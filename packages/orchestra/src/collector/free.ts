import { formatObject } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import type { Change } from '../source/index.ts'

/** A change in the order in which it was made. */
export type Numbered = Pick<Change, 'model' | 'keys'> & { id: number }

/** What a change is about, in names of tickets. Of one that names no object, the change itself. */
export function namesOf({ id, model, keys }: Numbered): string[] {
  return keys.length === 0 ? [`change ${id}`] : keys.map((key) => objectName(model, key))
}

/** Of what is no key too: whoever looks at it finds that out, one at a time. */
export function objectName(model: string, key: Key): string {
  try {
    return formatObject(model, key)
  } catch {
    return `${model}:${JSON.stringify(key)}`
  }
}

/**
 * Changes of which nobody else decides any object just now, oldest first. A change that has to wait lets none of its objects' later
 * changes go first: what was given last would be written first, and a change of many objects would wait for a moment in which nobody
 * has any of them. Pure.
 * @param isHeld whether somebody else decides about what has this name
 */
export function freeChanges<Some extends Numbered>(
  changes: readonly Some[],
  isHeld: (name: string) => boolean,
): Some[] {
  const waiting = new Set<string>()
  return changes.filter((change) => {
    const names = namesOf(change)
    if (!names.some((name) => isHeld(name) || waiting.has(name))) return true
    for (const name of names) waiting.add(name)
    return false
  })
}
