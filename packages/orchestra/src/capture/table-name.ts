import pg from 'pg'
import { OrchestraError } from '../errors.ts'

/** A table as a model names it: exact, never folded to lower case. Without a schema, the search path decides. */
export interface TableName {
  schema: string | undefined
  name: string
}

const PART = /"((?:[^"]|"")+)"|[^."]+/y

/** Reads `table`, `schema.table`, and either part in double quotes where it holds a dot. */
export function parseTableName(text: string): TableName | undefined {
  const parts: string[] = []
  PART.lastIndex = 0
  for (;;) {
    const match = PART.exec(text)
    if (match === null) return undefined
    parts.push(match[1]?.replaceAll('""', '"') ?? match[0])
    const end = match.index + match[0].length
    if (end === text.length) break
    if (text[end] !== '.') return undefined
    PART.lastIndex = end + 1
  }
  const [first, second] = parts
  if (first === undefined || parts.length > 2) return undefined
  return second === undefined ? { schema: undefined, name: first } : { schema: first, name: second }
}

/**
 * A model's table as SQL.
 * @throws OrchestraError ORC_CAPTURE_TABLE
 */
export function quoteTable(text: string): string {
  const table = parseTableName(text)
  if (table !== undefined) return quoteTableName(table)
  throw new OrchestraError('ORC_CAPTURE_TABLE', `${JSON.stringify(text)} does not name a table`, {
    hint: 'Write `table` or `schema.table`, parts that hold a dot in double quotes',
  })
}

export function quoteTableName(table: TableName): string {
  const name = quoteIdentifier(table.name)
  return table.schema === undefined ? name : `${quoteIdentifier(table.schema)}.${name}`
}

export const quoteIdentifier = pg.escapeIdentifier

export const quoteLiteral = (text: string): string => pg.escapeLiteral(text).trim()
