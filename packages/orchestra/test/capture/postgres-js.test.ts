import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import postgres from 'postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { installCapture, unitOfWork, wrapPostgresJs } from '../../src/capture/index.ts'
import type { Store } from '../../src/store/index.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { describeStores } from '../support/stores.ts'
import { changes, site, siteTables } from './support.ts'

describeStores('a wrapped postgres.js', (open, kind) => {
  let store: Store
  let plain: postgres.Sql
  let sql: postgres.Sql

  beforeEach(async () => {
    store = await open()
    await store.query(siteTables)
    await installCapture(store, [site])
    plain = connect({ max: 3 })
    sql = wrapPostgresJs(plain)
  })

  afterEach(() => plain.end({ timeout: 1 }))

  /** It reads no URL of a unix socket. */
  function connect(options: postgres.Options<Record<string, never>>): postgres.Sql {
    const { host, port, user = '', database = '', password = '' } = new pg.Client(store.databaseUrl)
    const where = kind === 'pglite' ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
    return postgres({ ...where, user, database, password, onnotice: () => undefined, ...options })
  }

  /** Units by the key of the site that they changed. */
  async function units(): Promise<Record<string, string>> {
    const rows = await changes(store)
    return Object.fromEntries(rows.flatMap(({ keys, unit_id }) => keys.map(([key]) => [key, unit_id])))
  }

  const insertText = (id: number) => `insert into site (id, domain) values (${id}, 'a')`
  const insert = (on: postgres.ISql, id: number) =>
    on`insert into site ${on({ id, domain: 'a' })} returning id`

  test('binds what runs outside of transactions, in every form', async () => {
    const file = join(process.env.TMPDIR ?? '/tmp', `orchestra-${crypto.randomUUID()}.sql`)
    writeFileSync(file, insertText(6))
    const id = await unitOfWork({ actor: 'eva', source: 'job' }, async (unit) => {
      expect(await insert(sql, 1)).toMatchObject([{ id: '1' }])
      const added = sql`(id, domain) values (${2}, ${'b'})`
      expect((await sql`insert into site ${added}`).count).toBe(1)
      expect((await sql.unsafe(insertText(3))).count).toBe(1)
      expect((await sql.unsafe(`${insertText(4)} returning id`, [], { prepare: true })).length).toBe(1)
      await sql`do $$ begin insert into site (id, domain) values (5, 'a'); end $$`.simple()
      await sql.file(file)
      const seen: unknown[] = []
      await sql`insert into site (id, domain) values (7, 'a'), (8, 'a') returning id`.forEach((row) => {
        seen.push(row.id)
      })
      expect(seen).toEqual(['7', '8'])
      return unit.id
    })
    const rows = await changes(store)
    for (const row of rows) expect(row).toMatchObject({ unit_id: id, actor: 'eva', source: 'job' })
    expect(Object.keys(await units())).toEqual(['1', '2', '3', '4', '5', '6', '7', '8'])
    await insert(sql, 9)
    expect((await units())[9]).not.toBe(id)
  })

  test('answers as postgres.js does', async () => {
    await unitOfWork({}, async () => {
      expect(await sql.unsafe('select 1 as one')).toEqual([{ one: 1 }])
      expect(await sql.unsafe('select 1 as one; select 2 as two')).toEqual([[{ one: 1 }], [{ two: 2 }]])
      expect(await sql.unsafe(`set application_name = 'x'; select 1 as one`)).toHaveLength(2)
      expect(await sql`select 1 as one`.values()).toEqual([[1]])
      expect((await sql`select 1 as one`.describe()).columns).toMatchObject([{ name: 'one' }])
      await expect(sql.unsafe('selec 1')).rejects.toMatchObject({ code: '42601', position: '1' })
      await expect(sql`selec 1`).rejects.toMatchObject({ code: '42601', position: '1' })
      await insert(sql, 1)
      await expect(insert(sql, 1)).rejects.toMatchObject({ code: '23505' })
    })
    expect(await sql`select id from site`).toHaveLength(1)
  })

  test('a query that nobody asks for is not sent, and one belongs to the unit that asks for it', async () => {
    const lazy = insert(sql, 1)
    await unitOfWork({}, async () => {
      insert(sql, 2)
      await sql`select 1`
    })
    const id = await unitOfWork({}, async (unit) => {
      await lazy
      return unit.id
    })
    expect(await units()).toEqual({ 1: id })
    const returned = await unitOfWork({ actor: 'lazy' }, () => insert(sql, 3))
    expect(returned).toMatchObject([{ id: '3' }])
    expect((await changes(store)).at(-1)).toMatchObject({ actor: 'lazy' })
  })

  test('a transaction and its savepoints are bound, and stay the application’s', async () => {
    const id = await unitOfWork({}, async (unit) => {
      await sql.begin('isolation level serializable', async (transaction) => {
        expect(await transaction`show transaction_isolation`).toMatchObject([
          { transaction_isolation: 'serializable' },
        ])
        await insert(transaction, 1)
        await transaction
          .savepoint(async (inner) => {
            await insert(inner, 2)
            throw new Error('back')
          })
          .catch(() => undefined)
        await transaction.savepoint('named', (inner) => [insert(inner, 3), insert(inner, 4)])
      })
      await expect(
        sql.begin(async (transaction) => {
          await insert(transaction, 5)
          await transaction.unsafe(`do $$ begin perform 1; end $$; ${insertText(6)}`)
          throw new Error('no')
        }),
      ).rejects.toThrow('no')
      await sql.begin((transaction) => [insert(transaction, 7), insert(transaction, 8)])
      await sql.begin((transaction) => insert(transaction, 9))
      return unit.id
    })
    expect(await units()).toEqual({ 1: id, 3: id, 4: id, 7: id, 8: id, 9: id })
    expect(await store.query('select id from site order by id')).toHaveLength(6)
  })

  test('a transaction that was begun before the unit is bound as well', async () => {
    const id = await sql.begin((transaction) =>
      unitOfWork({}, async (unit) => {
        await transaction
          .savepoint(async (inner) => {
            await insert(inner, 1)
            throw new Error('back')
          })
          .catch(() => undefined)
        await insert(transaction, 2)
        return unit.id
      }),
    )
    expect(await units()).toEqual({ 2: id })
  })

  test('the commit of a statement outside of transactions can be refused', async () => {
    await store.query('alter table site_alias add unique (domain) deferrable initially deferred')
    await store.query(insertText(1))
    await unitOfWork({}, async () => {
      const twice = sql`insert into site_alias (site_id, domain) values (1, 'same'), (1, 'same')`
      await expect(twice).rejects.toMatchObject({ code: '23505' })
    })
    expect(await store.query('select * from site_alias')).toEqual([])
  })

  test('cursors and COPY belong to the unit', async () => {
    const id = await unitOfWork({}, async (unit) => {
      const seen: unknown[] = []
      const rows = sql`insert into site (id, domain) select i, 'a' from generate_series(1, 5) i returning id`
      for await (const batch of rows.cursor(2)) seen.push(...batch.map((row) => row.id))
      expect(seen).toEqual(['1', '2', '3', '4', '5'])
      if (kind === 'postgres') {
        const stream = await sql`copy site (id, domain) from stdin`.writable()
        await pipeline(Readable.from(['6\ta\n', '7\tb\n']), stream)
        while ((await sql`select 1 from site where id = 7`).length === 0);
      }
      return unit.id
    })
    for (const unit of Object.values(await units())) expect(unit).toBe(id)
    expect(Object.keys(await units())).toHaveLength(kind === 'postgres' ? 7 : 5)
  })

  if (kind === 'postgres')
    test('a reserved connection keeps its own transactions', async () => {
      const id = await unitOfWork({}, async (unit) => {
        const reserved = await sql.reserve()
        await insert(reserved, 1)
        await reserved`begin`
        await insert(reserved, 2)
        await reserved`rollback`
        await reserved.unsafe(`begin; ${insertText(3)}; do $$ begin perform 1; end $$; ${insertText(4)}`)
        await insert(reserved, 5)
        await reserved`rollback`
        await Promise.all([reserved`begin`, insert(reserved, 6), reserved`commit`, insert(reserved, 7)])
        await expect(insert(reserved, 7)).rejects.toMatchObject({ code: '23505' })
        await insert(reserved, 8)
        reserved.release()
        return unit.id
      })
      expect(await units()).toEqual({ 1: id, 6: id, 7: id, 8: id })
    })

  test('an instance with one connection keeps transactions that are begun by text', async () => {
    const one = connect({ max: 1 })
    const single = wrapPostgresJs(one)
    const id = await unitOfWork({}, async (unit) => {
      await single`begin`
      await insert(single, 1)
      await single`rollback`
      await single`/* a /* nested */ comment */ begin`
      await insert(single, 2)
      await single`commit`
      await insert(single, 3)
      await single.begin((transaction) => insert(transaction, 4))
      return unit.id
    })
    await one.end()
    expect(await units()).toEqual({ 2: id, 3: id, 4: id })
  })

  if (kind === 'postgres')
    test('a procedure that commits works, and is no part of the unit', async () => {
      await store.query(`create procedure two() language plpgsql as $$ begin
      insert into site (id, domain) values (1, 'a'); commit; insert into site (id, domain) values (2, 'a'); end $$`)
      await unitOfWork({}, async () => {
        await sql`call two()`
        await sql`delete from site`
        await sql`call two()`.simple()
        await sql`vacuum site`
        await sql.unsafe('vacuum site')
      })
      expect(await store.query('select id from site')).toHaveLength(2)
    })

  if (kind === 'postgres')
    test('works through PgBouncer, without prepared statements', async () => {
      const bouncer = await startPgBouncer(store.databaseUrl, { poolSize: 2 })
      const behind = postgres(bouncer.url, { max: 5, prepare: false })
      const through = wrapPostgresJs(behind)
      const ids = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          unitOfWork({}, async (unit) => {
            await insert(through, index)
            await through.unsafe(insertText(100 + index))
            await through.begin((transaction) => insert(transaction, 200 + index))
            return unit.id
          }),
        ),
      )
      await behind.end()
      await bouncer.stop()
      const rows = await changes(store)
      for (const row of rows) expect(row.unit_id).toBe(ids[Number(row.keys[0]?.[0]) % 100])
      expect(rows).toHaveLength(60)
    })

  test('is 60 units for 60 requests over three connections', async () => {
    const ids = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        unitOfWork({}, async (unit) => {
          await insert(sql, index)
          await sql.begin((transaction) => transaction`update site set domain = 'b' where id = ${index}`)
          return unit.id
        }),
      ),
    )
    for (const row of await changes(store)) expect(row.unit_id).toBe(ids[Number(row.keys[0]?.[0])])
    expect(await changes(store)).toHaveLength(120)
  })

  test('refuses what is no instance of it', () => {
    expect(() => wrapPostgresJs((() => undefined) as never)).toThrowError(/something other than postgres.js/)
  })
})
