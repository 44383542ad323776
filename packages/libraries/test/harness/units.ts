import { expect } from 'vitest'
import type { Store } from '../../../orchestra/src/store/index.ts'
import type { Made } from './requests.ts'

/** What is known of one unit: who, where from, and which objects it changed. */
interface SeenUnit {
  id: string
  actor: string | null
  source: string | null
  changes: string[]
}

/** Exactly one unit for each request that changed something, with its actor, its source and its objects; and no others. */
export function checkUnits(seen: readonly SeenUnit[], made: readonly Made[]): void {
  const expected = made.map(expectedUnit).filter(({ changes }) => changes.length > 0)
  expect(differing(seen.map(toLine), expected.map(toLine))).toEqual({ missing: [], unexpected: [] })
  expect(new Set(made.map(({ unit }) => unit)).size).toBe(made.length)
}

function expectedUnit({ call, user, unit, answer }: Made): SeenUnit {
  const source = `${call.method} ${call.path}`
  return { id: unit ?? 'none', actor: user, source, changes: call.changes(answer).sort() }
}

function toLine({ id, actor, source, changes }: SeenUnit): string {
  return `unit ${id} of ${actor} by ${source}: ${changes.join(', ')}`
}

/** The first of each: where one is wrong, most are. */
function differing(seen: readonly string[], expected: readonly string[]) {
  const missing = expected.filter((line) => !seen.includes(line)).slice(0, 5)
  const unexpected = seen.filter((line) => !expected.includes(line)).slice(0, 5)
  return { missing, unexpected }
}

/** The units whose changes nobody collected yet. A unit that names two actors or sources comes out as two. */
export function waitingUnits(store: Store): Promise<SeenUnit[]> {
  return store.query<SeenUnit>(
    `select unit_id as id, actor, source, ${changesOf('change.action', 'change.model', 'key ->> 0')}
     from orchestra.change, jsonb_array_elements(keys) as key group by unit_id, actor, source`,
  )
}

/** The units that were collected, with the objects of their operations. */
export function collectedUnits(store: Store): Promise<SeenUnit[]> {
  return store.query<SeenUnit>(
    `select unit.id, unit.actor, unit.source, ${changesOf('action', 'model', 'keys ->> 0')}
     from orchestra.unit join orchestra.operation on unit_id = unit.id group by unit.id`,
  )
}

/** A label is told by its name: its id is nobody's business but the table's. */
function changesOf(action: string, model: string, key: string): string {
  const name = `(select name from label where ${model} = 'label' and label.id::text = ${key})`
  const object = `coalesce(' ' || ${name}, ':' || (${key}))`
  return `array_agg(distinct ${action} || ' ' || ${model} || ${object}
    order by ${action} || ' ' || ${model} || ${object}) as changes`
}
