import { quoteIdentifier, quoteTable } from '../capture/index.ts'
import { formatKey } from '../config/key.ts'
import type { Key, LoaderContext, Model } from '../config/model.ts'
import { OrchestraError } from '../errors.ts'

/** Reads rows of a model's own table by their keys as text, with the index of the key. */
export interface TableReader {
  rows(keys: readonly Key[]): Promise<Map<string, Record<string, unknown>>>
  existing(keys: readonly Key[]): Promise<Set<string>>
}

const POSITION = 'orchestra position'

/** Types of key columns by model: they change only with a migration of the application, which restarts it. */
const keyTypes = new WeakMap<Model, Promise<string[]>>()

export function tableReader(model: Model, query: LoaderContext['query']): TableReader {
  const read = async (columns: string, keys: readonly Key[]) => {
    const types = await keyTypesOf(model, query)
    const arrays = types.map((type, index) => `$${index + 1}::text[]::${type}[]`).join(', ')
    const names = model.key.map(quoteIdentifier).join(', ')
    // The position tells which key a row answers: its own text may be written differently.
    const found = await query<Record<string, unknown> & { [POSITION]: number }>(
      `select ${columns}, wanted."${POSITION}"
       from unnest(${arrays}) with ordinality as wanted(${names}, "${POSITION}")
       join ${quoteTable(model.table ?? '')} as row using (${names})`,
      model.key.map((_, index) => keys.map((key) => key[index])),
    )
    return found.map(({ [POSITION]: position, ...row }) => ({
      name: formatKey(keys[position - 1] ?? []),
      row,
    }))
  }
  return {
    rows: async (keys) => new Map((await read('row.*', keys)).map(({ name, row }) => [name, row])),
    existing: async (keys) => new Set((await read('1 as present', keys)).map(({ name }) => name)),
  }
}

/** The types of a model's key columns, in their order. */
export function keyTypesOf(model: Model, query: LoaderContext['query']): Promise<string[]> {
  const known = keyTypes.get(model) ?? readTypes(model, query)
  keyTypes.set(model, known)
  known.catch(() => keyTypes.delete(model))
  return known
}

async function readTypes(model: Model, query: LoaderContext['query']): Promise<string[]> {
  const rows = await query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, atttypmod) as type
     from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped`,
    [quoteTable(model.table ?? '')],
  )
  return model.key.map((column) => {
    const type = rows.find((row) => row.name === column)?.type
    if (type !== undefined) return type
    throw new OrchestraError(
      'ORC_LOADER_FAILED',
      `Model "${model.name}": table ${model.table} has no key column "${column}"`,
      {
        hint: 'Create the table, or correct `table` and `key` of the model; `orchestra doctor` checks them all',
      },
    )
  })
}
