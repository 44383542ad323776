import pg from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientOver } from '../../src/capture/postgres-js-client.ts'
import type { PostgresJs } from '../../src/capture/postgres-js-query.ts'
import type { OpenClient } from '../../src/capture/unit.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'

const same = (value: unknown) => value as string

const instances: [string, postgres.Options<Record<string, postgres.PostgresType>>][] = [
  ['as it is', {}],
  ['without array types', { fetch_types: false }],
  [
    'with types of its own',
    {
      types: {
        json: { to: 3802, from: [114, 3802], serialize: same, parse: same },
        time: { to: 1184, from: [1184], serialize: same, parse: same },
        big: { to: 20, from: [20], serialize: String, parse: BigInt },
      },
    },
  ],
  ['that renames columns', { transform: postgres.camel }],
  [
    'that makes something else of everything',
    { transform: { column: () => 'x', value: () => 'y', row: () => ({ z: true }), undefined: null } },
  ],
]

const questions: [string, string, unknown[]][] = [
  ['json', `select $1::jsonb as one, '[1, {"a": null}]'::json as two`, ['["a", 1]']],
  ['an empty array and an empty object', 'select $1::text[] as one, $2::jsonb as two', [[], '{}']],
  [
    'arrays',
    'select $1::integer[] as one, $2::text[] as two',
    [
      [1, null],
      ['a,b', '"', '{}'],
    ],
  ],
  ['times', 'select $1::timestamptz as one, $2::date as two', [new Date(0), '2026-01-02']],
  ['large numbers', 'select $1::bigint as one, $2::numeric as two', ['1234567890123456789', 0.1]],
  ['bytes', 'select $1::bytea as one', [Buffer.from([0, 255])]],
  ['nothing', 'select $1::text as one where $2', [null, false]],
  ['types that are inferred', 'select oid from pg_class where relname = $1 and oid > $2', ['pg_class', 5]],
  ['names that differ by more than case', 'select 1 as some_id, 2 as "someId", $1 as last_one', ['a']],
  ['no values', `select 'a' as one, 2 as two`, []],
  ['several statements', 'select 1 as one; select 2 as two, null as three', []],
]

let server: PostgresServer
let url: string
let plain: pg.Client

beforeAll(async () => {
  server = await startPostgres()
  url = await server.database()
  plain = new pg.Client(url)
  await plain.connect()
})

afterAll(async () => {
  await plain.end()
  await server.stop()
})

describe.each(instances)('a transaction of postgres.js %s', (_name, options) => {
  let sql: postgres.Sql

  beforeAll(() => {
    sql = postgres(url, { ...options, max: 1 })
  })
  afterAll(() => sql.end())

  const askIn = <Result>(work: (client: OpenClient) => Promise<Result>) =>
    sql.begin((transaction) => work(clientOver(transaction as unknown as PostgresJs, sql.options.transform)))

  test.each(questions)('reads and writes %s as pg does', async (_what, text, values) => {
    const answer = await askIn((client) => client.query(text, values))
    const expected = [await plain.query(text, values)].flat().at(-1)
    expect(answer.rows).toEqual(expected?.rows)
  })

  test('leaves the application its own way', async () => {
    const ask = (on: postgres.ISql) => on`select 1 as some_id, 2 as last_id`
    const before = await ask(sql)
    const [, during] = await sql.begin(async (transaction) => {
      const client = clientOver(transaction as unknown as PostgresJs, sql.options.transform)
      return Promise.all([client.query('select 3 as other_id'), ask(transaction), client.query('select 4')])
    })
    expect(during).toEqual(before)
  })

  test('answers texts in the order of their columns where it is asked for them', async () => {
    const types = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig
    const text = 'select 1 as one, true as one, null as two'
    const answer = await askIn((client) => client.query({ text, types, rowMode: 'array' }))
    expect(answer.rows).toEqual([['1', 't', null]])
    expect(answer.fields.map(({ name, dataTypeID }) => [name, dataTypeID])).toEqual([
      ['one', 23],
      ['one', 16],
      ['two', 25],
    ])
  })
})
