import pg, * as namespace from 'pg'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { installCapture, unitOfWork, wrapClient, wrapDriver, wrapPool } from '../../src/capture/index.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { changes, site, siteTables } from './support.ts'

describeStores('the wrapped driver', (open) => {
  let store: Store
  const driver = wrapDriver(pg)
  const insert = (id: number) => `insert into site (id, domain) values (${id}, 'a')`

  beforeEach(async () => {
    store = await open()
    await store.query(siteTables)
    await installCapture(store, [site])
  })

  function ending<Pool extends pg.Pool>(pool: Pool): Pool {
    pool.on('error', () => undefined)
    onTestFinished(() => pool.end())
    return pool
  }

  test('makes pools and clients that carry the unit', async () => {
    const pool = ending(new driver.Pool({ connectionString: store.databaseUrl, max: 2 }))
    const client = new driver.Client(store.databaseUrl)
    await client.connect()
    await unitOfWork({ actor: 'eva' }, async () => {
      await pool.query(insert(1))
      await new Promise<void>((resolve, reject) => {
        pool.connect((error, connected, release) => {
          if (connected === undefined) return reject(error)
          connected.query(insert(2), (failure) => {
            release()
            if (failure) reject(failure)
            else resolve()
          })
        })
      })
      const pooled = await pool.connect()
      await pooled.query('begin')
      await pooled.query(insert(3))
      await pooled.query('commit')
      pooled.release()
      await client.query(insert(4))
    })
    await client.end()
    const rows = await changes(store)
    expect(rows).toHaveLength(4)
    expect(new Set(rows.map(({ unit_id }) => unit_id)).size).toBe(1)
    for (const row of rows) expect(row.actor).toBe('eva')
    expect(pool).toBeInstanceOf(pg.Pool)
    expect(client).toBeInstanceOf(pg.Client)
  })

  test('has classes that can be extended, also with fields of their own', async () => {
    class OwnPool extends driver.Pool {
      readonly #name = 'own'
      get label(): string {
        return this.#name
      }
    }
    class OwnClient extends driver.Client {
      #sent = 0
      get sent(): number {
        return this.#sent
      }
      count(): void {
        this.#sent++
      }
    }
    const pool = ending(
      new OwnPool({ connectionString: store.databaseUrl, Client: OwnClient as never, max: 1 }),
    )
    const id = await unitOfWork({}, async (unit) => {
      const client = (await pool.connect()) as pg.PoolClient & OwnClient
      client.count()
      expect(client.sent).toBe(1)
      await client.query(insert(1))
      client.release()
      return unit.id
    })
    expect(pool.label).toBe('own')
    expect(await changes(store)).toMatchObject([{ unit_id: id }])
  })

  test('is the same module in everything else', () => {
    expect(driver.types).toBe(pg.types)
    expect(driver.Query).toBe(pg.Query)
    expect(Object.keys(driver)).toEqual(Object.keys(pg))
    const imported = wrapDriver(namespace as unknown as typeof pg & { default: typeof pg })
    expect(imported.default.Pool).toBe(imported.Pool)
    expect(imported.Pool).not.toBe(pg.Pool)
    expect({ ...driver }.Client).toBe(driver.Client)
  })

  test('has pools that can be wrapped once more', async () => {
    const pool = wrapPool(ending(new driver.Pool({ connectionString: store.databaseUrl, max: 1 })))
    const id = await unitOfWork({}, async (unit) => {
      await pool.query(insert(1))
      const client = await pool.connect()
      await wrapClient(client).query(insert(2))
      client.release()
      return unit.id
    })
    expect(await changes(store)).toMatchObject([{ unit_id: id }, { unit_id: id }])
  })

  test('offers nothing over libpq, and refuses its clients and what is no driver', async () => {
    expect(driver.native).toBeNull()
    class NativeClient {
      query(): void {}
      release(): void {}
    }
    expect(() => wrapClient(new NativeClient() as never)).toThrow(/not one of the `pg` driver/)
    const pool = { connect: async () => new NativeClient() } as unknown as pg.Pool
    await expect(wrapPool(pool).connect()).rejects.toMatchObject({ code: 'ORC_USAGE' })
    expect(() => wrapDriver(new pg.Pool() as never)).toThrow(/other than the module/)
  })
})
