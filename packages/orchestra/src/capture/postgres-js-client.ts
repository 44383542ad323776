import pg from 'pg'
import { PlainAnswer, type RawQuery, type Transform } from './postgres-js-answer.ts'
import type { PostgresJs } from './postgres-js-query.ts'
import { type OpenClient, outsideUnits } from './unit.ts'

/** The type `unknown`: Postgres infers what is meant, and postgres.js, which has no serializer for it, sends the text as it is. */
const UNKNOWN = 705

type Ask = Pick<pg.QueryConfig, 'text' | 'values' | 'types'> & { rowMode?: 'array' }

/**
 * A transaction of postgres.js, asked as a client of `pg`. What it answers does not depend on what the application has told its
 * instance about types and names: json written twice, times as texts and renamed columns would be other objects than a worker reads.
 */
export function clientOver(transaction: PostgresJs, transform: Transform | undefined): OpenClient {
  const query = async (asked: string | Ask, values: readonly unknown[] = []) => {
    const ask = typeof asked === 'string' ? { text: asked, values: [...values] } : asked
    return toResult(await answerOf(transaction, transform, ask), ask)
  }
  return { query } as unknown as OpenClient
}

async function answerOf(
  transaction: PostgresJs,
  transform: Transform | undefined,
  { text, values = [] }: Ask,
): Promise<PlainAnswer> {
  const unsafe = transaction.unsafe as unknown as (text: string, values: unknown[]) => RawQuery
  const parameters = values.map((value) => parameterOf(transaction, value))
  const query = unsafe(text, parameters).raw()
  const answer = new PlainAnswer(query, transform)
  await outsideUnits(() => query.execute())
  return answer
}

function parameterOf(transaction: PostgresJs, value: unknown): unknown {
  const { prepareValue } = (pg as unknown as { utils: { prepareValue(value: unknown): unknown } }).utils
  const { typed } = transaction as unknown as { typed(value: unknown, type: number): unknown }
  const text = prepareValue(value)
  return typed(Buffer.isBuffer(text) ? `\\x${text.toString('hex')}` : text, UNKNOWN)
}

function toResult({ columns, rows: raw }: PlainAnswer, { types = pg.types, rowMode }: Ask) {
  const fields = columns.map(({ name, type }) => ({ name, dataTypeID: type }))
  const parsers = columns.map(({ type }) => types.getTypeParser(type, 'text'))
  const lists = raw.map((row) =>
    row.map((bytes, index) => (bytes === null ? null : parsers[index]?.(Buffer.from(bytes).toString()))),
  )
  const named = (list: unknown[]) => Object.fromEntries(fields.map(({ name }, index) => [name, list[index]]))
  const rows = rowMode === 'array' ? lists : lists.map(named)
  return { rows, fields, rowCount: rows.length }
}
