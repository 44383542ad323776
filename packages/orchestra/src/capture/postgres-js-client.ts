import pg from 'pg'
import type { PostgresJs } from './postgres-js-query.ts'
import { type OpenClient, outsideUnits } from './unit.ts'

/** The type `unknown`: Postgres infers what is meant, and postgres.js, which has no serializer for it, sends the text as it is. */
const UNKNOWN = 705

interface RawResult extends Array<(Uint8Array | null)[]> {
  statement: { columns: { name: string; type: number }[] | null }
  count: number
  command: string
}

type Ask = Pick<pg.QueryConfig, 'text' | 'values' | 'types'> & { rowMode?: 'array' }

/**
 * A transaction of postgres.js, asked as a client of `pg`. What it answers does not depend on the types that the application has
 * told its instance: json twice written, times as texts and arrays as they are would be other objects than a worker reads.
 */
export function clientOver(transaction: PostgresJs): OpenClient {
  const query = async (asked: string | Ask, values: readonly unknown[] = []) => {
    const ask = typeof asked === 'string' ? { text: asked, values: [...values] } : asked
    return toResult(lastOf(await askRaw(transaction, ask)), ask)
  }
  return { query } as unknown as OpenClient
}

async function askRaw(transaction: PostgresJs, { text, values = [] }: Ask): Promise<RawResult | RawResult[]> {
  const unsafe = transaction.unsafe as unknown as (
    text: string,
    values: unknown[],
  ) => { raw(): Promise<RawResult> }
  return outsideUnits(() =>
    unsafe(
      text,
      values.map((value) => parameterOf(transaction, value)),
    ).raw(),
  )
}

function parameterOf(transaction: PostgresJs, value: unknown): unknown {
  const { prepareValue } = (pg as unknown as { utils: { prepareValue(value: unknown): unknown } }).utils
  const { typed } = transaction as unknown as { typed(value: unknown, type: number): unknown }
  const text = prepareValue(value)
  return typed(Buffer.isBuffer(text) ? `\\x${text.toString('hex')}` : text, UNKNOWN)
}

/** Several statements in one text have a result each, of which the columns of the last are known. */
function lastOf(answer: RawResult | RawResult[]): RawResult {
  const [first] = answer
  return first !== undefined && 'statement' in first ? (answer.at(-1) as RawResult) : (answer as RawResult)
}

function toResult(raw: RawResult, { types = pg.types, rowMode }: Ask) {
  const fields = (raw.statement?.columns ?? []).map(({ name, type }) => ({ name, dataTypeID: type }))
  const parsers = fields.map(({ dataTypeID }) => types.getTypeParser(dataTypeID, 'text'))
  const lists = [...raw].map((row) =>
    row.map((bytes, index) => (bytes === null ? null : parsers[index]?.(Buffer.from(bytes).toString()))),
  )
  const named = (list: unknown[]) => Object.fromEntries(fields.map(({ name }, index) => [name, list[index]]))
  const rows = rowMode === 'array' ? lists : lists.map(named)
  return { rows, fields, rowCount: raw.count, command: raw.command }
}
