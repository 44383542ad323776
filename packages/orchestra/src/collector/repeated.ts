import { formatKey, formatObject } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import type { Change } from '../source/index.ts'
import { storable } from '../store/index.ts'
import type { RetriedObject } from './changes.ts'
import type { Seen } from './collected.ts'
import type { Decision } from './decision.ts'

/**
 * What is done about objects that failed before. A try is for what failed: other backends are not asked again, and while it fails for
 * the same reasons, nothing that was decided beside it then is done again. Where somebody has cancelled all that failed, nothing is done.
 * Pure.
 * @param still those of the failures that nobody has cancelled meanwhile
 * @param cancelled decisions to do only what somebody has cancelled beside them
 */
export function aboutFailures(
  decisions: readonly Decision[],
  failures: readonly RetriedObject[],
  changes: readonly Change[],
  still: readonly RetriedObject[],
  cancelled: ReadonlySet<Decision>,
): Decision[] {
  if (failures.length === 0) return [...decisions]
  const changed = new Set(
    changes.flatMap(({ model, action, keys }) => keys.map((key) => nameOf(model, key, action))),
  )
  const retried = Map.groupBy(failures, ({ model, key, action }) => nameOf(model, key, action))
  const open = new Set(still)
  const all = Map.groupBy(decisions, ({ model, key, action }) => nameOf(model, key, action))
  return [...all].flatMap(([name, own]) => {
    const before = retried.get(name)
    if (before === undefined || changed.has(name)) return own
    return tried(
      own.filter((one) => !cancelled.has(one)),
      before.filter((failure) => open.has(failure)),
    )
  })
}

function tried(decisions: readonly Decision[], before: readonly RetriedObject[]): readonly Decision[] {
  if (before.some(({ backend }) => backend === null)) return decisions
  return [...Map.groupBy(before, ({ backend }) => backend)].flatMap(([backend, failed]) => {
    const own = decisions.filter((one) => one.backend === backend)
    const reasons = new Set(own.map(({ fate }) => (fate.kind === 'failed' ? storable(fate.reason) : null)))
    const isSame = failed.every(({ error }) => error !== null && reasons.has(error))
    return isSame ? own.filter(({ fate }) => fate.kind === 'failed') : own
  })
}

/** What a look at objects that failed before has seen of them: their backends that failed. */
export function seenAgain(failures: readonly RetriedObject[]): Seen[] {
  const seen = failures.map(({ model, key, action, backend }): Seen => {
    return { model, object_key: formatKey(key), action: action === 'delete' ? 'save' : action, backend }
  })
  return [...new Map(seen.map((one) => [JSON.stringify(one), one])).values()]
}

function nameOf(model: string, key: Key, action: string): string {
  return `${action === 'delete' ? 'save' : action} ${formatObject(model, key)}`
}
