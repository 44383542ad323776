import { randomUUID } from 'node:crypto'
import type { Config } from '../config/config.ts'
import { type PlaceRow, writePlaces } from '../places/index.ts'
import { changesIn } from '../source/index.ts'
import type { Queryable } from '../store/index.ts'
import { unbegin } from './unbegun.ts'

/** A place that is due; `bytes` of the object that its operation holds, null where the operation was not seen. */
export type DueRow = PlaceRow & { bytes: number | null }

/**
 * An operation is history, but the open one holds what is to stand in its place. Whoever deletes it by hand loses no work: the object is
 * looked at once more, and rests here until then.
 */
export async function withoutForsaken(
  tx: Queryable,
  rows: readonly DueRow[],
  config: Config,
): Promise<DueRow[]> {
  const seen = await seeLater(tx, rows)
  const forsaken = seen.filter(isUnseen).map((row) => ({ ...row, operation_id: null }))
  if (forsaken.length === 0) return seen
  const resting = await unbegin(tx, forsaken, config)
  await writePlaces(
    tx,
    resting.map(({ row }) => ({ row: { ...row, due: Number.POSITIVE_INFINITY } })),
  )
  await changesIn(tx).ask(
    [...Map.groupBy(forsaken, ({ model }) => model)].map(([model, places]) => ({
      ...{ unitId: randomUUID(), actor: null, source: 'lane' },
      ...{ model, action: 'save', keys: places.map(({ keys }) => keys) },
    })),
  )
  return seen.filter((row) => !isUnseen(row))
}

function isUnseen({ operation_id: operation, bytes }: DueRow): boolean {
  return operation !== null && bytes === null
}

/** Who waited for the lock of a place has it as it is now, and saw the operations as they were before. */
async function seeLater(tx: Queryable, rows: readonly DueRow[]): Promise<DueRow[]> {
  const unseen = rows.filter(isUnseen)
  if (unseen.length === 0) return [...rows]
  const found = await tx.query<{ id: number; bytes: number }>(
    `select id, coalesce(pg_column_size(snapshot), 0) as bytes from orchestra.operation where id = any($1::bigint[])`,
    [unseen.map(({ operation_id: operation }) => operation)],
  )
  const bytes = new Map(found.map((one) => [one.id, one.bytes]))
  return rows.map((row) =>
    isUnseen(row) ? { ...row, bytes: bytes.get(row.operation_id ?? 0) ?? null } : row,
  )
}
