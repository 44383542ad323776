/** Tables of which somebody may see some rows and not others. */
export const rowKinds = [
  'placement',
  'operation',
  'finding',
  'transfer',
  'log',
  'unit',
  'event',
  'sync',
] as const

export type RowKind = (typeof rowKinds)[number]

/** Which rows of a table somebody may see, as a condition: `alias` is what the query calls the table, `first` the number of its first parameter. */
export type Narrowing = (
  kind: RowKind,
  alias: string,
  first: number,
) => { sql: string; values: readonly unknown[] }

/** The condition, whose parameters are added to those of the query; without a narrowing it holds for all rows. */
export function narrowed(
  narrowing: Narrowing | undefined,
  kind: RowKind,
  alias: string,
  values: unknown[],
): string {
  if (narrowing === undefined) return 'true'
  const { sql, values: more } = narrowing(kind, alias, values.length + 1)
  values.push(...more)
  return sql
}
