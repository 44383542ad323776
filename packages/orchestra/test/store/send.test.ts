import { expect, it } from 'vitest'
import { send } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'

describeStores('a statement whose answer nobody needs', (open) => {
  const build = async () => {
    const store = await open()
    await store.query('create table t (id int primary key)')
    await store.query('insert into t values (1)')
    return store
  }

  it('runs before what is asked behind it, and is committed with it', async () => {
    const store = await build()
    const seen = await store.transaction(async (tx) => {
      await send(tx, 'insert into t values ($1)', [2])
      await send(tx, 'update t set id = id * 10')
      return tx.query('select id from t order by id')
    })
    expect(seen).toEqual([{ id: 10 }, { id: 20 }])
    await send(store, 'delete from t where id = 10')
    expect(await store.query('select id from t')).toEqual([{ id: 20 }])
  })

  it('fails the commit where it fails, which undoes all', async () => {
    const store = await build()
    const broken = store.transaction(async (tx) => {
      await send(tx, 'insert into t values (2)')
      await send(tx, 'insert into t values (1)')
      await send(tx, 'insert into t values (3)')
    })
    await expect(broken).rejects.toMatchObject({ code: '23505' })
    expect(await store.query('select id from t')).toEqual([{ id: 1 }])
  })

  it('is what is told, and not that what came behind it could not run', async () => {
    const store = await build()
    const broken = store.transaction(async (tx) => {
      await send(tx, 'insert into t values (1)')
      await tx.query('select 1')
    })
    await expect(broken).rejects.toMatchObject({ code: '23505' })
  })

  it('may come behind a transaction that could not begin, which nothing else does', async () => {
    const store = await build()
    const broken = store.transaction(
      async (tx) => {
        await tx.query('select id from t for update')
        await tx.query('insert into t values (2)')
      },
      { opening: 'select 1 / 0', first: 'harmless' },
    )
    await expect(broken).rejects.toMatchObject({ code: '22012' })
    expect(await store.query('select id from t')).toEqual([{ id: 1 }])
  })
})
