import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Orchestra } from 'orchestrajs'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { migrate, openStore, type Store } from '../../../orchestra/src/store/index.ts'
import { startPostgres } from '../../../orchestra/test/support/postgres.ts'
import { until } from '../../../orchestra/test/support/processes.ts'
import { testKey } from '../../../orchestra/test/support/stores.ts'
import { buildWorld, type World } from '../../../orchestra/test/support/world.ts'
import { type Served, serveByExpress } from '../../src/express.ts'
import { serveByFastify } from '../../src/fastify.ts'
import config, { type Sites, tables } from '../../src/sites.ts'
import { checkAnswers, type Made, makeAll, prepareAll } from './requests.ts'
import { type Scenario, scenarios, settled } from './scenarios.ts'
import { checkUnits, collectedUnits, waitingUnits } from './units.ts'

/** How many requests are under way at once. Far more than connections, so that each connection serves many units. */
const REQUESTS = 60

export interface Library {
  /** The framework that it is tested in, or what serves the application where the library brings its own. */
  serve: 'express' | 'fastify' | ((orchestra: Orchestra, sites: Sites) => Promise<Served>)
  open(orchestra: Orchestra, databaseUrl: string): Sites | Promise<Sites>
}

/** Everything that an application does with its library, 60 requests at a time: each is one unit, with its actor and source. */
export function testLibrary(name: string, library: Library): void {
  describe(name, () => {
    const application = useApplication(library)

    test.each(scenarios)('a request $name', async (scenario) => {
      await checkScenario(application, scenario)
    })

    test('requests of all kinds at once are applied, and a request can wait for it', async () => {
      const { store, served, world } = application
      const kinds = [...scenarios, settled]
      const mixed = Array.from({ length: REQUESTS }, (_, index) => kinds[index % kinds.length] ?? settled)
      const calls = await prepareAll(store, mixed)
      await world.work()
      await world.calm()
      await forgetUnits(store)
      const made = await makeAll(served, calls)
      await world.calm()
      await checkAnswers(store, made)
      checkUnits(await collectedUnits(store), made)
      const names = new Set(calls.flatMap((call) => Object.keys(call.plans)))
      expect(ofSites(names, await linesOnServer(world))).toEqual(ofSites(names, await wantedLines(store)))
    })

    test(`${REQUESTS} requests that wait for the servers learn their own outcome`, async () => {
      const { store, served, world } = application
      await world.work()
      await world.calm()
      await forgetUnits(store)
      const made = await makeAll(served, await prepareAll(store, times(settled)))
      await checkAnswers(store, made)
      checkUnits(await collectedUnits(store), made)
    })
  })
}

/** One kind of request many times at once, and what must be true after it. No worker runs, so that what was captured stays. */
export async function checkScenario({ store, served }: Application, scenario: Scenario): Promise<Made[]> {
  const calls = await prepareAll(store, times(scenario))
  await store.query('delete from orchestra.change')
  const made = await makeAll(served, calls)
  await checkAnswers(store, made)
  checkUnits(await waitingUnits(store), made)
  return made
}

const times = (scenario: Scenario) => Array.from({ length: REQUESTS }, () => scenario)

export interface Database {
  store: Store
  world: World
  orchestra: Orchestra
}

export interface Application extends Database {
  served: Served
}

type Closing = (() => unknown)[]

/** One Postgres and one application for all tests of a file; workers end after each test. */
export function useApplication({ serve, open }: Library): Application {
  return useOpened(async (closing) => {
    const database = await openDatabase(closing)
    const { orchestra, store } = database
    const sites = await open(orchestra, store.databaseUrl ?? '')
    closing.push(() => sites.close())
    const served = await serverOf(serve)(orchestra, sites)
    closing.push(() => served.close())
    return { ...database, served }
  })
}

/** The same without an application. */
export function useDatabase(): Database {
  return useOpened(openDatabase)
}

function useOpened<Opened extends Database>(open: (closing: Closing) => Promise<Opened>): Opened {
  const opened = {} as Opened
  const closing: Closing = []
  beforeAll(async () => {
    Object.assign(opened, await open(closing))
  })
  afterEach(() => opened.world.stopWorkers())
  afterAll(async () => {
    for (const close of closing.toReversed()) await close()
  })
  return opened
}

async function openDatabase(closing: Closing): Promise<Database> {
  const server = await startPostgres()
  closing.push(() => server.stop())
  const store = await openTestStore(await server.database(), closing)
  const world = await buildWorld(store, { ...settings, tables })
  closing.push(() => world.close())
  const { databaseUrl } = store
  const orchestra = await Orchestra.open(config, { directory: world.directory, key: testKey, databaseUrl })
  closing.push(() => orchestra.close())
  return { store, world, orchestra }
}

const settings = { models: [...config.models.values()], backends: [...config.backends.values()] }

async function openTestStore(databaseUrl: string, closing: Closing): Promise<Store> {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-library-'))
  closing.push(() => rmSync(directory, { recursive: true, force: true }))
  closing.push(() => disconnected(databaseUrl))
  const store = await openStore({ databaseUrl, directory, key: testKey })
  closing.push(() => store.close())
  await migrate(store)
  return store
}

/** Pools say that they have ended while their connections still do, and these would tell that the server stops. */
async function disconnected(databaseUrl: string): Promise<void> {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  const others = `select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`
  await until('every connection has ended', async () => (await client.query(others)).rowCount === 0)
  await client.end()
}

function serverOf(serve: Library['serve']): (orchestra: Orchestra, sites: Sites) => Promise<Served> {
  if (typeof serve === 'function') return serve
  return serve === 'express' ? serveByExpress : serveByFastify
}

/** What was collected before the requests is none of theirs. */
async function forgetUnits(store: Store): Promise<void> {
  await store.query('truncate orchestra.unit')
}

/** Lines of these sites; of others the tests before never had anything applied. */
function ofSites(names: ReadonlySet<string>, lines: readonly string[]): string[] {
  return lines.filter((line) => names.has(line.split(' ')[0] ?? '')).toSorted()
}

async function linesOnServer(world: World): Promise<string[]> {
  return Object.values(await world.files()).map((text) => text.trimEnd())
}

/** What the rows ask for. */
async function wantedLines(store: Store): Promise<string[]> {
  const rows = await store.query<{ line: string }>(
    `select concat_ws(' ', domain, plan, quota, (
       select string_agg(name, ' ' order by name) from site_label join label on label.id = label_id where site_id = site.id
     )) as line from site`,
  )
  return rows.map(({ line }) => line)
}
