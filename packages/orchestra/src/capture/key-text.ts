import type { FoundColumn } from './catalog.ts'
import { quoteIdentifier } from './table-name.ts'

/**
 * A key's column as text. A cast may be a function of whoever owns the column's type, and would run with the rights of whoever
 * asks; only superusers make the functions that write a value out. Types of `pg_catalog` have the casts that Postgres brings.
 * @param row the row's name in the statement
 */
export function keyText(
  row: string,
  name: string,
  column: Pick<FoundColumn, 'isBuiltIn'> | undefined,
): string {
  const value = `${row}.${quoteIdentifier(name)}`
  if (column?.isBuiltIn !== false) return `${value}::text`
  return `case when ${value} is not null then pg_catalog.concat(${value}) end`
}

/** Postgres' own hash functions of 64 bits, for the types that most keys have. */
const HASHES: Readonly<Record<string, string>> = {
  int2: 'hashint2extended',
  int4: 'hashint4extended',
  int8: 'hashint8extended',
  uuid: 'uuid_hash_extended',
  text: 'hashtextextended',
}

/** 64 bits of a key, for sums that tell whether the same keys are in two sets of rows. */
export function keyHash(
  row: string,
  names: readonly string[],
  columns: Readonly<Record<string, FoundColumn>>,
): string {
  const [only] = names
  if (only !== undefined && names.length === 1) {
    const hash = HASHES[columns[only]?.type ?? '']
    if (hash !== undefined) return `pg_catalog.${hash}(${row}.${quoteIdentifier(only)}, 0)`
  }
  const texts = names.map((name) => keyText(row, name, columns[name]))
  return `pg_catalog.hash_array_extended(array[${texts.join(', ')}], 0)`
}
