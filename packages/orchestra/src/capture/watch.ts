import { createHash } from 'node:crypto'
import type { Model } from '../config/model.ts'
import { OrchestraError } from '../errors.ts'
import { parseTableName, type TableName } from './table-name.ts'

/** The part of a model that capture needs. */
export type WatchedModel = Pick<Model, 'name' | 'table' | 'key' | 'related' | 'ignore'>

/** One table whose changes are changes of one model's objects. */
export interface Watch {
  /** Names the trigger function, and begins the names of its triggers. */
  readonly name: string
  readonly model: string
  readonly table: TableName
  /** Whether a row is the object itself, or belongs to one. */
  readonly role: 'object' | 'related'
  /** Columns of this table that hold the object's key, in the order of the model's key. */
  readonly columns: readonly string[]
  readonly ignore: readonly string[]
}

/** The model's own table if it has one, then its related ones. */
export function watchesOf(model: WatchedModel): Watch[] {
  const own = model.table === null ? [] : [watch(model, 'object', model.table, model.key, model.ignore)]
  const related = model.related.map((relation) => {
    const columns = model.key.map((column) => referencing(model, relation, column))
    return watch(model, 'related', relation.table, columns, relation.ignore ?? [])
  })
  return [...own, ...related]
}

function watch(
  model: WatchedModel,
  role: Watch['role'],
  table: string,
  columns: readonly string[],
  ignore: readonly string[],
): Watch {
  const parsed = parseTableName(table)
  if (parsed === undefined) throw notAName(model.name, table)
  const name = functionName(
    model.name,
    JSON.stringify([model.name, role, parsed.schema ?? '', parsed.name, columns]),
  )
  return { name, model: model.name, table: parsed, role, columns, ignore }
}

/** Readable for who meets it in `\d`, different for every watch, within the 63 bytes of a name. */
function functionName(model: string, identity: string): string {
  return `${functionPrefix(model)}${createHash('sha256').update(identity).digest('hex').slice(0, 8)}`
}

/** What the names of all functions of a model begin with. */
export function functionPrefix(model: string): string {
  const readable = model
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, 24)
  return `capture_${readable}_`
}

function referencing(model: WatchedModel, relation: Model['related'][number], column: string): string {
  const found = Object.entries(relation.references).find(([, key]) => key === column)
  if (found !== undefined) return found[0]
  throw new OrchestraError(
    'ORC_CAPTURE_COLUMN',
    `The related table ${relation.table} of model ${model.name} has no reference to the key column "${column}"`,
    { hint: `Add a column of ${relation.table} that holds "${column}" to its "references"` },
  )
}

function notAName(model: string, table: string): OrchestraError {
  return new OrchestraError(
    'ORC_CAPTURE_TABLE',
    `Model ${model} names the table ${JSON.stringify(table)}, which is not a table's name`,
    {
      hint: 'Write `table` or `schema.table`, and put a part that holds a dot in double quotes',
    },
  )
}
