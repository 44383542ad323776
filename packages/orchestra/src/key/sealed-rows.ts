import { formatKey } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import type { Queryable } from '../store/index.ts'
import type { SealedColumn } from './sealed-columns.ts'

const PAGE = 500

/** A row whose snapshot holds secrets. */
export interface SealedRow {
  id: readonly unknown[]
  model: string
  objectKey: string
  value: unknown
}

/** All rows of a column that hold secrets, page by page. */
export async function* sealedRows(db: Queryable, column: SealedColumn): AsyncGenerator<SealedRow[]> {
  const names = column.id.map(({ name }) => name).join(', ')
  let after: readonly unknown[] | null = null
  for (;;) {
    const marks = column.id.map(({ type }, index) => `($1::jsonb ->> ${index})::${type}`).join(', ')
    const rows: { id: unknown[]; model: string; key: string | Key; value: unknown }[] = await db.query(
      `select jsonb_build_array(${names}) as id, model, ${column.objectKey} as key, ${column.column} as value
       from orchestra.${column.table}
       where ($1::jsonb is null or (${names}) > (${marks})) and ${column.column}::text like '%"$secret"%'
       order by ${names} limit ${PAGE}`,
      [after === null ? null : JSON.stringify(after)],
    )
    yield rows.map(({ id, model, key, value }) => ({ id, model, objectKey: keyText(key), value }))
    after = rows.at(-1)?.id ?? null
    if (rows.length < PAGE) return
  }
}

/** Changes carry the parts of a key, everything else its text. */
function keyText(key: string | Key): string {
  return typeof key === 'string' ? key : formatKey(key)
}

/**
 * Replaces values that are still what they were. What somebody else is writing right now is left to them: whoever waited here for it
 * while holding others would be in the way of those who lock them in another order. Answers how many were replaced.
 */
export async function replaceValues(
  db: Queryable,
  { table, column, id }: SealedColumn,
  rows: readonly { id: readonly unknown[]; before: unknown; after: unknown }[],
): Promise<number> {
  if (rows.length === 0) return 0
  const isNamed = (alias: string) =>
    id.map(({ name, type }, index) => `${alias}.${name} = (row.id ->> ${index})::${type}`).join(' and ')
  const columns = id.map(({ name }) => `t.${name}`).join(', ')
  const isSame = id.map(({ name }) => `t.${name} = mine.${name}`).join(' and ')
  const replaced = await db.query(
    `with mine as (
       select ${columns}, row.after from jsonb_to_recordset($1::jsonb) as row(id jsonb, before jsonb, after jsonb)
       join orchestra.${table} t on ${isNamed('t')} and t.${column} = row.before
       for no key update of t skip locked
     )
     update orchestra.${table} t set ${column} = mine.after from mine where ${isSame} returning 1`,
    [JSON.stringify(rows)],
  )
  return replaced.length
}
