import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { retry } from '../../src/manager/retry.ts'
import { unitStatus } from '../../src/placements/index.ts'
import { listUnits } from '../../src/placements/unit-list.ts'
import { application } from '../support/application.ts'
import { Happenings } from '../support/happenings.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

/** What a trigger writes while somebody is logged in. */
async function write(world: World, unit: string, login: string | null, id: number): Promise<void> {
  await world.store.query('insert into site (id) values ($1) on conflict do nothing', [id])
  await world.store.query('delete from orchestra.change where unit_id <> $1', [unit])
  await world.store.query(
    `insert into orchestra.change (unit_id, actor, login, model, keys)
     values ($1, 'alice', $2, 'site', jsonb_build_array(jsonb_build_array($3::text)))`,
    [unit, login, id],
  )
}

describeStores('who was logged in', (open, kind) => {
  const build = useWorlds(open)

  it('is kept beside the actor of a unit, also when the unit is collected in pieces', async () => {
    const world = await build()
    const unit = randomUUID()
    const logins = async () => (await unitStatus(world.store, unit))?.logins
    const events = new Happenings(world.store)
    await events.begin()
    await write(world, unit, 'shop', 1)
    await write(world, unit, 'app', 1)
    expect(await logins()).toEqual(['app', 'shop'])
    await world.collect()
    expect(await logins()).toEqual(['app', 'shop'])
    expect(await events.next()).toMatchObject([{ event: 'unit', actor: 'alice', logins: ['app', 'shop'] }])
    await write(world, unit, 'batch', 2)
    expect(await logins()).toEqual(['app', 'batch', 'shop'])
    await world.collect()
    expect(await unitStatus(world.store, unit)).toMatchObject({
      actor: 'alice',
      logins: ['app', 'batch', 'shop'],
    })
    expect(await listUnits(world.store)).toMatchObject([{ id: unit, logins: ['app', 'batch', 'shop'] }])
  })

  it('is nobody where Orchestra itself looks at something again, or nothing is known', async () => {
    const world = await build()
    const unit = randomUUID()
    await write(world, unit, null, 1)
    await world.collect()
    expect(await unitStatus(world.store, unit)).toMatchObject({ actor: 'alice', logins: [] })
    await world.work()
    await world.calm()
    await retry(world.store, { kind: 'object', model: 'site', key: '1' }, 'bob')
    await world.calm()
    expect((await listUnits(world.store)).map(({ source, logins }) => [source, logins])).toEqual([
      ['retry', []],
      [null, []],
    ])
  })

  it('is told by settled()', async () => {
    const world = await build()
    await world.work()
    const { orchestra, pool } = await application(world)
    const status = await orchestra.unitOfWork(
      async (unit) => {
        await pool.query('insert into site (id) values (1)')
        return unit.settled({ timeout: 20_000 })
      },
      { actor: 'alice' },
    )
    expect(status).toMatchObject({ actor: 'alice', logins: ['postgres'] })
  })

  if (kind === 'postgres') {
    it('is the login, whatever actor a transaction names and whatever role it has taken on', async () => {
      const world = await build()
      await world.store.query(`
        do $$ begin create role clerk login password 'clerk'; exception when duplicate_object then null; end $$;
        grant insert, select on site to clerk; grant usage on schema public to clerk`)
      const client = new pg.Client(world.store.databaseUrl.replace('postgres:postgres@', 'clerk:clerk@'))
      await client.connect()
      onTestFinished(() => client.end())
      await client.query(
        `begin; set local orchestra.actor = 'alice'; insert into site (id) values (1); commit`,
      )
      await world.collect()
      expect(await listUnits(world.store)).toMatchObject([{ actor: 'alice', logins: ['clerk'] }])
    })
  }
})
