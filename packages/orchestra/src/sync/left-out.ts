import type { Model } from '../config/model.ts'
import type { Selection } from '../request/selection.ts'
import { type Rows, type Unreadable, unreadableText } from '../source/index.ts'
import type { Queryable } from '../store/index.ts'

/** A model whose objects cannot be compared, because its rows cannot be read. */
export interface LeftOut {
  model: Model
  why: Unreadable
  /** How many of its objects were placed. */
  objects: number
}

/**
 * The selection without the models whose rows cannot be read, and those. A table that is not there yet is none of them while nothing
 * of its model was placed: an application often creates its tables later.
 */
export async function withoutUnreadable(
  selection: Selection,
  { source, db }: { source: Rows; db: Queryable },
): Promise<{ selection: Selection; leftOut: LeftOut[] }> {
  const unreadable = await source.unreadable(selection.models)
  if (unreadable.size === 0) return { selection, leftOut: [] }
  const placed = await countPlaced(db, selection)
  const all = [...unreadable].map(([model, why]) => ({ model, why, objects: placed.get(model.name) ?? 0 }))
  return {
    selection: { ...selection, models: selection.models.filter((model) => !unreadable.has(model)) },
    leftOut: all.filter(({ why, objects }) => why === 'hidden' || objects > 0),
  }
}

async function countPlaced(
  db: Queryable,
  { serverId, backend, models }: Selection,
): Promise<Map<string, number>> {
  const rows = await db.query<{ model: string; objects: number }>(
    `select model, count(distinct key_hash) as objects from orchestra.placement
     where ($1::int is null or server_id = $1) and ($2::text is null or backend = $2) and model = any($3::text[])
     group by model`,
    [serverId, backend, models.map((model) => model.name)],
  )
  return new Map(rows.map(({ model, objects }) => [model, objects]))
}

export function leftOutText({ model, why, objects }: LeftOut): string {
  return unreadableText(model, why, objects)
}
