import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { defineConfig, type Model } from '../../src/index.ts'
import { migrate, openStore, schemaVersion, storedVersion } from '../../src/store/index.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { chaosBackend } from '../manager/chaos-config.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { untilWithin } from '../support/processes.ts'
import { testKey } from '../support/stores.ts'
import { startWorker } from '../support/worker-process.ts'
import { quickBackoff, Site, World } from '../support/world.ts'

/** Commits that workers of earlier releases are tried of, and the version of their schema. */
const RELEASES = [
  { commit: 'b0731d0136d71c1bb50a2b2db0337bc24e7fb89d', schema: 7 },
  { commit: '4bf0f8984f6b35c23cbf403a2dea4079a8cb1e31', schema: 11 },
] as const
type Release = (typeof RELEASES)[number]
/** The migration by which workers began to ask. */
const ASKED_SINCE = 10
const root = join(import.meta.dirname, '../../../..')

/** The checkout may be another user's. */
const anyOwner = ['-c', 'safe.directory=*']

function hasRelease({ commit }: Release): boolean {
  try {
    execFileSync('git', [...anyOwner, 'cat-file', '-e', `${commit}^{commit}`], {
      cwd: root,
      stdio: 'ignore',
    })
    return true
  } catch {
    console.log(`commit ${commit} is not here: no worker of that release is tried (git fetch --unshallow)`)
    return false
  }
}

/** The sources of that commit, with the packages that are installed here. */
function unpack({ commit }: Release): string {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-released-'))
  const archive = execFileSync(
    'git',
    [...anyOwner, 'archive', commit, 'package.json', 'packages/orchestra'],
    {
      cwd: root,
      maxBuffer: 2 ** 28,
    },
  )
  execFileSync('tar', ['x', '-C', directory], { input: archive })
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  return directory
}

/** A store, a server and a route as that release makes them; answers the directory of its servers. */
function prepare(released: string, databaseUrl: string): string {
  const program = join(released, 'packages/orchestra/test/prepare.ts')
  writeFileSync(program, PREPARE)
  return execFileSync(process.execPath, [program, databaseUrl, testKey], { encoding: 'utf8' }).trim()
}

const PREPARE = `
import { migrate, openStore } from '../src/store/index.ts'
import { chaosBackend } from './manager/chaos-config.ts'
import { buildWorld, Site } from './support/world.ts'

const [databaseUrl, key] = process.argv.slice(2)
const store = await openStore({ databaseUrl, key })
await migrate(store)
const world = await buildWorld(store, { models: [Site], backends: [chaosBackend] })
await store.close()
console.log(world.directory)
`

/** Changes rows without a pause until it is stopped, which answers how many changes were committed. */
function keepWriting(world: World): { stop(): Promise<number> } {
  let isOver = false
  const writing = (async () => {
    let committed = 0
    for (; !isOver; committed++)
      await world.store.query(
        `insert into site (id, body) values ($1, $2) on conflict (id) do update set body = excluded.body`,
        [committed % 20, `b${committed}`],
      )
    return committed
  })()
  return {
    stop() {
      isOver = true
      return writing
    },
  }
}

/** Waits for operations to end that were made from now on. */
async function sawOperations(world: World): Promise<void> {
  const { store } = world
  const [now] = await store.query<{ id: number }>(
    'select coalesce(max(id), 0) as id from orchestra.operation',
  )
  await untilWithin(20_000, 'new operations have ended', async () => {
    const ended = await store.query(
      `select from orchestra.operation where id > $1 and state = 'done' limit 1`,
      [now?.id ?? 0],
    )
    return ended.length > 0
  })
}

it('says of each migration since workers ask what older ones do that do not know it', () => {
  for (const { older } of migrations.slice(ASKED_SINCE - 1)) expect(['go on', 'stop']).toContain(older)
})

function upgradeFrom(release: Release): void {
  let postgres: PostgresServer
  let world: World
  let released: string

  beforeAll(async () => {
    released = unpack(release)
    postgres = await startPostgres()
    const databaseUrl = await postgres.database()
    const directory = prepare(released, databaseUrl)
    const config = defineConfig({
      models: [Site as Model],
      backends: [chaosBackend],
      worker: { backoff: quickBackoff },
    })
    world = new World(await openStore({ databaseUrl, key: testKey }), config, directory)
  }, 120_000)

  afterAll(async () => {
    await world?.close()
    await world?.store.close()
    await postgres?.stop()
    rmSync(released, { recursive: true, force: true })
  })

  it('takes short locks only and fails nothing; older workers leave the rest to those who know it', async () => {
    const { store } = world
    const program = join(released, 'packages/orchestra/test/manager/chaos-worker.ts')
    expect(await storedVersion(store)).toBe(release.schema)
    const old = await startWorker(world, program)
    onTestFinished(() => old.kill())
    const storm = keepWriting(world)
    onTestFinished(async () => void (await storm.stop()))
    await sawOperations(world)
    const applied = await migrate(store)
    expect(applied).toEqual(
      Array.from({ length: schemaVersion - release.schema }, (_, i) => release.schema + 1 + i),
    )
    await world.work()
    await sawOperations(world)
    await old.kill()
    await sawOperations(world)
    expect(await storm.stop()).toBeGreaterThan(0)
    await world.calm(40_000)
    expect(await world.files()).toEqual(await world.wanted())
    expect(await storedVersion(store)).toBe(schemaVersion)
    expect(await store.query(`select error from orchestra.operation where outcome = 'failure'`)).toEqual([])
    expect(world.errors).toEqual([])
  }, 120_000)
}

for (const release of RELEASES)
  if (hasRelease(release))
    describe(`an upgrade while workers of schema ${release.schema} work`, () => upgradeFrom(release))
