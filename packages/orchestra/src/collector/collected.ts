import { formatKey } from '../config/key.ts'
import type { Change, StoredChange } from '../source/index.ts'
import type { Decision } from './decision.ts'

export interface UnitRow {
  id: string
  actor: string | null
  source: string | null
  createdAt: Date
  /** Everybody who was logged in where one of its changes was made. */
  logins: readonly string[]
  /** The span that what it leads to belongs to. */
  trace?: string | null
}

/** What one look of the collector leaves in the store. */
export interface Collected {
  changeIds: readonly number[]
  units: readonly UnitRow[]
  decisions: readonly Decision[]
  /** Tries so far of objects that failed before, by `model:key`. */
  attempts: ReadonlyMap<string, number>
  /** What was looked at: what failed of it before is over. */
  seen: readonly Seen[]
}

/** An object and what was wanted of it; `save` stands for `delete` too. */
export interface Seen {
  model: string
  object_key: string
  action: string
  /** The only backend of which it was; null for all, and '' for what was not of any yet. */
  backend: string | null
}

/** Who made changes, a row each unit. */
export function unitsOf(changes: readonly StoredChange[]): UnitRow[] {
  const units = new Map<string, UnitRow>()
  for (const { unitId: id, actor, source, login, trace = null, at } of changes) {
    const unit = units.get(id) ?? { id, actor, source, createdAt: at, logins: [], trace }
    const isNew = login !== null && !unit.logins.includes(login)
    units.set(id, isNew ? { ...unit, logins: [...unit.logins, login].sort() } : unit)
  }
  return [...units.values()]
}

export function seenObjects(changes: readonly Change[]): Seen[] {
  const seen = new Map<string, Seen>()
  for (const { model, keys, action: asked, scope } of changes) {
    // A look at one place says nothing of what failed elsewhere.
    if (scope !== null) continue
    const action = asked === 'delete' ? 'save' : asked
    for (const key of keys) {
      const name = formatKey(key)
      seen.set(`${action} ${model}:${name}`, { model, object_key: name, action, backend: null })
    }
  }
  return [...seen.values()]
}
