import { keyHash } from './key-text.ts'
import { type Captured, differs, hasKey, imagesOf, keyOf, ROW } from './row-images.ts'

/**
 * Updates of more rows than this are judged by their first ones. Pairing every row with what it was took a third of the time that
 * the update itself took.
 */
export const SAMPLE = 1000

/** What it means for its object that a row is gone, or belongs to another. */
export function goneAction({ watch }: Captured): 'delete' | 'save' {
  return watch.role === 'object' ? 'delete' : 'save'
}

export function writtenRows(captured: Captured): string {
  const distinct = captured.watch.role === 'related' ? 'distinct ' : ''
  return `select ${distinct}${keyOf(captured)} as key from new_rows ${ROW} where ${hasKey(captured)}`
}

export function removedRows(captured: Captured): string {
  const distinct = captured.watch.role === 'related' ? 'distinct ' : ''
  return `select ${distinct}${keyOf(captured)} as key from old_rows ${ROW} where ${hasKey(captured)}`
}

/** Keys before and after of every row whose image is another than it was. */
export function updatedRows(captured: Captured): string {
  return `with pair as materialized (
        select n.key as key_after, o.key as key_before from ${pairs(captured)}
        where n.position is null or o.position is null or ${differs(captured)}
      )
      select key, case when bool_or(written) then 'save' else '${goneAction(captured)}' end as action
      from (select key_after as key, true as written from pair union all select key_before, false from pair) changed
      where key is not null and array_position(key, null) is null
      group by key`
}

/**
 * Whether the rows may be taken for changed without looking at each: of the first ones every row is, and no key is another than it
 * was. It errs towards work that turns out to be none.
 */
export function allChanged(captured: Captured): string {
  const { watch, columns } = captured
  const sum = (rows: string) => `(select sum(${keyHash(ROW, watch.columns, columns)}) from ${rows} ${ROW})`
  return `not exists (select from ${pairs(captured, `limit ${SAMPLE}`)} where not (${differs(captured)}))
          and ${sum('new_rows')} is not distinct from ${sum('old_rows')}`
}

/**
 * Every row beside what it was: Postgres notes both at once, so they have the same position. Pairs need no unique key, and compare
 * images because a column's type may have no equality. A row that moved to another partition, where a trigger of the application
 * refused it, is among the old ones alone; those behind it are paired with each other's and count as changed.
 */
function pairs(captured: Captured, limit = ''): string {
  const side = (rows: string) => imagesOf(captured, rows, 'row_number() over () as position, ', limit)
  return `${side('new_rows')} n full join ${side('old_rows')} o using (position)`
}
