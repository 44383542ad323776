import type { Connection, Texts } from '../../store/index.ts'
import type { ValueTypes } from './types.ts'

/** Rows with exact values. */
export interface Values {
  rows: Record<string, unknown>[]
  /** Columns that hold numbers of any size. */
  numbers: ReadonlySet<string>
}

/** Makes values of texts, by the types of their columns. */
export async function readValues(
  { columns, rows }: Texts,
  types: ValueTypes,
  db: Pick<Connection, 'texts'>,
): Promise<Values> {
  const found = await types.of(
    columns.map((column) => column.type),
    db,
  )
  const readers = columns.map(({ name }, index) => ({ name, parse: found[index]?.parse ?? String }))
  return {
    rows: rows.map((row) =>
      Object.fromEntries(readers.map(({ name, parse }, index) => [name, parsed(row[index], parse)])),
    ),
    numbers: new Set(columns.filter((_, index) => found[index]?.holdsNumbers).map(({ name }) => name)),
  }
}

function parsed(text: string | null | undefined, parse: (text: string) => unknown): unknown {
  return text === null || text === undefined ? null : parse(text)
}
