import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import Fastify from 'fastify'
import type pg from 'pg'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import {
  collect,
  currentUnit,
  expressUnits,
  fastifyUnits,
  installCapture,
  unitOfWork,
  wrapPool,
} from '../../src/capture/index.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { type ChangeRow, changes, openPool, site, siteTables } from './support.ts'

describeStores('a unit that is over', (open) => {
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

  const insert = (id: number) => `insert into site (id, domain) values (${id}, 'a')`

  async function unitsOf(...ids: number[]): Promise<ChangeRow[]> {
    const rows = await changes(store)
    return ids.flatMap((id) => rows.filter(({ keys }) => keys.some(([key]) => key === String(id))))
  }

  /** Writes three sites when it is told to, in the context of whoever made it. */
  function leftover(first: number): { go: () => Promise<void> } {
    const told = Promise.withResolvers<void>()
    const done = told.promise.then(async () => {
      await pool.query(insert(first))
      await pool.query('insert into site (id, domain) values ($1, $2)', [first + 1, 'a'])
      const client = await pool.connect()
      await client.query('begin')
      await client.query(insert(first + 2))
      await client.query('savepoint one')
      await client.query(insert(first + 3))
      await client.query('rollback to one')
      await client.query(`update site set domain = 'b' where id = ${first + 2}`)
      await client.query('commit')
      client.release()
      expect(currentUnit()).toBeUndefined()
    })
    return {
      go: () => {
        told.resolve()
        return done
      },
    }
  }

  async function expectOwnUnits(first: number, over: string, who: Partial<ChangeRow>): Promise<void> {
    const rows = await unitsOf(first, first + 1, first + 2)
    expect(rows).toHaveLength(4)
    for (const row of rows) expect(row).toMatchObject(who)
    const units = rows.map(({ unit_id }) => unit_id)
    expect(units).not.toContain(over)
    expect(new Set(units).size).toBe(3)
  }

  test('gets nothing of what outlives it: each transaction is a unit of its own, with the actor and source', async () => {
    const { late, id } = await unitOfWork({ actor: 'eva', source: 'job' }, async (unit) => {
      await pool.query(insert(1))
      return { late: leftover(10), id: unit.id }
    })
    await late.go()
    await expectOwnUnits(10, id, { actor: 'eva', source: 'job' })
    expect(await unitsOf(1)).toMatchObject([{ unit_id: id }])
  })

  test('keeps the rest of a transaction that it began', async () => {
    const told = Promise.withResolvers<void>()
    const { rest, id } = await unitOfWork({}, async (unit) => {
      const client = await pool.connect()
      await client.query('begin')
      await client.query(insert(1))
      const rest = told.promise.then(async () => {
        await client.query('savepoint one')
        await client.query(insert(2))
        await client.query('rollback to one')
        await client.query(insert(3))
        await client.query('commit')
        await client.query(insert(4))
        client.release()
      })
      return { rest, id: unit.id }
    })
    told.resolve()
    await rest
    expect(await unitsOf(1, 2, 3)).toMatchObject([{ unit_id: id }, { unit_id: id }])
    expect((await unitsOf(4))[0]?.unit_id).not.toBe(id)
  })

  test('is over when its work has failed, or has answered at once', async () => {
    let late: { go: () => Promise<void> } | undefined
    await expect(
      unitOfWork({ actor: 'eva' }, async () => {
        late = leftover(10)
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    await late?.go()
    await expectOwnUnits(10, '', { actor: 'eva' })
    expect(() =>
      unitOfWork({}, () => {
        late = leftover(20)
        throw new Error('at once')
      }),
    ).toThrow('at once')
    await late?.go()
    const { id, again } = unitOfWork({}, (unit) => ({ id: unit.id, again: leftover(30) }))
    await again.go()
    await expectOwnUnits(30, id, {})
  })

  test('began and ended with a query builder runs it in the unit, and once', async () => {
    const ran: (string | undefined)[] = []
    const builder = {
      // biome-ignore lint/suspicious/noThenProperty: as query builders have it
      then: (resolve: (value: string) => void) => {
        ran.push(currentUnit()?.id)
        pool.query(insert(1)).then(() => resolve('done'))
      },
    }
    const id = '0f9e3c4a-7a51-4a6e-9df5-1f2a36f00c11'
    expect(await unitOfWork({ id }, () => builder)).toBe('done')
    expect(ran).toEqual([id])
    expect(await unitsOf(1)).toMatchObject([{ unit_id: id }])
  })

  test('gets no more of what is collected either, and a new unit can begin in its context', async () => {
    const told = Promise.withResolvers<void>()
    const { late, id } = await unitOfWork({ actor: 'eva' }, async (unit) => ({
      id: unit.id,
      late: told.promise.then(async () => {
        const collected = await collect(store, { model: 'site', keys: [['1']] })
        return { collected, inner: await unitOfWork({}, async (inner) => inner.id) }
      }),
    }))
    told.resolve()
    const { collected, inner } = await late
    expect(new Set([id, collected, inner]).size).toBe(3)
  })

  test('is that of a request whose response has been sent', async () => {
    const late: { go: () => Promise<void> }[] = []
    const handle = async (first: number) => {
      await pool.query(insert(first))
      late.push(leftover(first + 10))
    }

    const app = express()
    app.use(expressUnits({ actor: () => 'eva' }))
    app.post('/jobs', async (_request, response) => {
      await handle(100)
      response.sendStatus(202)
    })
    const server = app.listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo

    const fastify = Fastify()
    fastifyUnits(fastify, { actor: () => 'eva' })
    fastify.post('/jobs', async () => {
      await handle(200)
      return 'later'
    })
    const url = await fastify.listen({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => fastify.close())

    for (const [first, where] of [
      [100, `http://127.0.0.1:${port}`],
      [200, url],
    ] as const) {
      const response = await fetch(`${where}/jobs`, { method: 'POST', headers: { connection: 'close' } })
      await response.text()
      const unit = response.headers.get('orchestra-unit') ?? ''
      expect(await unitsOf(first)).toMatchObject([{ unit_id: unit, actor: 'eva', source: 'POST /jobs' }])
      await late.shift()?.go()
      await expectOwnUnits(first + 10, unit, { actor: 'eva', source: 'POST /jobs' })
    }
  })
})
