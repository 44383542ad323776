import { keyText, quoteIdentifier } from '../../capture/index.ts'
import { formatKey } from '../../config/key.ts'
import type { Key, Model } from '../../config/model.ts'
import { codeOf } from '../../store/index.ts'
import type { FoundRows, Rows } from '../source.ts'
import { absenceIn } from './absence.ts'
import type { Database, Reader } from './reader.ts'
import { type FoundTable, findTable, type KeyColumn } from './table.ts'

/** Rows of a model's own table by their keys as text, with the index of the key. */
export function readRows(database: Database, model: Model, keys: readonly Key[]): Promise<FoundRows> {
  return readWith(database, model, keys, 'row.*')
}

/** Which of the keys have a row, and what it means for the others. */
export async function existingRows(
  database: Database,
  model: Model,
  keys: readonly Key[],
): ReturnType<Rows['existing']> {
  const { rows, absence } = await readWith(database, model, keys, 'true as present')
  return { existing: new Set(rows.keys()), absence }
}

/** How keys that are given are compared with a table's. */
type Comparison = 'typed' | 'as text'

async function readWith(
  database: Database,
  model: Model,
  keys: readonly Key[],
  columns: string,
): Promise<FoundRows> {
  const read = (comparison: Comparison) =>
    database.read(
      (reader) => readIn(reader, model, keys, columns, comparison),
      comparison === 'typed' ? 'rows' : 'keys',
    )
  try {
    return await read('typed')
  } catch (error) {
    if (!isNoSuchValue(error)) throw error
    // A key that the type cannot have is no row's, as when the type has changed since it was placed.
    return await read('as text')
  }
}

async function readIn(
  reader: Reader,
  model: Model,
  keys: readonly Key[],
  columns: string,
  comparison: Comparison,
): Promise<FoundRows> {
  const table = await findTable(model, reader)
  const text = selectByKey(table, columns, comparison)
  const found = await reader.values(
    text,
    table.key.map((_, index) => keys.map((key) => key[index])),
  )
  const rows = new Map(
    found.rows.map(({ [POSITION]: position, ...row }) => [formatKey(keys[Number(position) - 1] ?? []), row]),
  )
  const isComplete = keys.every((key) => rows.has(formatKey(key)))
  const absence = isComplete ? ({ kind: 'gone' } as const) : await absenceIn(table, model, reader)
  return { rows, numbers: found.numbers, absence }
}

const POSITION = 'orchestra position'

/** The position tells which key a row answers: its own text may be written differently. */
export function selectByKey(table: FoundTable, columns: string, comparison: Comparison): string {
  const parts = table.key.map((column, index) => partOf(column, index + 1, comparison))
  const names = table.key.map(({ name }) => quoteIdentifier(name)).join(', ')
  return `select ${columns}, wanted."${POSITION}"
    from unnest(${parts.map(({ given }) => given).join(', ')}) with ordinality as wanted(${names}, "${POSITION}")
    join ${table.name} as row on ${parts.map(({ condition }) => condition).join(' and ')}`
}

/** The type of the parameter is the type of the column, so that no cast runs, and without its length, which would cut keys off. */
function partOf(column: KeyColumn, position: number, comparison: Comparison) {
  const name = quoteIdentifier(column.name)
  const { operators, type } = column
  if (comparison === 'as text' || operators === null) {
    const text = keyText('row', column.name, column)
    return {
      given: `$${position}::pg_catalog.text[]`,
      condition: `${text} operator(pg_catalog.=) wanted.${name}`,
    }
  }
  return {
    given: `$${position}::${type}[]`,
    condition: `row.${name} operator(${quoteIdentifier(operators)}.=) wanted.${name}`,
  }
}

/** SQLSTATE class 22: a text is no value of a type. */
export function isNoSuchValue(error: unknown): boolean {
  return codeOf(error).startsWith('22')
}
