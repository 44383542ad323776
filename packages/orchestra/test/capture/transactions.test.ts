import pg from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { installCapture, unitOfWork, wrapClient, wrapPool } from '../../src/capture/index.ts'
import type { Store } from '../../src/store/index.ts'
import { type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts'
import { describeStores, type OpenStore } from '../support/stores.ts'
import { changes, openPool, site, siteTables } from './support.ts'

describeStores('the transaction of an application', (open, kind) => {
  describe('directly', () => transactions(open, kind, 'directly'))
  if (kind === 'postgres') describe('through PgBouncer', () => transactions(open, kind, 'through PgBouncer'))
})

function transactions(open: OpenStore, kind: Store['kind'], way: 'directly' | 'through PgBouncer'): void {
  let store: Store
  let bouncer: PgBouncer | undefined
  let plain: pg.Pool
  let pool: pg.Pool

  beforeEach(async () => {
    store = await open()
    await store.query(siteTables)
    await installCapture(store, [site])
    bouncer = way === 'directly' ? undefined : await startPgBouncer(store.databaseUrl)
    plain = openPool(bouncer?.url ?? store.databaseUrl)
    pool = wrapPool(plain)
  })

  afterEach(async () => {
    await plain.end()
    await bouncer?.stop()
  })

  const insert = (id: number) => `insert into site (id, domain) values (${id}, 'a')`

  async function keysOf(unitId: string): Promise<string[]> {
    const rows = (await changes(store)).filter((row) => row.unit_id === unitId)
    return rows.flatMap(({ keys }) => keys.map(([key = '']) => key)).sort()
  }

  async function sites(): Promise<string[]> {
    const rows = await store.query<{ id: string }>('select id::text from site order by site.id')
    return rows.map(({ id }) => id)
  }

  /** Runs in a unit with one client, and answers the unit's id. */
  function withClient(work: (client: pg.PoolClient) => Promise<unknown>): Promise<string> {
    return unitOfWork({ actor: 'eva' }, async (unit) => {
      const client = await pool.connect()
      try {
        await work(client)
      } finally {
        client.release()
      }
      return unit.id
    })
  }

  /** Texts that hold the words of a transaction's end where they are none. */
  const misleading = [
    'do $$ begin perform 1; end $$',
    `select 'a; commit'`,
    `select '; rollback; begin'`,
    'select 1 /* ; commit */',
    'select 1 -- ; rollback\n',
    'select $a$ ; commit $a$',
    'select 1 as "; end"',
    `select E'\\'; commit'`,
    'select 1; select 2; /* ; end',
  ].map((text) => (text.endsWith('/* ; end') ? `${text} */` : text))

  test('is not ended by a text that looks like its end', async () => {
    for (const text of misleading) {
      await withClient(async (client) => {
        await client.query('begin')
        await client.query(insert(1))
        await client.query(text)
        await client.query(insert(2))
        await client.query('rollback')
      })
      expect(await sites(), text).toEqual([])
    }
    expect(await changes(store)).toEqual([])
  })

  test('is the application’s in one text as well', async () => {
    await withClient(async (client) => {
      const text = `begin; ${insert(1)}; do $$ begin perform 1; end $$; ${insert(2)}; rollback`
      await client.query(text)
      await client.query(`begin; ${insert(3)}; do $$ begin perform 1; end $$`)
      await client.query(insert(4))
      await client.query('rollback')
    })
    expect(await sites()).toEqual([])
  })

  /** What writes site 1, outside of a transaction. */
  const outside: Record<string, string> = {
    'a procedure': 'call add_site(1)',
    'a block': `do $$ begin ${insert(1)}; end $$`,
    'a prepared statement': `prepare add as ${insert(1)}; execute add; deallocate add`,
    'an analyzed statement': `explain analyze ${insert(1)}`,
    'a function': 'select added_site(1)',
    'what stands after nested comments': `/* a /* b */ ; */ -- c\n ; ${insert(1)}`,
    'several statements': `set application_name = 'x'; ${insert(1)}; select 1`,
    'a whole transaction': `begin isolation level serializable; ${insert(1)}; commit`,
    'a table of what a function answers': 'create table copied as select added_site(1)',
  }

  test('is not needed to bind what runs', async () => {
    await store.query(`
      create procedure add_site(id int) language sql as $$ insert into site (id, domain) values (id, 'a') $$;
      create function added_site(id int) returns int language sql volatile as $$
        insert into site (id, domain) values (id, 'a'); select 1 $$`)
    for (const [name, text] of Object.entries(outside)) {
      const alone = { text, queryMode: 'extended' } as pg.QueryConfig
      for (const query of /;\s*\S/.test(text) ? [text] : [text, alone]) {
        const id = await withClient((client) => client.query(query))
        expect(await changes(store), name).toMatchObject([{ unit_id: id, actor: 'eva' }])
        expect(await keysOf(id)).toEqual(['1'])
        await store.query('delete from site; delete from orchestra.change; drop table if exists copied')
      }
    }
  })

  test('is not needed by cursors, query streams and COPY', async () => {
    const rows = (from: number) =>
      `insert into site (id, domain) select i, 'a' from generate_series(${from}, ${from + 2}) i returning id`
    const id = await withClient(async (client) => {
      const cursor = client.query(new Cursor(rows(1)))
      expect(await cursor.read(2)).toEqual([{ id: '1' }, { id: '2' }])
      expect(await cursor.read(2)).toEqual([{ id: '3' }])
      await cursor.close()
      const streamed: unknown[] = []
      for await (const row of client.query(new QueryStream(rows(4)))) streamed.push(row)
      expect(streamed).toHaveLength(3)
      await copyIn(client, 'copy site (id, domain) from stdin', '7\ta\n8\ta\n')
      expect(await client.query('select count(*)::int as count from site')).toMatchObject({
        rows: [{ count: 8 }],
      })
    })
    expect(await keysOf(id)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8'])
  })

  test('stays open after what the server refuses in it', async () => {
    const id = await withClient(async (client) => {
      await client.query('begin')
      await client.query('savepoint one')
      await expect(client.query('insert into nowhere values (1)')).rejects.toMatchObject({ code: '42P01' })
      await expect(client.query(insert(1))).rejects.toMatchObject({ code: '25P02' })
      await client.query('rollback to one')
      await client.query(insert(2))
      await client.query('commit and chain')
      await client.query(insert(3))
      await client.query('rollback and chain')
      await client.query('insert into site (id, domain) values ($1, $2)', [4, 'a'])
      await client.query('commit')
    })
    expect(await keysOf(id)).toEqual(['2', '4'])
    expect(await sites()).toEqual(['2', '4'])
  })

  // Two sessions: the other one writes while this one holds a lock.
  if (kind === 'postgres')
    test('takes its snapshot when the application’s own statement does', async () => {
      await withClient(async (client) => {
        await client.query('begin')
        await client.query('set transaction isolation level repeatable read')
        await client.query('lock table site_alias')
        await store.query(insert(1))
        expect((await client.query('select id from site')).rowCount).toBe(1)
        await client.query('commit')
        await client.query({ text: 'begin', queryMode: 'extended' } as pg.QueryConfig)
        await client.query('set transaction isolation level serializable')
        await client.query(insert(2))
        await client.query('commit')
      })
      expect(await sites()).toEqual(['1', '2'])
    })

  test('an error names its place in the text of the application', async () => {
    await withClient(async (client) => {
      await expect(client.query('selec 1')).rejects.toMatchObject({ code: '42601', position: '1' })
      await expect(client.query('select a')).rejects.toMatchObject({ code: '42703', position: '8' })
      await expect(client.query('select a + $1', [1])).rejects.toMatchObject({ position: '8' })
    })
  })

  test('hostile texts as actor and source arrive as what can be stored of them', async () => {
    const hostile = `it's "\\" $$;\n\0 \ud800 '; rollback; -- é 日本`
    const options = { actor: hostile, source: 'x'.repeat(1_000_000) }
    const setting = kind === 'postgres' && way === 'directly' ? ['on', 'off'] : ['on']
    for (const [index, conforming] of setting.entries()) {
      const id = await unitOfWork(options, async (unit) => {
        const client = await pool.connect()
        await client.query(`set standard_conforming_strings = ${conforming}`)
        await client.query(`do $$ begin ${insert(10 * index)}; end $$`)
        await client.query(insert(10 * index + 1))
        await client.query('insert into site (id, domain) values ($1, $2)', [10 * index + 2, 'a'])
        await client.query('begin')
        await client.query(insert(10 * index + 3))
        await client.query('commit')
        client.release()
        return unit.id
      })
      const written = (await changes(store)).filter((row) => row.unit_id === id)
      expect(written).toHaveLength(4)
      for (const row of written) {
        expect(row.actor).toBe(hostile.replace('\0', '').toWellFormed())
        expect(row.source).toHaveLength(1000)
      }
    }
  })

  test('60 requests share five connections or one, and each is a unit', async () => {
    for (const max of [5, 1]) {
      const small = new pg.Pool({ connectionString: bouncer?.url ?? store.databaseUrl, max })
      const wrapped = wrapPool(small)
      await store.query('delete from site; delete from orchestra.change')
      const ids = await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          unitOfWork({}, async (unit) => {
            await wrapped.query('insert into site (id, domain) values ($1, $2)', [index, 'a'])
            const client = await wrapped.connect()
            await client.query('begin')
            await client.query(`update site set domain = 'b' where id = ${index}`)
            await client.query(index % 3 === 0 ? 'rollback' : 'commit')
            client.release()
            return unit.id
          }),
        ),
      )
      await small.end()
      const written = await changes(store)
      expect(written).toHaveLength(100)
      for (const row of written) expect(row.unit_id).toBe(ids[Number(row.keys[0]?.[0])])
    }
  }, 30_000)

  test('the forms of `query` answer as those of the plain pool', async () => {
    const forms = (on: pg.Pool) => [
      on.query('select 1 as one'),
      on.query({ text: 'select $1::int as one', values: [1], rowMode: 'array' }),
      on.query({ text: 'select $1::int8 as one' }, [1]),
      on.query('select 1 as one; select 2 as two'),
      on.query({ text: 'select 1 as one', types: { getTypeParser: () => () => 'parsed' } }),
      on.query(''),
      on.query({ text: 'select 1/0' }).catch((error) => error.code),
      callback((done) => on.query('select 1 as one', done)),
      callback((done) => on.query('select $1::int as one', [1], done)),
      callback((done) => on.query({ text: 'select 1 as one' }, done)),
      callback((done) => on.query('selec', done)).catch((error) => error.code),
    ]
    const expected = await Promise.all(forms(plain))
    const seen = await unitOfWork({}, () => Promise.all(forms(pool)))
    expect(seen.map(comparable)).toEqual(expected.map(comparable))
    await unitOfWork({}, async () => {
      const client = await pool.connect()
      expect(() => client.query(null as never)).toThrow(TypeError)
      client.release()
    })
  })

  if (way === 'through PgBouncer') return

  test('named statements are prepared once, and are bound each time', async () => {
    const text = 'insert into site (id, domain) values ($1, $2)'
    const id = await withClient(async (client) => {
      for (const key of [1, 2, 3]) await client.query({ name: 'add', text, values: [key, 'a'] })
      if (kind === 'postgres')
        expect((await client.query('select name from pg_prepared_statements')).rows).toEqual([
          { name: 'add' },
        ])
      await client.query('begin')
      await client.query({ name: 'add', text, values: [4, 'a'] })
      await client.query('commit')
      for (const key of [5, 6]) {
        await client.query({ name: 'begin', text: 'begin' })
        await client.query('set transaction isolation level serializable')
        await client.query({ name: 'add', text, values: [key, 'a'] })
        await client.query({ name: 'commit', text: 'commit' })
      }
      await expect(client.query({ name: 'add', text: 'select 1' })).rejects.toThrow(/must be unique/)
    })
    expect(await keysOf(id)).toEqual(['1', '2', '3', '4', '5', '6'])
  })

  test('a function that an application put before `query` is called', async () => {
    const seen: unknown[] = []
    await withClient(async (client) => {
      const { query } = client
      client.query = ((...args: unknown[]) => {
        seen.push(args[0])
        return Reflect.apply(query, client, args)
      }) as typeof query
      await client.query('select 1')
      client.query = query
      await client.query('select 2')
    })
    expect(seen).toEqual(['select 1'])
  })

  if (kind === 'pglite') return

  test('a procedure that commits works, and so does what wants to be alone', async () => {
    await store.query(`create procedure two(first int) language plpgsql as $$ begin
      insert into site (id, domain) values (first, 'a'); commit;
      insert into site (id, domain) values (first + 1, 'a'); end $$`)
    const id = await withClient(async (client) => {
      await client.query('call two(1)')
      await client.query('call two($1)', [3])
      await client.query(`do $$ begin ${insert(5)}; commit; ${insert(6)}; end $$`)
      for (const text of [
        'vacuum site',
        'reindex table concurrently site',
        'create index concurrently on site (domain)',
        'drop index concurrently if exists some_index',
        'drop database if exists alone',
        `alter system set work_mem = '5MB'`,
        'alter system reset work_mem',
        'discard all',
        'cluster',
        'begin isolation level serializable',
        'rollback',
        'listen somewhere',
      ]) {
        await client.query(text)
        await client.query({ text, queryMode: 'extended' } as pg.QueryConfig)
      }
      await client.query('begin')
      await expect(client.query('vacuum site')).rejects.toMatchObject({ code: '25001' })
      await client.query('rollback')
      await client.query(insert(7))
    })
    expect(await sites()).toEqual(['1', '2', '3', '4', '5', '6', '7'])
    expect(await keysOf(id)).toEqual(['7'])
  }, 60_000)

  test('a timeout, a refused statement and a lost connection leave a pool that works', async () => {
    const id = await unitOfWork({}, async (unit) => {
      const client = await pool.connect()
      await client.query('set statement_timeout = 50')
      await expect(client.query('select pg_sleep(60)')).rejects.toMatchObject({ code: '57014' })
      await client.query('set statement_timeout = 0')
      await client.query(insert(1))
      client.release()
      const killed = pool.query('select pg_terminate_backend(pg_backend_pid())')
      await expect(killed).rejects.toThrow()
      const other = await pool.connect()
      other.on('error', () => undefined)
      await other.query('begin')
      await other.query(insert(2))
      await expect(other.query('select pg_terminate_backend(pg_backend_pid())')).rejects.toThrow()
      other.release(true)
      await pool.query(insert(3))
      return unit.id
    })
    expect(await keysOf(id)).toEqual(['1', '3'])
  })

  test('writes no warning to the server', async () => {
    const notices: unknown[] = []
    await withClient(async (client) => {
      client.on('notice', (notice) => notices.push(notice.message))
      await client.query(insert(1))
      await client.query('insert into site (id, domain) values ($1, $2)', [2, 'a'])
      await client.query('truncate site_alias')
      await client.query({ text: 'truncate site_alias', queryMode: 'extended' } as pg.QueryConfig)
      await client.query('begin')
      await client.query('insert into site (id, domain) values ($1, $2)', [3, 'a'])
      await client.query('commit')
      await client.query('')
    })
    expect(notices).toEqual([])
  })

  describe('of a client that pipelines', () => {
    test('is bound and stays the application’s, also when nobody waits for answers', async () => {
      const client = wrapClient(new pg.Client({ connectionString: store.databaseUrl, pipeline: true }))
      await client.connect()
      const values = 'insert into site (id, domain) values ($1, $2)'
      const id = await unitOfWork({}, async (unit) => {
        const sent = [
          client.query('begin'),
          client.query(insert(1)),
          client.query('do $$ begin perform 1; end $$'),
          client.query(values, [2, 'a']),
          client.query('rollback'),
          client.query(values, [3, 'a']),
          client.query('begin isolation level serializable'),
          client.query('show transaction_isolation'),
          client.query(values, [4, 'a']),
          client.query('savepoint one'),
          client.query('select 1/0'),
          client.query(values, [5, 'a']),
          client.query('rollback to one'),
          client.query(values, [6, 'a']),
          client.query('commit'),
          client.query(insert(7)),
          client.query('select $1::int as n', [8]),
        ]
        const results = await Promise.allSettled(sent)
        expect(results.map(({ status }) => status === 'rejected').indexOf(true)).toBe(10)
        expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(2)
        expect(results[7]).toMatchObject({ value: { rows: [{ transaction_isolation: 'serializable' }] } })
        expect(results[16]).toMatchObject({ value: { rows: [{ n: 8 }] } })
        return unit.id
      })
      await client.end()
      expect(await sites()).toEqual(['3', '4', '6', '7'])
      expect(await keysOf(id)).toEqual(['3', '4', '6', '7'])
    })

    test('stays with its unit beside those of others', async () => {
      const piped = new pg.Pool({ connectionString: store.databaseUrl, max: 2, pipeline: true })
      const wrapped = wrapPool(piped)
      const ids = await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          unitOfWork({}, async (unit) => {
            const values = [index, 'a']
            await Promise.all([
              wrapped.query('insert into site (id, domain) values ($1, $2)', values),
              wrapped.query(`insert into site (id, domain) values (${1000 + index}, 'a')`),
            ])
            return unit.id
          }),
        ),
      )
      await piped.end()
      for (const row of await changes(store)) expect(row.unit_id).toBe(ids[Number(row.keys[0]?.[0]) % 1000])
      expect(await changes(store)).toHaveLength(120)
    })

    test('runs procedures that commit and what wants to be alone', async () => {
      await store.query(`create procedure two() language plpgsql as $$ begin
        insert into site (id, domain) values (1, 'a'); commit; insert into site (id, domain) values (2, 'a'); end $$`)
      const client = wrapClient(new pg.Client({ connectionString: store.databaseUrl, pipeline: true }))
      await client.connect()
      await unitOfWork({}, () =>
        Promise.all([client.query('call two()'), client.query('vacuum site'), client.query(insert(3))]),
      )
      await client.end()
      expect(await sites()).toEqual(['1', '2', '3'])
    })
  })
}

function callback(call: (done: (error: Error | null, result: unknown) => void) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    call((error, result) => (error ? reject(error) : resolve(result)))
  })
}

/** What of an answer does not differ between two calls. */
function comparable(result: unknown): unknown {
  if (Array.isArray(result)) return result.map(comparable)
  if (!(result instanceof pg.Result)) return result
  const { command, rowCount, rows, fields } = result
  return { command, rowCount, rows, names: fields.map(({ name }) => name) }
}

/** A COPY as `pg-copy-streams` sends it. */
function copyIn(client: pg.PoolClient, text: string, data: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let connection: { sendCopyFromChunk(data: Buffer): void; endCopyFrom(): void }
  client.query({
    text,
    submit: (given: typeof connection & { query(text: string): void }) => {
      connection = given
      given.query(text)
    },
    handleCopyInResponse: () => {
      connection.sendCopyFromChunk(Buffer.from(data))
      connection.endCopyFrom()
    },
    handleCommandComplete: () => undefined,
    handleReadyForQuery: () => resolve(),
    handleError: reject,
  } as unknown as pg.Submittable)
  return promise
}
