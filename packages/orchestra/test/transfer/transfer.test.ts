import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { cancel, retry } from '../../src/manager/index.ts'
import type { CopyLimits } from '../../src/script/transfer.ts'
import { holdServer, releaseServer } from '../../src/server/index.ts'
import { listTransfers } from '../../src/transfer/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { startWorker, type WorkerProcess } from '../support/worker-process.ts'
import { useWorlds, type World } from '../support/world.ts'
import {
  dataConfig,
  dataOn,
  dataSites,
  domainSites,
  heldSave,
  notesOn,
  routeByPlan,
  writeData,
} from './data-sites.ts'

const program = join(import.meta.dirname, 'transfer-worker.ts')
const data = { '1/index.html': 'hello', '1/sub/odd\nname ünd $x': 'odd\0bytes' }
const until = (what: string, holds: () => boolean | Promise<boolean>) => untilWithin(20_000, what, holds)

describeStores('data that moves with its object', (open, kind) => {
  const makeWorld = useWorlds(open)

  async function world(backend = dataSites, copy: Partial<CopyLimits> = {}): Promise<World> {
    const made = await makeWorld({ servers: [], backends: [backend], worker: { ...dataConfig.worker, copy } })
    for (const server of ['old', 'new']) await made.addDirectoryServer(server)
    await routeByPlan(made)
    return made
  }

  /** A site with data on the old server, and a worker. */
  async function placedWorld(copy: Partial<CopyLimits> = {}): Promise<World> {
    const made = await world(dataSites, copy)
    await made.work()
    await made.store.query(`insert into site (id) values (1)`)
    await made.calm()
    await writeData(made, 'old', data)
    return made
  }

  async function worker(made: World): Promise<WorkerProcess> {
    const started = await startWorker(made, program)
    onTestFinished(() => started.kill())
    return started
  }

  const move = (made: World) => made.store.query(`update site set plan = 'premium'`)
  const flag = (made: World, server: string, name: string, content = '') =>
    writeFile(join(made.directory, server, name), content)
  const unflag = (made: World, server: string, name: string) =>
    rm(join(made.directory, server, name), { force: true })
  const ended = (made: World) =>
    until('the transfer has ended', async () => (await listTransfers(made.store)).length === 0)
  const rows = (made: World) =>
    made.store.query<{
      step: string
      outcome: string | null
      attempt: number
      error: string | null
      bytes: number
    }>('select step, outcome, attempt, error, bytes from orchestra.transfer order by id')

  /** What was told of transfers, in order. */
  const told = async (made: World) =>
    (
      await made.store.query<{ kind: string; transfer: number; outcome: string | null }>(
        `select kind, (detail ->> 'transfer')::int as transfer, detail ->> 'outcome' as outcome from orchestra.event
         where kind like 'transfer-%' order by id`,
      )
    ).map(({ kind, transfer, outcome }) => [kind, transfer, outcome])

  it('is copied, verified and switched before the old place goes', async () => {
    const made = await placedWorld()
    await move(made)
    await ended(made)
    await made.calm()
    expect(await dataOn(made, 'new')).toEqual(data)
    expect(await dataOn(made, 'old')).toEqual({})
    expect(await made.files('old')).toEqual({})
    expect(await notesOn(made, 'old')).toEqual(['dump', 'original', 'delete'])
    expect(await notesOn(made, 'new')).toEqual(['restore', 'restored', 'switch'])
    expect(await rows(made)).toMatchObject([{ step: 'done', outcome: 'success', attempt: 1, error: null }])
    expect((await rows(made))[0]?.bytes).toBeGreaterThan(0)
    expect(await told(made)).toEqual([['transfer-ended', 1, 'success']])
    expect(made.errors).toEqual([])
  })

  it('leaves a log of each script, and no lane takes it for its own', async () => {
    const made = await placedWorld()
    await move(made)
    await ended(made)
    await made.calm()
    const logs = await made.store.query<{ script: string; state: string }>(
      `select script, state from orchestra.log where script like '%o_transfer%' order by id`,
    )
    expect(logs.map((log) => log.state)).toEqual(Array(5).fill('SUCCESS'))
    expect(logs.map((log) => log.script).join()).toContain('tar -C data')
    expect(logs.map((log) => log.script).join()).toContain('«secret:output-token»')
  })

  const megabyte = 2 ** 20
  /** A file that no compression and no hole makes smaller, in an archive that goes on for ever. */
  const endless = `tar -C data/1 -cf - .; exec cat /dev/zero`

  for (const [limit, copy, broken, text] of [
    ['bytes', { bytes: 3 * megabyte }, { dump: endless }, 'brought more than 3 MiB'],
    ['time', { total: 1_500 }, { dump: 'while echo; do sleep 0.05; done' }, 'took longer than 1.5 s'],
    ['words', {}, { restore: 'head -c 20M /dev/zero >&2' }, 'printed more than 16 MiB beside the data'],
    ['words of verify', {}, { original: 'exec cat /dev/zero' }, 'printed more than 16 MiB beside the data'],
  ] as const)
    it(`stops at the limit of ${limit}, leaves nothing of it on the new server, and rests long`, async () => {
      const made = await placedWorld(copy)
      for (const [command, content] of Object.entries(broken))
        await flag(made, command === 'restore' ? 'new' : 'old', `broken-${command}`, content)
      await move(made)
      await until('it was stopped', async () => (await listTransfers(made.store))[0]?.nextTry != null)
      const [transfer] = await listTransfers(made.store)
      expect(transfer?.error).toMatch(/^ORC_COPY_LIMIT: /)
      expect(transfer?.error).toContain(text)
      expect(transfer?.error).toContain('orchestra retry')
      expect(Date.parse(transfer?.nextTry ?? '')).toBeGreaterThan(Date.now() + 20 * 60_000)
      expect(await dataOn(made, 'old')).toEqual(data)
      if (limit !== 'words of verify') expect(await dataOn(made, 'new')).toEqual({})
      for (const command of Object.keys(broken)) {
        await unflag(made, 'old', `broken-${command}`)
        await unflag(made, 'new', `broken-${command}`)
      }
      await retry(made.store, { kind: 'object', model: 'site', key: '1' }, 'test')
      await ended(made)
      await made.calm()
      expect(await dataOn(made, 'new')).toEqual(data)
    })

  it('waits for the new place, and says so', async () => {
    const made = await placedWorld()
    await holdServer(made.store, 'new', { by: 'test', reason: 'a test' })
    await move(made)
    await until('the transfer is listed', async () => (await listTransfers(made.store)).length > 0)
    const [transfer] = await listTransfers(made.store)
    expect(transfer).toMatchObject({
      object: 'site:1',
      from: 'old',
      to: 'new',
      step: 'copy',
      running: false,
      attempt: 0,
      waitsFor: 'the server new is held',
    })
    expect(await dataOn(made, 'old')).toEqual(data)
    await releaseServer(made.store, 'new', { by: 'test' })
    await ended(made)
    await made.calm()
    expect(await dataOn(made, 'new')).toEqual(data)
  })

  it('shows how far it is', async () => {
    const made = await placedWorld()
    await flag(made, 'new', 'hold-switch')
    await move(made)
    await until('it switches', async () => (await notesOn(made, 'new')).includes('switch'))
    const [transfer] = await listTransfers(made.store)
    expect(transfer).toMatchObject({ step: 'switch', running: true, attempt: 1, error: null, waitsFor: null })
    expect(transfer?.bytes).toBeGreaterThan(10_000)
    await unflag(made, 'new', 'hold-switch')
    await ended(made)
  })

  for (const [command, server, said] of [
    ['dump', 'old', 'dump on old ended with status 7: it broke'],
    ['restore', 'new', 'restore on new ended with status 7: it broke'],
    ['original', 'old', 'verify on old ended with status 7: it broke'],
    ['restored', 'new', 'verify on new ended with status 7: it broke'],
    ['switch', 'new', 'switch on new ended with status 7: it broke'],
  ] as const)
    it(`removes nothing while ${command} fails, shows why, and goes on when it works`, async () => {
      const made = await placedWorld()
      await flag(made, server, `broken-${command}`, 'echo it broke >&2; exit 7')
      await move(made)
      await until('it has failed twice', async () => ((await rows(made))[0]?.attempt ?? 0) > 1)
      await until('the error shows', async () => (await listTransfers(made.store))[0]?.error === said)
      expect(await dataOn(made, 'old')).toEqual(data)
      expect(await notesOn(made, 'old')).not.toContain('delete')
      await unflag(made, server, `broken-${command}`)
      await ended(made)
      await made.calm()
      expect(await dataOn(made, 'new')).toEqual(data)
      expect(await dataOn(made, 'old')).toEqual({})
    })

  it('copies again when what arrived is not what was sent, and says what differs', async () => {
    const made = await placedWorld()
    await flag(made, 'new', 'broken-restored', 'echo changed >data/.new.1/index.html')
    await move(made)
    await until('the difference shows', async () =>
      ((await listTransfers(made.store))[0]?.error ?? '').startsWith(
        'the restored data is not the same: line',
      ),
    )
    expect(await notesOn(made, 'new')).not.toContain('switch')
    expect(await dataOn(made, 'old')).toEqual(data)
    await unflag(made, 'new', 'broken-restored')
    await ended(made)
    expect(await dataOn(made, 'new')).toEqual(data)
    const dumps = (await notesOn(made, 'old')).filter((note) => note === 'dump')
    expect(dumps.length).toBeGreaterThan(1)
  })

  it('is tried at once when somebody asks', async () => {
    const made = await placedWorld()
    await flag(made, 'new', 'broken-switch', 'exit 7')
    await move(made)
    await until('it has failed', async () => typeof (await rows(made))[0]?.error === 'string')
    await unflag(made, 'new', 'broken-switch')
    await until('it rests for long', async () => {
      const resting = await made.store.query(
        `update orchestra.transfer set due_at = now() + interval '1 hour' where owner is null returning id`,
      )
      return resting.length === 1
    })
    expect((await listTransfers(made.store))[0]?.nextTry).toEqual(expect.any(String))
    await retry(made.store, { kind: 'object', model: 'site', key: '1' }, 'test')
    await ended(made)
    expect(await dataOn(made, 'new')).toEqual(data)
  })

  it('is not overwritten by a first try elsewhere that ends later: that stays, and is shown', async () => {
    const slow = { ...dataSites, save: heldSave }
    const made = await world(slow)
    await flag(made, 'old', 'hold-save')
    await made.store.query(`insert into site (id) values (1)`)
    await made.work()
    await until('it is being made', async () => (await notesOn(made, 'old')).includes('save'))
    await move(made)
    const standsOnNew = `select from orchestra.placement p join orchestra.server s on s.id = p.server_id
      where s.name = 'new' and p.state = 'applied'`
    await until('it stands elsewhere', async () => (await made.store.query(standsOnNew)).length > 0)
    await writeData(made, 'new', data)
    await unflag(made, 'old', 'hold-save')
    await made.calm()
    const [end] = await made.store.query<{ error: string }>(
      `select error from orchestra.operation where action = 'delete'`,
    )
    expect(end?.error).toContain('this copy stays: several of its copies have data')
    expect(await dataOn(made, 'new')).toEqual(data)
    expect((await rows(made)).every(({ outcome }) => outcome === 'cancelled')).toBe(true)
  })

  it('stops on both servers when the object goes back, and removes nothing', async () => {
    const made = await placedWorld()
    await flag(made, 'old', 'hold-dump')
    await move(made)
    await until('it copies', async () => (await notesOn(made, 'old')).includes('dump'))
    await made.store.query(`update site set plan = 'basic'`)
    await ended(made)
    await made.calm()
    expect(await rows(made)).toMatchObject([{ outcome: 'cancelled' }])
    expect(await told(made)).toEqual([['transfer-ended', 1, 'cancelled']])
    expect(await dataOn(made, 'old')).toEqual(data)
    expect(await notesOn(made, 'old')).not.toContain('delete')
    await until('both ends have ended', async () => {
      const [row] = await made.store.query<{ open: number }>(
        `select count(*)::int as open from orchestra.log where script like '%o_transfer%' and state = 'ABORTED'`,
      )
      return row?.open === 2
    })
  })

  for (const command of ['restore', 'original', 'restored', 'switch'])
    it(`arrives under the name that its object got during ${command}`, async () => {
      const made = await world(domainSites)
      await made.work()
      await made.store.query(`insert into site (id, domain) values (1, 'a')`)
      await made.calm()
      await writeData(made, 'old', { 'a/index.html': 'hello' })
      const server = command === 'original' ? 'old' : 'new'
      await flag(made, server, `hold-${command}`)
      await move(made)
      await until(`${command} has begun`, async () => (await notesOn(made, server)).includes(command))
      await made.store.query(`update site set domain = 'b'`)
      if (command !== 'switch')
        await until('it has its new name', async () => 'b' in (await made.files('new')))
      await unflag(made, server, `hold-${command}`)
      await ended(made)
      await made.calm()
      expect(await dataOn(made, 'new')).toEqual({ 'b/index.html': 'hello' })
      expect(await dataOn(made, 'old')).toEqual({})
      expect(made.errors).toEqual([])
    })

  it('arrives once the object has the name again that it was copied under', async () => {
    const made = await world(domainSites)
    await made.work()
    await made.store.query(`insert into site (id, domain) values (1, 'a')`)
    await made.calm()
    await writeData(made, 'old', { 'a/index.html': 'hello' })
    await flag(made, 'new', 'hold-restored')
    await move(made)
    await until('it is verified', async () => (await notesOn(made, 'new')).includes('restored'))
    for (const name of ['b', 'a']) {
      await made.store.query('update site set domain = $1', [name])
      await until('it has its new name', async () => name in (await made.files('new')))
    }
    await unflag(made, 'new', 'hold-restored')
    await ended(made)
    await made.calm()
    expect(await dataOn(made, 'new')).toEqual({ 'a/index.html': 'hello' })
    expect(await dataOn(made, 'old')).toEqual({})
  })

  it('stops when somebody cancels the move, and removes nothing', async () => {
    const made = await placedWorld()
    await flag(made, 'old', 'hold-dump')
    await move(made)
    await until('it copies', async () => (await notesOn(made, 'old')).includes('dump'))
    await cancel(made.store, { kind: 'object', model: 'site', key: '1' }, 'test')
    await ended(made)
    expect(await told(made)).toEqual([['transfer-ended', 1, 'cancelled']])
    await until('both ends have ended', async () => {
      const [row] = await made.store.query<{ open: number }>(
        `select count(*)::int as open from orchestra.log where script like '%o_transfer%' and state = 'ABORTED'`,
      )
      return row?.open === 2
    })
    await made.calm()
    expect(await dataOn(made, 'old')).toEqual(data)
    expect(await notesOn(made, 'old')).not.toContain('delete')
  })

  it('hands a transfer back when its worker is stopped', async () => {
    const made = await placedWorld()
    await flag(made, 'old', 'hold-dump')
    await move(made)
    await until('it copies', async () => (await notesOn(made, 'old')).includes('dump'))
    await made.stopWorkers(100)
    expect(await listTransfers(made.store)).toMatchObject([{ running: false, step: 'copy', error: null }])
    await unflag(made, 'old', 'hold-dump')
    await made.work()
    await ended(made)
    expect(await dataOn(made, 'new')).toEqual(data)
  })

  it('does no more of them at once than the configuration says', async () => {
    const made = await placedWorld()
    await made.store.query(`insert into site (id) values (2), (3), (4)`)
    await made.calm()
    await flag(made, 'old', 'hold-dump')
    await move(made)
    const running = async () => (await listTransfers(made.store)).filter((one) => one.running).length
    const leases = () =>
      made.store.query('select expires_at from orchestra.transfer where owner is not null order by id')
    const dumps = async () => (await notesOn(made, 'old')).filter((note) => note === 'dump').length
    await until('two copy', async () => (await running()) === 2 && (await dumps()) >= 2)
    const before = JSON.stringify(await leases())
    await until('the worker has looked for more', async () => JSON.stringify(await leases()) !== before)
    // On a machine that is busy enough a lease is lost and the copy begun anew: never are there three.
    expect(await running()).toBeLessThanOrEqual(2)
    await unflag(made, 'old', 'hold-dump')
    await ended(made)
    await made.calm()
    expect(await dataOn(made, 'old')).toEqual({})
  })

  // Several processes that work, and die, are what Postgres is for.
  if (kind === 'postgres')
    for (const [command, server, step] of [
      ['dump', 'old', 'copy'],
      ['restore', 'new', 'copy'],
      ['original', 'old', 'verify'],
      ['switch', 'new', 'switch'],
    ] as const)
      it(`goes on with ${step} when its worker was killed in ${command}`, async () => {
        const made = await world()
        const first = await worker(made)
        await made.store.query(`insert into site (id) values (1)`)
        await made.calm()
        await writeData(made, 'old', data)
        await flag(made, server, `hold-${command}`)
        await move(made)
        await until(`${command} runs`, async () => (await notesOn(made, server)).includes(command))
        await first.kill()
        await worker(made)
        const seen = (await notesOn(made, server)).length
        await until('the step runs again', async () => (await notesOn(made, server)).length > seen)
        expect(await listTransfers(made.store)).toMatchObject([{ step, running: true, attempt: 2 }])
        expect(await dataOn(made, 'old')).toEqual(data)
        await unflag(made, server, `hold-${command}`)
        await ended(made)
        await made.calm()
        expect(await dataOn(made, 'new')).toEqual(data)
        expect(await dataOn(made, 'old')).toEqual({})
      }, 60_000)
})
