import { keyText, quoteIdentifier } from '../../capture/index.ts'
import type { Key, Model } from '../../config/model.ts'
import type { Database } from './reader.ts'
import { isNoSuchValue } from './rows.ts'
import { type FoundTable, findTable, type KeyColumn } from './table.ts'

/**
 * The next keys of a model's table, in the order of its key's own types, which its index has. Begins anew after a key that is none
 * any more, because its type has changed.
 */
export async function rowKeys(
  database: Database,
  model: Model,
  after: Key | null,
  size: number,
): Promise<Key[]> {
  try {
    return await database.read(async (reader) => {
      const rows = await reader.query<{ key: string[] }>(
        selectKeys(await findTable(model, reader), after !== null, size),
        after ?? [],
      )
      return rows.map((row) => row.key)
    }, 'keys')
  } catch (error) {
    if (after === null || !isNoSuchValue(error)) throw error
    return rowKeys(database, model, null, size)
  }
}

/** About how many rows a model's table has. */
export async function countRows(database: Database, model: Model): Promise<number> {
  const [row] = await database.read(async (reader) => {
    const { name } = await findTable(model, reader)
    return reader.query<{ count: number }>(`select count(*) as count from ${name}`)
  })
  return row?.count ?? 0
}

export function selectKeys(table: FoundTable, isContinued: boolean, size: number): string {
  const columns = table.key.map(({ name }) => `row.${quoteIdentifier(name)}`)
  const texts = table.key.map((column) => keyText('row', column.name, column))
  const conditions = columns.map((column) => `${column} is not null`)
  if (isContinued) conditions.push(isAfter(table.key))
  return `select array[${texts.join(', ')}] as key from ${table.name} as row
    where ${conditions.join(' and ')} order by ${table.key.map(ordered).join(', ')} limit ${size}`
}

/** What a key column is ordered by. */
function ordered(column: KeyColumn): string {
  const text = () => `(${keyText('row', column.name, column)}) collate pg_catalog."C"`
  return column.operators === null ? text() : `row.${quoteIdentifier(column.name)}`
}

function isAfter(key: readonly KeyColumn[]): string {
  const schemas = new Set(key.map(operatorsOf))
  const [schema] = schemas
  // A comparison of whole rows uses the index, and can name one schema of operators.
  if (schemas.size === 1 && schema !== undefined)
    return `(${key.map(ordered).join(', ')}) operator(${quoteIdentifier(schema)}.>) (${key.map(given).join(', ')})`
  const alternatives = key.map((column, index) => {
    const same = key.slice(0, index).map((one, before) => compared(one, '=', before))
    return [...same, compared(column, '>', index)].join(' and ')
  })
  return `(${alternatives.join(' or ')})`
}

function compared(column: KeyColumn, operator: '=' | '>', index: number): string {
  return `${ordered(column)} operator(${quoteIdentifier(operatorsOf(column))}.${operator}) ${given(column, index)}`
}

function operatorsOf({ operators }: KeyColumn): string {
  return operators ?? 'pg_catalog'
}

function given({ operators, type }: KeyColumn, index: number): string {
  return `$${index + 1}::${operators === null ? 'pg_catalog.text' : type}`
}
