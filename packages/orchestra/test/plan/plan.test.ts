import postgres from 'postgres'
import { expect, it } from 'vitest'
import { readScript } from '../../src/logs/index.ts'
import { disableRoute } from '../../src/router/index.ts'
import { application } from '../support/application.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

/** What differs between two renderings of one script: its run, its token and its fence. */
function withoutRun(script: string): string {
  return script
    .split('\n')
    .filter((line) => !/^o_begin /.test(line) && !/^# end /.test(line))
    .join('\n')
}

describeStores('unit.plan()', (open, kind) => {
  const build = useWorlds(open)

  // It reads no URL of a unix socket.
  if (kind === 'postgres')
    it('reads through a transaction of postgres.js', async () => {
      const world = await build()
      const { orchestra } = await application(world)
      const sql = orchestra.sql(postgres(world.store.databaseUrl))
      await orchestra.unitOfWork((unit) =>
        sql.begin(async (transaction) => {
          await transaction`insert into site (id, domain) values (1, 'a.org')`
          expect((await unit.plan()).operations).toMatchObject([{ kind: 'create', object: 'site:1' }])
          await transaction`delete from site where id = 1`
          expect((await unit.plan()).operations).toEqual([])
          await transaction`insert into site (id, domain) values (2, '')`
          await expect(unit.plan()).rejects.toMatchObject({ code: 'ORC_OBJECT_INVALID' })
        }),
      )
      await sql.end()
    })

  it('shows before the commit what will run, and writes nothing', async () => {
    const world = await build()
    const { orchestra, pool } = await application(world)
    const plan = await orchestra.unitOfWork(async (unit) => {
      const client = await pool.connect()
      await client.query('begin')
      await client.query(`insert into site (id, domain, body) values (1, 'a.org', 'seen')`)
      const shown = await unit.plan()
      await client.query('rollback')
      client.release()
      return shown
    })
    expect(plan.operations).toEqual([
      {
        kind: 'create',
        server: 'here',
        backend: 'files',
        action: 'save',
        object: 'site:1',
        identity: 'a.org',
        previousIdentity: null,
        revision: null,
        differences: null,
        waitsFor: null,
        obstacle: null,
      },
    ])
    expect(plan.scripts[0]?.script).toContain('a.org seen')
    await world.collect()
    expect(await world.operations()).toEqual([])
  })

  it('shows the script that then runs', async () => {
    const world = await build()
    const { orchestra, pool } = await application(world)
    const plan = await orchestra.unitOfWork(async (unit) => {
      const client = await pool.connect()
      await client.query('begin')
      await client.query(`insert into site (id, body) values (1, 'one'), (2, 'two')`)
      const shown = await unit.plan()
      await client.query('commit')
      client.release()
      return shown
    })
    await world.work()
    await world.calm()
    const [log] = await world.store.query<{ id: number }>('select id from orchestra.log')
    const ran = await readScript(world.store, log?.id ?? 0)
    expect(withoutRun(ran)).toBe(withoutRun(plan.scripts[0]?.script ?? ''))
    expect(withoutRun(ran)).toContain('two')
  })

  it('refuses an object that cannot be applied, by name and reason', async () => {
    const world = await build()
    const { orchestra, pool } = await application(world)
    await orchestra.unitOfWork(async (unit) => {
      const client = await pool.connect()
      await client.query('begin')
      await client.query(`insert into site (id, domain) values (1, 'a.org'), (2, '')`)
      await expect(unit.plan()).rejects.toMatchObject({
        code: 'ORC_OBJECT_INVALID',
        message: expect.stringMatching(
          /^1 of these changes cannot be applied:\nsite:2: site:2 does not fit its schema: domain/,
        ),
      })
      await client.query('rollback')
      client.release()
    })
  })

  it('tells what only a disabled route leads to', async () => {
    const world = await build({ servers: [] })
    await world.addDirectoryServer('here')
    const route = await world.route('files', 'here')
    await disableRoute(world.store, route.id, { by: 'test' })
    const { orchestra, pool } = await application(world)
    const plan = await orchestra.unitOfWork(async (unit) => {
      const client = await pool.connect()
      await client.query('begin')
      await client.query(`insert into site (id) values (1)`)
      const shown = await unit.plan()
      await client.query('rollback')
      client.release()
      return shown
    })
    expect(plan.operations).toMatchObject([{ waitsFor: 'only disabled routes lead there' }])
    expect(plan.scripts).toEqual([])
  })

  it('needs a transaction to look into', async () => {
    const world = await build()
    const { orchestra } = await application(world)
    await expect(orchestra.unitOfWork((unit) => unit.plan())).rejects.toMatchObject({ code: 'ORC_USAGE' })
  })
})
