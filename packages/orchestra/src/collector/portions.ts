import { formatObject } from '../config/key.ts'
import { toExactJson } from '../source/index.ts'
import type { Collected, Seen } from './collected.ts'
import type { Decision } from './decision.ts'

/** Characters of operations that one statement takes. */
const BYTES_A_STATEMENT = 16 * 1024 * 1024

/** What is written together. */
interface Portion {
  decisions: readonly Decision[]
  /** What was looked at of the same objects; the last has the others. */
  seen: readonly Seen[]
}

/** A value of jsonb may have 256 MB in all, and what rows weigh is the application's. What is decided about one object stays together. */
export function* portionsOf(
  { decisions, seen }: Pick<Collected, 'decisions' | 'seen'>,
  bytes = BYTES_A_STATEMENT,
): Generator<Portion> {
  const unseen = new Map(Map.groupBy(seen, ({ model, object_key }) => `${model}:${object_key}`))
  let portion: Decision[] = []
  let size = 0
  let names = new Set<string>()
  for (const [name, own] of Map.groupBy(decisions, ({ model, key }) => formatObject(model, key))) {
    if (size > bytes) {
      yield { decisions: portion, seen: take(unseen, names) }
      portion = []
      size = 0
      names = new Set()
    }
    names.add(name)
    portion.push(...own)
    size += own.reduce((sum, decision) => sum + sizeOf(decision), 0)
  }
  yield { decisions: portion, seen: [...unseen.values()].flat() }
}

/** About as much as it weighs in the statement. */
function sizeOf({ object, snapshot, unitIds }: Decision): number {
  return 500 + 40 * unitIds.length + (toExactJson(object ?? snapshot)?.length ?? 0)
}

function take(unseen: Map<string, Seen[]>, names: ReadonlySet<string>): Seen[] {
  return [...names].flatMap((name) => {
    const seen = unseen.get(name) ?? []
    unseen.delete(name)
    return seen
  })
}
