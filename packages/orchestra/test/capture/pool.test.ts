import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  collect,
  currentUnit,
  installCapture,
  unitOfWork,
  wrapClient,
  wrapPool,
} from '../../src/capture/index.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { type ChangeRow, changes, openPool, site, siteTables } from './support.ts'

describeStores('a wrapped pool', (open) => {
  let store: Store
  let plain: pg.Pool
  let pool: pg.Pool

  beforeEach(async () => {
    store = await open()
    await store.query(siteTables)
    await installCapture(store, [site])
    plain = openPool(store.databaseUrl)
    pool = wrapPool(plain)
  })

  afterEach(() => plain.end())

  async function unitOf(id: number): Promise<ChangeRow | undefined> {
    return (await changes(store)).find(({ keys }) => keys.some(([key]) => key === String(id)))
  }

  const insert = (id: number) => `insert into site (id, domain) values (${id}, 'a')`

  test('makes one unit of all transactions and single statements of one call', async () => {
    const id = await unitOfWork({ actor: 'eva', source: 'job' }, async (unit) => {
      await pool.query(insert(1))
      await pool.query('insert into site (id, domain) values ($1, $2)', [2, 'b'])
      await pool.query({
        text: 'update site set domain = $1 where id = $2',
        values: ['c', 1],
        rowMode: 'array',
      })
      const client = await pool.connect()
      await client.query('BEGIN')
      await client.query('set transaction isolation level serializable')
      const isolation = await client.query('show transaction_isolation')
      expect(isolation.rows).toEqual([{ transaction_isolation: 'serializable' }])
      await client.query(insert(3))
      await client.query('COMMIT')
      client.release()
      return unit.id
    })
    const rows = await changes(store)
    expect(rows).toHaveLength(4)
    for (const row of rows) expect(row).toMatchObject({ unit_id: id, actor: 'eva', source: 'job' })
  })

  test('answers as the pool does', async () => {
    await unitOfWork({}, async () => {
      const inserted = await pool.query<{ id: string }>(
        'insert into site (id, domain) values ($1, $2) returning id',
        [1, 'a'],
      )
      expect(inserted).toMatchObject({ command: 'INSERT', rowCount: 1, rows: [{ id: '1' }] })
      const begun = await pool.connect()
      expect(await begun.query('begin')).toMatchObject({ command: 'BEGIN' })
      await begun.query('rollback')
      begun.release()
      await expect(pool.query(insert(1))).rejects.toMatchObject({ code: '23505' })
      expect(await pool.query('select 1 as one')).toMatchObject({ rows: [{ one: 1 }] })
    })
    expect(pool).toBeInstanceOf(pg.Pool)
    expect(pool.totalCount).toBe(plain.totalCount)
  })

  test('works with callbacks, and keeps their caller in its unit', async () => {
    const seen = await unitOfWork({ actor: 'callbacks' }, (unit) => {
      const { promise, resolve, reject } = Promise.withResolvers<(string | undefined)[]>()
      pool.query(insert(1), (error) => {
        if (error) return reject(error)
        pool.connect((failure, client, release) => {
          if (failure || client === undefined) return reject(failure)
          client.query('begin', () => {
            client.query({ text: 'insert into site (id, domain) values ($1, $2)', values: [2, 'b'] }, () => {
              client.query('update site set domain = $1', ['c'], () =>
                client.query('commit', () => {
                  release()
                  resolve([unit.id, currentUnit()?.id])
                }),
              )
            })
          })
        })
      })
      return promise
    })
    expect(seen[0]).toBe(seen[1])
    for (const row of await changes(store))
      expect(row).toMatchObject({ unit_id: seen[0], actor: 'callbacks' })
    expect(await changes(store)).toHaveLength(3)
  })

  test('keeps units apart that share its connections', async () => {
    const ids = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((id) =>
        unitOfWork({}, async (unit) => {
          await pool.query(insert(id))
          await pool.query(`update site set domain = 'b' where id = ${id}`)
          return unit.id
        }),
      ),
    )
    for (const [index, id] of ids.entries()) expect((await unitOf(index + 1))?.unit_id).toBe(id)
    await pool.query(insert(10))
    expect(ids).not.toContain((await unitOf(10))?.unit_id)
  })

  test('leaves nothing of a unit on the connection', async () => {
    await unitOfWork({ actor: 'eva' }, () => pool.query(insert(1)))
    const { rows } = await plain.query(
      `select current_setting('orchestra.unit_of_work', true) as unit, current_setting('orchestra.actor', true) as actor`,
    )
    expect(rows[0].unit || null).toBeNull()
    expect(rows[0].actor || null).toBeNull()
  })

  test('binds a transaction that was begun before the unit, and again after going back to a savepoint', async () => {
    const client = await pool.connect()
    await client.query('begin')
    const id = await unitOfWork({}, async (unit) => {
      await client.query('savepoint one')
      await client.query(insert(1))
      await client.query('rollback to one')
      await client.query(insert(2))
      await client.query('commit and chain')
      await client.query(insert(3))
      await client.query('commit')
      return unit.id
    })
    client.release()
    expect(await unitOf(1)).toBeUndefined()
    expect((await unitOf(2))?.unit_id).toBe(id)
    expect((await unitOf(3))?.unit_id).toBe(id)
  })

  test('runs statements in the order of the calls, also when nobody waits between them', async () => {
    await unitOfWork({}, async (unit) => {
      const client = await pool.connect()
      const results = await Promise.all([
        client.query('begin'),
        client.query(insert(1)),
        client.query(`update site set domain = 'z'`),
        client.query('select domain from site'),
        client.query('commit'),
        client.query(insert(2)),
        client.query('select count(*)::int as count from site'),
      ])
      client.release()
      expect(results[3]?.rows).toEqual([{ domain: 'z' }])
      expect(results[6]?.rows).toEqual([{ count: 2 }])
      for (const row of await changes(store)) expect(row.unit_id).toBe(unit.id)
    })
  })

  test('a refused statement or commit rejects, leaves nothing and breaks no connection', async () => {
    await store.query('alter table site_alias add unique (domain) deferrable initially deferred')
    await store.query(insert(1))
    await unitOfWork({}, async () => {
      await expect(pool.query('insert into site (id, domain) values (9, null)')).rejects.toMatchObject({
        code: '23502',
      })
      const twice = `insert into site_alias (site_id, domain) values (1, 'same'), (1, 'same')`
      await expect(pool.query(twice)).rejects.toMatchObject({ code: '23505' })
      const client = await pool.connect()
      await expect(client.query('insert into nowhere values (1)')).rejects.toMatchObject({ code: '42P01' })
      await client.query(insert(2))
      client.release()
    })
    expect((await changes(store)).flatMap(({ keys }) => keys)).toEqual([['1'], ['2']])
  })

  test('several statements in one text are one unit, with or without their own transaction', async () => {
    const id = await unitOfWork({}, async (unit) => {
      await pool.query(`${insert(1)}; ${insert(2)}`)
      await pool.query(`begin; ${insert(3)}; commit`)
      const client = await pool.connect()
      await client.query(`begin; ${insert(4)}`)
      await client.query(`${insert(5)}; commit`)
      client.release()
      return unit.id
    })
    for (const site of [1, 2, 3, 4, 5]) expect((await unitOf(site))?.unit_id).toBe(id)
  })

  test('a query object inside a transaction belongs to the unit', async () => {
    const id = await unitOfWork({}, async (unit) => {
      const client = await pool.connect()
      await client.query('begin')
      const query = client.query(new pg.Query(insert(1)))
      await new Promise((resolve, reject) => query.on('end', resolve).on('error', reject))
      await client.query('commit')
      client.release()
      return unit.id
    })
    expect((await unitOf(1))?.unit_id).toBe(id)
  })

  test('a pool that is wrapped twice behaves as one wrapped once', async () => {
    await unitOfWork({}, async (unit) => {
      const client = await wrapPool(pool).connect()
      expect(await client.query('begin')).toMatchObject({ command: 'BEGIN' })
      await client.query(insert(1))
      await client.query('commit')
      client.release()
      await wrapPool(pool).query(insert(2))
      expect(await changes(store)).toMatchObject([{ unit_id: unit.id }, { unit_id: unit.id }])
    })
  })

  test('a client that a library makes itself can be wrapped', async () => {
    const client = wrapClient(new pg.Client(store.databaseUrl))
    await client.connect()
    const id = await unitOfWork({}, async (unit) => {
      await client.query(insert(1))
      return unit.id
    })
    await client.end()
    expect((await unitOf(1))?.unit_id).toBe(id)
  })

  test('an inner unit joins the outer', async () => {
    await unitOfWork({ actor: 'outer' }, async (outer) => {
      await unitOfWork({ actor: 'inner' }, async (inner) => expect(inner).toBe(outer))
    })
    expect(currentUnit()).toBeUndefined()
    expect(() => unitOfWork({ id: 'mine' }, () => undefined)).toThrow(/uuid/)
  })

  test('a unit knows the connections on which it has written and not committed', async () => {
    await unitOfWork({}, async (unit) => {
      const client = await pool.connect()
      await client.query('begin')
      await client.query(insert(1))
      const [reader, ...others] = unit.openClients
      expect(others).toEqual([])
      const seen = await reader?.query('select id from orchestra.change where unit_id = $1', [unit.id])
      expect(seen?.rows).toHaveLength(1)
      await client.query('rollback')
      expect(unit.openClients.size).toBe(0)
      client.release()
      const piped = wrapClient(new pg.Client({ connectionString: store.databaseUrl, pipeline: true }))
      await piped.connect()
      await Promise.all([piped.query(insert(2)), piped.query('begin'), piped.query(insert(3))])
      expect(unit.openClients.size).toBe(1)
      await piped.query('commit')
      expect(unit.openClients.size).toBe(0)
      await piped.end()
    })
  })

  test('collect records in the transaction and the unit of its caller', async () => {
    const id = await unitOfWork({ actor: 'eva' }, async () => {
      const client = await pool.connect()
      const db = {
        query: async (text: string, values?: readonly unknown[]) =>
          (await client.query(text, [...(values ?? [])])).rows,
      }
      await client.query('begin')
      await collect(db as Store, { model: 'site', keys: [['1'], ['2']], action: 'renew' })
      await client.query('rollback')
      const collected = await collect(store, {
        model: 'site',
        keys: [['3']],
        action: 'renew',
        payload: { days: 3 },
      })
      client.release()
      return collected
    })
    const free = await collect(store, { model: 'site', keys: [['4', 'x']] })
    expect(free).not.toBe(id)
    expect(await changes(store)).toMatchObject([
      { unit_id: id, actor: 'eva', action: 'renew', keys: [['3']], payload: { days: 3 } },
      { unit_id: free, actor: 'postgres', action: 'save', keys: [['4', 'x']], payload: null },
    ])
    await expect(collect(store, { model: 'site', keys: [] })).rejects.toMatchObject({ code: 'ORC_USAGE' })
    const twice = { model: 'site', keys: [['1'], ['2']], payload: {} }
    await expect(collect(store, twice)).rejects.toMatchObject({ code: 'ORC_USAGE' })
  })
})
