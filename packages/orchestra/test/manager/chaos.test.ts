import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Model } from '../../src/index.ts'
import { migrate, openStore } from '../../src/store/index.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { untilWithin } from '../support/processes.ts'
import { seed } from '../support/seed.ts'
import { addSshServer } from '../support/ssh-servers.ts'
import { describeSshd, type Sshd, startSshd } from '../support/sshd.ts'
import { testKey } from '../support/stores.ts'
import { startWorker, type WorkerProcess } from '../support/worker-process.ts'
import { buildWorld, Site, type World } from '../support/world.ts'
import { chaosBackend } from './chaos-config.ts'

/** Milliseconds of load and trouble. */
const STORM = 30_000
const servers = ['one', 'two', 'three']
const program = join(import.meta.dirname, 'chaos-worker.ts')

/** Runs are alike: the seed decides who does what next, though not how long it takes. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describeSshd('chaos', () => {
  let postgres: PostgresServer
  let sshd: Sshd
  let world: World
  let proxies: FaultProxy[]

  beforeAll(async () => {
    postgres = await startPostgres()
    sshd = await startSshd({ config: ['MaxStartups 100'] })
    const store = await openStore({
      databaseUrl: await postgres.database(),
      directory: sshd.directory,
      key: testKey,
    })
    await migrate(store)
    world = await buildWorld(store, { servers: [], models: [Site as Model], backends: [chaosBackend] })
    proxies = []
    for (const name of servers) {
      const proxy = await startFaultProxy(sshd.port)
      proxies.push(proxy)
      await addSshServer(world, sshd, name, proxy.port)
      await world.route('files', name)
    }
  })

  afterAll(async () => {
    await world?.close()
    await world?.store.close()
    for (const proxy of proxies ?? []) await proxy.stop()
    await sshd?.stop()
    await postgres?.stop()
  })

  /** Writers that change rows until they are told to stop; answers how many changes they committed. */
  async function write(random: (below: number) => number, signal: AbortSignal): Promise<number> {
    let committed = 0
    for (; !signal.aborted; committed++) {
      const id = random(60)
      const body = `b${random(1e9)}`
      const kind = random(10)
      if (kind < 6)
        await world.store.query(
          `insert into site (id, body) values ($1, $2) on conflict (id) do update set body = excluded.body`,
          [id, body],
        )
      else if (kind < 8) await world.store.query('delete from site where id = $1', [id])
      else await world.store.query('update site set body = $1 where id % 7 = $2', [body, id % 7])
      await sleep(random(60))
    }
    return committed
  }

  async function trouble(proxy: FaultProxy, random: (below: number) => number): Promise<void> {
    const kind = random(6)
    if (kind === 0) proxy.cutNow()
    else if (kind === 1) proxy.set({ kind: 'cut', direction: 'output', after: random(3_000) })
    else if (kind === 2) proxy.set({ kind: 'cut', direction: 'input', after: random(20_000) })
    else if (kind === 3) proxy.set({ kind: 'hang' })
    else if (kind === 4) await sshd.killSessions()
    else await proxy.refuse()
    await sleep(random(1_500))
    if (kind === 5) await proxy.accept()
    proxy.set({ kind: 'none' })
    proxy.cutNow()
  }

  function overlaps(notes: string): string[] {
    const found: string[] = []
    let current: string | undefined
    const over = new Set<string>()
    for (const line of notes.trim().split('\n')) {
      const [word, run = ''] = line.split(' ')
      if (word === 'begin') {
        if (current !== undefined) over.add(current)
        current = run
      } else if (over.has(run) || current !== run) found.push(line)
      else current = undefined
    }
    return found
  }

  it('ends with hosts equal to the database, and with no two scripts at once on any of them', async () => {
    const random = randomFrom(seed)
    const workers: WorkerProcess[] = [await startWorker(world, program), await startWorker(world, program)]
    const storm = new AbortController()
    const writers = [write(randomFrom(seed + 1), storm.signal), write(randomFrom(seed + 2), storm.signal)]
    const end = Date.now() + STORM
    let killed = 0
    while (Date.now() < end) {
      await sleep(random(1_200))
      if (random(3) > 0) await trouble(proxies[random(3)] as FaultProxy, random)
      else {
        const victim = random(2)
        await workers[victim]?.kill()
        workers[victim] = await startWorker(world, program)
        killed += 1
      }
    }
    storm.abort()
    const committed = (await Promise.all(writers)).reduce((sum, one) => sum + one)
    const calmStart = Date.now()
    await world.calm(45_000)
    console.log(`${committed} changes, ${killed} workers killed, calm after ${Date.now() - calmStart} ms`)
    for (const worker of workers) await worker.stop()

    const wanted = await world.wanted()
    for (const server of servers) {
      expect(await world.files(server)).toEqual(wanted)
      expect(overlaps(await readFile(join(world.directory, server, 'notes'), 'utf8'))).toEqual([])
    }
    const [left] = await world.store.query(`select
      (select count(*) from orchestra.log where ended_at is null) as open_logs,
      (select count(*) from orchestra.operation o where o.state = 'superseded' and not exists (
        select from orchestra.operation n where n.id = o.superseded_by)) as lost,
      (select count(*) from orchestra.placement where state <> 'applied') as unsettled,
      (select count(*) from orchestra.placement) as placements`)
    const placements = Object.keys(wanted).length * servers.length
    expect(left).toEqual({ open_logs: 0, lost: 0, unsettled: 0, placements })
  }, 150_000)

  it('takes the lane of a killed worker over within 15 seconds', async () => {
    const dead = await startWorker(world, program)
    await world.store.query(`insert into site (id, body) values (1000, '')`)
    await world.calm()
    const held = `update orchestra.lane set owner = $1, expires_at = now() + interval '10 seconds'`
    await untilWithin(5_000, 'the worker owns every lane', async () => {
      const lanes = await world.store.query(`select 1 from orchestra.lane where owner = $1`, [dead.id])
      return lanes.length === servers.length
    })
    const heir = await startWorker(world, program)
    await dead.kill()
    const killedAt = Date.now()
    // The latest moment at which it may have renewed its leases.
    await world.store.query(held, [dead.id])
    await world.store.query(`update site set body = 'after' where id = 1000`)
    await world.calm(15_000)
    console.log(`taken over after ${Date.now() - killedAt} ms`)
    expect(Date.now() - killedAt).toBeLessThan(15_000)
    expect(await world.files('one')).toEqual(await world.wanted())
    await heir.stop()
  }, 60_000)
})
