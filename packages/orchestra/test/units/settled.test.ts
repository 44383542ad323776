import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import fastify from 'fastify'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { sh } from '../../src/script/index.ts'
import { holdServer } from '../../src/server/index.ts'
import { application } from '../support/application.ts'
import { describeStores } from '../support/stores.ts'
import { siteFilesWith, useWorlds } from '../support/world.ts'

interface Answer {
  unit: string
  body: { state: string; operations: { object: string; outcome: string }[] }
}

function put(port: number, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ port, path, method: 'PUT', host: '127.0.0.1' }, async (response) => {
      const parts: Buffer[] = []
      for await (const part of response) parts.push(part as Buffer)
      resolve({
        unit: String(response.headers['orchestra-unit']),
        body: JSON.parse(String(Buffer.concat(parts))),
      })
    })
    call.on('error', reject).end()
  })
}

describeStores('unit.settled()', (open, kind) => {
  const build = useWorlds(open)

  it('answers when everything has succeeded', async () => {
    const world = await build()
    await world.work()
    const { orchestra, pool } = await application(world)
    const status = await orchestra.unitOfWork(async (unit) => {
      await pool.query('insert into site (id) values (1), (2)')
      return unit.settled({ timeout: 20_000 })
    })
    expect(status.state).toBe('settled')
    expect(status.operations.map(({ object, outcome }) => `${object} ${outcome}`)).toEqual([
      'site:1 success',
      'site:2 success',
    ])
  })

  it('says at once that nothing was changed, and why', async () => {
    const world = await build()
    const { orchestra, pool } = await application(world)
    await world.store.query('create table unwatched (id int)')
    const other = new pg.Pool({ connectionString: world.store.databaseUrl })
    other.on('error', () => undefined)
    const cases: [work: () => Promise<unknown>, why: RegExp][] = [
      [async () => undefined, /sent nothing to the database/],
      [() => other.query('insert into site (id) values (1)'), /another pool was used/],
      [() => pool.query('insert into unwatched values (1)'), /one statement ran.*of no model/],
      [() => pool.query(`update site set plan = plan`), /one statement ran.*stayed as they were/],
      [() => pool.query('begin; insert into site (id) values (2); rollback'), /rolled back/],
    ]
    for (const [work, why] of cases) {
      const status = await orchestra.unitOfWork(
        async (unit) => {
          await work()
          return unit.settled({ timeout: 20_000 })
        },
        { actor: 'eva', source: 'job' },
      )
      expect(status).toMatchObject({ state: 'untouched', actor: 'eva', source: 'job', operations: [] })
      expect(status.error).toMatch(why)
    }
    await other.end()
  })

  // PGlite's one session belongs to the open transaction.
  if (kind === 'postgres')
    it('says that a transaction is still open', async () => {
      const world = await build()
      const { orchestra, pool } = await application(world)
      const client = await pool.connect()
      const status = await orchestra.unitOfWork(async (unit) => {
        await client.query('begin; insert into site (id) values (1)')
        return unit.settled({ timeout: 20_000 })
      })
      await client.query('rollback')
      client.release()
      expect(status).toMatchObject({ state: 'untouched', operations: [] })
      expect(status.error).toMatch(/still open: ask after its commit/)
    })

  it('answers for a unit that is over', async () => {
    const world = await build()
    await world.work()
    const { orchestra, pool } = await application(world)
    const over = await orchestra.unitOfWork(async (unit) => {
      await pool.query('insert into site (id) values (1)')
      return unit
    })
    expect(await over.settled({ timeout: 20_000 })).toMatchObject({
      state: 'settled',
      operations: [{ object: 'site:1', outcome: 'success' }],
    })
    expect(orchestra.currentUnit()).toBeUndefined()
  })

  it('tells object by object what failed, with the end of its output', async () => {
    const world = await build()
    await world.work()
    const { orchestra, pool } = await application(world)
    const status = await orchestra.unitOfWork(async (unit) => {
      await pool.query(`insert into site (id, body) values (1, 'fail'), (2, 'good')`)
      return unit.settled({ timeout: 20_000 })
    })
    expect(status.state).toBe('failing')
    expect(status.operations).toMatchObject([
      {
        object: 'site:1',
        outcome: 'failure',
        error: 'exit status 3: no such thing',
        outputTail: 'no such thing\n',
      },
      { object: 'site:2', outcome: 'success', outputTail: null },
    ])
  })

  it('tells of a server that does not answer', async () => {
    const world = await build()
    await world.store.query(`update orchestra.server set method = 'ssh', host = '127.0.0.1', port = 1`)
    await world.work()
    const { orchestra, pool } = await application(world)
    const status = await orchestra.unitOfWork(async (unit) => {
      await pool.query('insert into site (id) values (1)')
      return unit.settled({ timeout: 20_000 })
    })
    expect(status).toMatchObject({ state: 'failing', operations: [{ waitsFor: { kind: 'server-blocked' } }] })
  })

  it('tells at its timeout what is still open', async () => {
    const world = await build({ backends: [siteFilesWith({ save: (script) => script.run(sh`sleep 2`) })] })
    await world.work()
    const { orchestra, pool } = await application(world)
    const before = performance.now()
    const status = await orchestra.unitOfWork(async (unit) => {
      await pool.query('insert into site (id) values (1)')
      return unit.settled({ timeout: 300 })
    })
    expect(performance.now() - before).toBeLessThan(1_900)
    expect(['collecting', 'pending']).toContain(status.state)
  })

  it('ends with the later change that its operation carried', async () => {
    const world = await build()
    await holdServer(world.store, 'here', { by: 'test', reason: 'r' })
    const { orchestra, pool } = await application(world)
    const first = await orchestra.unitOfWork(async (unit) => {
      await pool.query('insert into site (id) values (1)')
      return unit
    })
    await world.collect()
    const later = await orchestra.unitOfWork(async (unit) => {
      await pool.query(`update site set body = 'later'`)
      return unit
    })
    await world.collect()
    await world.store.query('update orchestra.server set held_at = null')
    await world.work()
    const status = await first.settled({ timeout: 20_000 })
    expect(status).toMatchObject({
      state: 'settled',
      operations: [{ outcome: 'success', supersededBy: null, carriedBy: later.id }],
    })
    expect(await later.settled()).toMatchObject({
      state: 'settled',
      operations: [{ outcome: 'success', carriedBy: null }],
    })
  })
})

describeStores('a request', (open) => {
  const build = useWorlds(open)

  it('of Express is one unit, which its answer names and its handler may wait for', async () => {
    const world = await build()
    await world.work()
    const { orchestra, pool } = await application(world)
    const app = express()
    app.use(orchestra.express({ actor: () => 'anna' }))
    app.put('/sites/:id', async (call, response) => {
      await pool.query('insert into site (id) values ($1)', [call.params.id])
      await pool.query(`update site set body = 'twice' where id = $1`, [call.params.id])
      response.json(await orchestra.currentUnit()?.settled({ timeout: 20_000 }))
    })
    const server = app.listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    const { unit, body } = await put((server.address() as AddressInfo).port, '/sites/7?token=x')
    expect(body).toMatchObject({ id: unit, actor: 'anna', source: 'PUT /sites/7', state: 'settled' })
    expect(body.operations).toMatchObject([{ object: 'site:7', outcome: 'success' }])
    expect((await world.files())['7']).toBe('a.org twice')
  })

  it('of Fastify is one unit, which its answer names and its handler may wait for', async () => {
    const world = await build()
    await world.work()
    const { orchestra, pool } = await application(world)
    const app = fastify()
    orchestra.fastify(app)
    app.put<{ Params: { id: string } }>('/sites/:id', async (call) => {
      await pool.query('insert into site (id) values ($1)', [call.params.id])
      return orchestra.currentUnit()?.settled({ timeout: 20_000 })
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => app.close())
    const { unit, body } = await put((app.server.address() as AddressInfo).port, '/sites/8')
    expect(body).toMatchObject({ id: unit, source: 'PUT /sites/8', state: 'settled' })
    expect(body.operations).toMatchObject([{ object: 'site:8', outcome: 'success' }])
  })
})
