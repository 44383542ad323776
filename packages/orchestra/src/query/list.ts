import type { Narrowing, Parameter, Queryable, RowKind } from '../store/index.ts'
import type { Condition } from './filter.ts'

/** What a list is narrowed by besides its own filters: what a query says, and what whoever asks may see. */
export interface Narrowed {
  /** All of them have to hold. */
  where?: readonly Condition[] | undefined
  /** Those alone that somebody may see; left out for all. */
  visible?: Narrowing | undefined
}

/** The rows that somebody may see, of what the query calls `alias`. */
export function seenRows({ visible }: Narrowed, kind: RowKind, alias: string): Condition {
  return (parameter) => visible?.(kind, alias, parameter) ?? 'true'
}

/** How many there are. */
export interface Counted {
  count: number
  /** Whether that is all, or so many and more. */
  countIsExact: boolean
}

/** More than that are not counted: nobody reads them one by one, and counting would take longer than the list itself. */
export const MOST_COUNTED = 1_000

/** Asks with parameters that conditions make. */
export async function queryWith<Row>(
  db: Queryable,
  write: (parameter: Parameter, all: (conditions: readonly Condition[]) => string) => string,
): Promise<Row[]> {
  const values: unknown[] = []
  const parameter: Parameter = (value) => `$${values.push(value)}`
  const all = (conditions: readonly Condition[]) =>
    ['true', ...conditions.map((condition) => condition(parameter))].join(' and ')
  const text = write(parameter, all)
  return db.query<Row>(text, values)
}

/**
 * Counts the rows of `from` that fit.
 * @param before what stands before the query
 */
export async function countRows(
  db: Queryable,
  from: string,
  conditions: readonly Condition[],
  before: Condition = () => '',
): Promise<Counted> {
  const [row] = await queryWith<{ count: number }>(
    db,
    (parameter, all) =>
      `${before(parameter)} select count(*) as count from (select from ${from} where ${all(conditions)} limit ${MOST_COUNTED + 1}) as counted`,
  )
  const count = row?.count ?? 0
  return { count: Math.min(count, MOST_COUNTED), countIsExact: count <= MOST_COUNTED }
}
