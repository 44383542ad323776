import pg from 'pg'
import type { PostgresJs } from './postgres-js-query.ts'
import type { OpenClient } from './unit.ts'

/** What postgres.js answers to a raw query: bytes, and what columns they are of. */
interface RawRows extends Array<(Buffer | null)[]> {
  columns?: readonly { name: string; type: number }[]
}

type Unsafe = (text: string, values: readonly unknown[]) => { raw(): Promise<RawRows> }

/** A transaction of postgres.js as a client of `pg`, with that driver's values: a plan reads the same through both. */
export function clientOf(transaction: PostgresJs): OpenClient {
  const query = async (asked: string | pg.QueryArrayConfig, given: readonly unknown[] = []) => {
    const config = typeof asked === 'string' ? { text: asked } : asked
    const { text, values = given, types = pg.types } = { values: undefined, types: undefined, ...config }
    const found = await (transaction.unsafe as Unsafe)(text, values).raw()
    const fields = (found.columns ?? []).map(({ name, type }) => ({ name, dataTypeID: type }))
    const parsers = fields.map(({ dataTypeID }) => types.getTypeParser(dataTypeID, 'text'))
    const lists = [...found].map((row) =>
      row.map((bytes, index) => (bytes === null ? null : parsers[index]?.(bytes.toString()))),
    )
    const rows =
      'rowMode' in config
        ? lists
        : lists.map((list) => Object.fromEntries(fields.map(({ name }, index) => [name, list[index]])))
    return { fields, rows }
  }
  return { query } as unknown as OpenClient
}
