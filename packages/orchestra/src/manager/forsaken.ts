import { randomUUID } from 'node:crypto'
import type { PlaceRow } from '../places/index.ts'
import { changesIn } from '../source/index.ts'
import type { Queryable } from '../store/index.ts'

/** A place that is due; `bytes` of the object that its operation holds, null where the operation is gone. */
export type DueRow = PlaceRow & { bytes: number | null }

/**
 * An operation is history, but the open one holds what is to stand in its place. Whoever deletes it by hand loses no work: the object is
 * looked at once more, and rests here until then.
 */
export async function withoutForsaken(tx: Queryable, rows: readonly DueRow[]): Promise<DueRow[]> {
  const forsaken = rows.filter(({ operation_id: operation, bytes }) => operation !== null && bytes === null)
  if (forsaken.length === 0) return [...rows]
  await tx.query(
    `update orchestra.placement p set operation_id = null, trying = null, due_at = 'infinity'
     from jsonb_to_recordset($1::jsonb) as f(model text, object_key text, backend text, server_id int)
     where p.key_hash = md5(f.object_key)::uuid and p.model = f.model and p.backend = f.backend and p.server_id = f.server_id`,
    [JSON.stringify(forsaken)],
  )
  await changesIn(tx).ask(
    [...Map.groupBy(forsaken, ({ model }) => model)].map(([model, places]) => ({
      ...{ unitId: randomUUID(), actor: null, source: 'lane' },
      ...{ model, action: 'save', keys: places.map(({ keys }) => keys) },
    })),
  )
  return rows.filter((row) => !forsaken.includes(row))
}
