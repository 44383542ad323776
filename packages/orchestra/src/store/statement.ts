import type pg from 'pg'
import type { Texts } from './queryable.ts'

type Client = Pick<pg.ClientBase, 'query'>

const asTexts: pg.CustomTypesConfig = { getTypeParser: () => (value: string) => value }

/** One statement (or several without values) through any client of `pg`; the rows of the last as texts. */
export async function readTexts(
  client: Client,
  text: string,
  values: readonly unknown[] = [],
  name?: string,
): Promise<Texts> {
  const found = await client.query<(string | null)[]>({
    ...(name === undefined ? {} : { name }),
    text,
    values: [...values],
    types: asTexts,
    rowMode: 'array',
  })
  const last = Array.isArray(found) ? (found.at(-1) as typeof found) : found
  return { columns: last.fields.map(({ name, dataTypeID: type }) => ({ name, type })), rows: last.rows }
}

/** One statement (or several without values); the rows of the last. */
export async function runQuery<Row>(
  client: Client,
  text: string,
  values: readonly unknown[] = [],
  name?: string,
): Promise<Row[]> {
  const named = name === undefined ? {} : { name }
  const result =
    values.length === 0 && name === undefined
      ? await client.query(text)
      : await client.query({ ...named, text, values: [...values] })
  const last = Array.isArray(result) ? result.at(-1) : result
  return last.rows
}
