import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { fingerprint } from '../../src/methods/index.ts'
import { sh } from '../../src/script/index.ts'
import { approveKey } from '../../src/server/index.ts'
import { migrate, openStore, type Store } from '../../src/store/index.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { until } from '../support/processes.ts'
import { addSshServer } from '../support/ssh-servers.ts'
import { describeSshd, type Sshd, startSshd } from '../support/sshd.ts'
import { testKey } from '../support/stores.ts'
import { buildWorld, siteFilesWith, type World, type WorldOptions } from '../support/world.ts'

describeSshd('lanes over ssh', () => {
  let postgres: PostgresServer
  let sshd: Sshd
  let proxy: FaultProxy
  let opened: { world: World; store: Store }[] = []

  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.stop())

  afterEach(async () => {
    for (const { world, store } of opened) {
      await world.close()
      await store.close()
    }
    opened = []
    await proxy.stop()
    await sshd.stop()
  })

  /** A world with a server behind a proxy. */
  async function build(options: WorldOptions = {}): Promise<World> {
    sshd = await startSshd()
    proxy = await startFaultProxy(sshd.port)
    const directory = await mkdtemp(join(tmpdir(), 'orchestra-key-'))
    const store = await openStore({ databaseUrl: await postgres.database(), directory, key: testKey })
    await rm(directory, { recursive: true })
    await migrate(store)
    const world = await buildWorld(store, {
      servers: [],
      ...options,
      worker: { timeouts: { connect: 2_000, idle: 2_000, total: 20_000 }, ...options.worker },
    })
    opened.push({ world, store })
    await addSshServer(world, sshd, 'far', proxy.port)
    for (const backend of world.config.backends.keys()) await world.route(backend, 'far')
    return world
  }

  const lane = async (world: World) => {
    const [row] = await world.store.query<{ blocked_outcome: string | null; blocked_reason: string | null }>(
      `select l.* from orchestra.lane l join orchestra.server s on s.id = l.server_id where s.name = 'far'`,
    )
    return row
  }

  it('wait for an unreachable server without burning an attempt, and cost no other server anything', async () => {
    const world = await build({ servers: ['near'] })
    await proxy.refuse()
    proxy.cutNow()
    await world.work()
    await world.store.query(`insert into site (id) values (1)`)
    await until('the near one is done', async () => '1' in (await world.files('near')))
    await until('the far one was tried twice', async () => {
      const rows = await world.store.query<{ attempt: number }>(
        `select attempt from orchestra.lane where blocked_outcome = 'unreachable'`,
      )
      return (rows[0]?.attempt ?? 0) >= 2
    })
    await until('it waits as if it had never been tried', async () =>
      (await world.operations()).some((one) => one.outcome === 'unreachable' && one.attempt === 0),
    )
    const before = performance.now()
    await world.store.query(`update site set body = 'again'`)
    await until('the near one is done again', async () => (await world.files('near'))['1'] === 'a.org again')
    expect(performance.now() - before).toBeLessThan(2_000)
    await proxy.accept()
    await world.calm()
    expect(await world.files('far')).toEqual(await world.wanted())
    expect((await world.operations()).filter((one) => one.state === 'done' && one.attempt !== 1)).toEqual([])
    await until('the lane is free', async () => (await lane(world))?.blocked_reason === null)
  })

  it('let a silent server cost nobody else its timeout', async () => {
    const world = await build({ servers: ['near'] })
    proxy.set({ kind: 'hang' })
    await world.work()
    await world.store.query(`insert into site (id) values (1)`)
    await until('the near one is done', async () => '1' in (await world.files('near')))
    await until('the far one is tried', () => proxy.accepted > 0)
    const before = performance.now()
    await world.store.query(`update site set body = 'again'`)
    await until('it is done again', async () => (await world.files('near'))['1'] === 'a.org again')
    expect(performance.now() - before).toBeLessThan(1_200)
    expect(await lane(world)).toMatchObject({ blocked_outcome: null })
    await until('the far one gave up', async () => (await lane(world))?.blocked_outcome === 'unreachable')
    proxy.set({ kind: 'none' })
    proxy.cutNow()
    await world.calm()
  })

  it('send nothing to a server whose host key changed, and go on when the new one is approved', async () => {
    const world = await build()
    await sshd.rotateHostKey()
    await world.work()
    await world.store.query(`insert into site (id) values (1)`)
    await until('the lane is blocked', async () => (await lane(world))?.blocked_outcome === 'unreachable')
    expect((await lane(world))?.blocked_reason).toMatch(/host key/i)
    expect(await sshd.log()).not.toContain('Accepted publickey')
    const key = await sshd.hostKey()
    await until(
      'the key is shown',
      async () =>
        (await world.store.query(`select from orchestra.server where presented_key = $1`, [key])).length ===
        1,
    )
    await approveKey(world.store, 'far', fingerprint(key), { by: 'test' })
    await world.calm()
    expect(await world.files('far')).toEqual(await world.wanted())
  })

  it('ask the server what became of a script whose connection was cut, and run nothing twice', async () => {
    const world = await build({
      backends: [
        siteFilesWith({ save: (script, site) => script.run(sh`echo ${site.id} >>runs; sleep 0.05`) }),
      ],
    })
    await world.work()
    await world.store.query(`insert into site (id) select n from generate_series(1, 20) n`)
    await until(
      'it runs',
      async () => (await world.store.query(`select from orchestra.log where state = 'STARTED'`)).length === 1,
    )
    proxy.cutNow()
    await world.calm()
    const [runs] = await world.store.query<{ count: number }>('select count(*) from orchestra.log')
    expect(runs?.count).toBe(1)
    const [log] = await world.store.query('select state, error from orchestra.log')
    expect(log).toEqual({
      state: 'SUCCESS',
      error: 'the worker or the connection was lost; the server kept the results',
    })
  })

  it.each([
    ['hangs after accept', { kind: 'hang' }],
    ['cuts in the middle of the script', { kind: 'cut', direction: 'input', after: 4_000 }],
    ['cuts in the middle of the output', { kind: 'cut', direction: 'output', after: 2_500 }],
  ] as const)('heal after a network that %s', async (_, fault) => {
    const world = await build()
    proxy.set(fault)
    await world.work()
    await world.store.query(`insert into site (id) select n from generate_series(1, 200) n`)
    await until('it was tried', async () => (await lane(world))?.blocked_outcome !== null)
    proxy.set({ kind: 'none' })
    proxy.cutNow()
    await world.calm()
    expect(await world.files('far')).toEqual(await world.wanted())
    expect(await world.store.query('select from orchestra.log where ended_at is null')).toEqual([])
  })

  it('tell what is wrong with a name that resolves to nothing', async () => {
    const world = await build()
    await world.store.query(`update orchestra.server set host = 'nowhere.invalid' where name = 'far'`)
    await world.work()
    await world.store.query(`insert into site (id) values (1)`)
    await until('the lane is blocked', async () => (await lane(world))?.blocked_outcome === 'unreachable')
    expect((await lane(world))?.blocked_reason).toContain('nowhere.invalid')
  })

  it('are recorded whatever a server greets with', async () => {
    const world = await build()
    const rude = createServer((socket) => socket.end('\0\xff\ud800 go away\r\n')).listen(0, '127.0.0.1')
    await until('it listens', () => rude.listening)
    const address = rude.address()
    await world.store.query(`update orchestra.server set port = $1 where name = 'far'`, [
      typeof address === 'object' ? address?.port : 0,
    ])
    await world.work()
    await world.store.query(`insert into site (id) values (1)`)
    await until('the lane is blocked', async () => (await lane(world))?.blocked_outcome === 'unreachable')
    rude.close()
  })
})
