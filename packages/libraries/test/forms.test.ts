import { once } from 'node:events'
import { sql as drizzleSql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import createKnex, { type Knex } from 'knex'
import { Kysely, type PostgresCursorConstructor, PostgresDialect } from 'kysely'
import type { Orchestra } from 'orchestrajs'
import pg from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { site } from '../src/drizzle-tables.ts'
import { useDatabase } from './harness/library.ts'

const AT_ONCE = 20

interface Clients {
  pool: pg.Pool
  kysely: Kysely<{ site: { id: number; domain: string } }>
  knex: Knex
  drizzle: ReturnType<typeof drizzle>
  sql: postgres.Sql
}

function openClients(orchestra: Orchestra, url: string): Clients {
  const pool = orchestra.pool(new pg.Pool({ connectionString: url, max: 5 }))
  const cursor = Cursor as unknown as PostgresCursorConstructor
  // Of a pool that it was given, Knex 3.3.0 releases the connections of streams twice.
  const knex = createKnex({ client: 'pg', connection: url, pool: { min: 0, max: 5 } })
  knex.client.driver = orchestra.driver(pg)
  return {
    pool,
    kysely: new Kysely({ dialect: new PostgresDialect({ pool, cursor }) }),
    knex,
    drizzle: drizzle({ client: pool }),
    sql: orchestra.sql(postgres(url, { max: 5 })),
  }
}

const ignore = () => undefined

async function all(rows: AsyncIterable<unknown>): Promise<void> {
  for await (const _row of rows);
}

const insert = 'insert into site (domain) values ($1) returning id'

/** Ways in which libraries send a statement that writes, besides those of the applications. */
const forms: Record<string, (clients: Clients, domain: string) => unknown> = {
  'pg: a named statement': ({ pool }, domain) =>
    pool.query({ name: 'insert', text: insert, values: [domain] }),
  'pg: a callback': ({ pool }, domain) =>
    new Promise<void>((resolve, reject) => {
      pool.query(insert, [domain], (error) => (error ? reject(error) : resolve()))
    }),
  'pg: several statements in one text': ({ pool }, domain) =>
    pool.query(`select 1; insert into site (domain) values ('${domain}'); select 2`),
  'pg: a block': ({ pool }, domain) =>
    pool.query(`do $$ begin insert into site (domain) values ('${domain}'); end $$`),
  'pg: a cursor': async ({ pool }, domain) => {
    const client = await pool.connect()
    const cursor = client.query(new Cursor(insert, [domain]))
    await cursor.read(10)
    await cursor.close()
    client.release()
  },
  'pg: a stream': async ({ pool }, domain) => {
    const client = await pool.connect()
    await all(client.query(new QueryStream(insert, [domain])))
    client.release()
  },
  'Kysely: a stream': ({ kysely }, domain) =>
    all(
      kysely
        .insertInto('site')
        .values({ domain } as never)
        .returning('id')
        .stream(1),
    ),
  'Knex: raw': ({ knex }, domain) => knex.raw('insert into site (domain) values (?)', [domain]),
  'Knex: a stream': async ({ knex }, domain) => {
    const stream = knex('site').insert({ domain }).returning('id').stream()
    stream.resume()
    await once(stream, 'close')
  },
  'Drizzle: a prepared statement': ({ drizzle: db }, domain) =>
    db
      .insert(site)
      .values({ domain: drizzleSql.placeholder('domain') })
      .prepare('insert_site')
      .execute({ domain }),
  'Drizzle: sql': ({ drizzle: db }, domain) =>
    db.execute(drizzleSql`insert into site (domain) values (${domain})`),
  'postgres.js: a cursor': ({ sql }, domain) =>
    all(sql`insert into site (domain) values (${domain}) returning id`.cursor(1)),
  'postgres.js: each row': ({ sql }, domain) =>
    sql`insert into site (domain) values (${domain}) returning id`.forEach(ignore),
  'postgres.js: several statements in one text': ({ sql }, domain) =>
    sql.unsafe(`select 1; insert into site (domain) values ('${domain}'); select 2`),
  'postgres.js: a reserved connection': async ({ sql }, domain) => {
    const reserved = await sql.reserve()
    await reserved`insert into site (domain) values (${domain})`
    reserved.release()
  },
}

describe('a statement outside of a transaction is bound to its unit', () => {
  const database = useDatabase()
  let clients: Clients

  beforeAll(() => {
    clients = openClients(database.orchestra, database.store.databaseUrl ?? '')
  })
  afterAll(async () => {
    await clients.sql.end()
    await clients.knex.destroy()
    await clients.pool.end()
  })
  beforeEach(() => database.store.query('delete from orchestra.change'))

  test.each(Object.entries(forms))('%s', async (name, write) => {
    const users = Array.from({ length: AT_ONCE }, (_, index) => `user ${index}`)
    await Promise.all(
      users.map((actor, index) =>
        database.orchestra.unitOfWork(() => write(clients, `${name} ${index}`), { actor, source: name }),
      ),
    )
    const seen = await database.store.query(
      `select actor, source, domain from orchestra.change join site on keys = jsonb_build_array(jsonb_build_array(site.id::text))
       order by site.domain`,
    )
    const expected = users.map((actor, index) => ({ actor, source: name, domain: `${name} ${index}` }))
    expect(seen).toHaveLength(AT_ONCE)
    expect(seen).toEqual(expect.arrayContaining(expected))
  })
})
