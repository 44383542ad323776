import { expect, it } from 'vitest'
import { assertMigrated, migrate, openStore, schemaVersion, storedVersion } from '../../src/store/index.ts'
import { describeStores, testKey } from '../support/stores.ts'

describeStores('migrations', (open, kind) => {
  it('bring an empty database up to date, once', async () => {
    const store = await open()
    await store.query('drop schema orchestra cascade')
    expect(await storedVersion(store)).toBe(0)
    await expect(assertMigrated(store)).rejects.toMatchObject({
      code: 'ORC_STORE_OUTDATED',
      hint: expect.stringContaining('orchestra up'),
    })
    const all = Array.from({ length: schemaVersion }, (_, index) => index + 1)
    expect(await migrate(store)).toEqual(all)
    expect(await migrate(store)).toEqual([])
    expect(await storedVersion(store)).toBe(schemaVersion)
    await assertMigrated(store)
  })

  it('are applied once when several start together', async () => {
    const store = await open()
    await store.query('drop schema orchestra cascade')
    const others =
      kind === 'postgres'
        ? await Promise.all(
            [1, 2, 3].map(() => openStore({ databaseUrl: store.databaseUrl, key: testKey, connections: 2 })),
          )
        : []
    try {
      const applied = await Promise.all([store, store, store, ...others].map((each) => migrate(each)))
      expect(applied.flat().toSorted((one, other) => one - other)).toEqual(
        Array.from({ length: schemaVersion }, (_, index) => index + 1),
      )
    } finally {
      await Promise.all(others.map((other) => other.close()))
    }
  })

  if (kind === 'postgres')
    it('say what keeps them when another transaction has the schema for long', async () => {
      const store = await open()
      await store.query('drop schema orchestra cascade')
      await store.transaction(async (tx) => {
        await tx.query('create schema orchestra')
        await expect(migrate(store, 100)).rejects.toMatchObject({
          code: 'ORC_STORE_IN_USE',
          hint: expect.stringContaining('pg_stat_activity'),
        })
      })
    })

  it('leave a database alone that a newer Orchestra has migrated', async () => {
    const store = await open()
    await store.query('insert into orchestra.migration (version) values ($1)', [schemaVersion + 1])
    const newer = { code: 'ORC_STORE_OUTDATED', message: expect.stringContaining('newer') }
    await expect(migrate(store)).rejects.toMatchObject(newer)
    await expect(assertMigrated(store)).rejects.toMatchObject(newer)
  })

  it('that fail leave nothing behind', async () => {
    const store = await open()
    await store.query('drop schema orchestra cascade; create schema orchestra; create sequence orchestra.log')
    await expect(migrate(store)).rejects.toThrow('already exists')
    expect(await storedVersion(store)).toBe(0)
    const [row] = await store.query(`select to_regclass('orchestra.server') as found`)
    expect(row).toEqual({ found: null })
  })
})
