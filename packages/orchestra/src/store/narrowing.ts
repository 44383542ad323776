/** Tables of which somebody may see some rows and not others. */
export const rowKinds = [
  'server',
  'route',
  'protection',
  'placement',
  'operation',
  'finding',
  'transfer',
  'log',
  'unit',
  'event',
  'sync',
  'incident',
  'plan',
] as const

export type RowKind = (typeof rowKinds)[number]

/** Makes a parameter of a value: what stands for it in SQL. */
export type Parameter = (value: unknown) => string

/** Which rows of a table somebody may see, as a condition: `alias` is what the query calls the table. */
export type Narrowing = (kind: RowKind, alias: string, parameter: Parameter) => string

/** The condition, whose parameters are added to those of the query; without a narrowing it holds for all rows. */
export function narrowed(
  narrowing: Narrowing | undefined,
  kind: RowKind,
  alias: string,
  values: unknown[],
): string {
  return narrowing === undefined ? 'true' : narrowing(kind, alias, (value) => `$${values.push(value)}`)
}
