import { setTimeout as sleep } from 'node:timers/promises'
import { type PostgresServer, startPostgres } from '../packages/orchestra/test/support/postgres.ts'
import { type Application, openApplication } from './application.ts'
import { addFunctionServers, untilAllIsDone } from './fleet.ts'
import { atMost, type Findings } from './measure.ts'
import { bounced } from './pgbouncer.ts'
import { parentOf, processorSeconds } from './processes.ts'
import type { Machines, Way } from './stage.ts'
import { startWorker } from './worker-process.ts'

export const about =
  'processor time of a worker that has nothing to do, and of its database, directly, through PgBouncer and with 1,000 servers'

const secondsOf = { full: 20, quick: 1 }
/** Seconds until a worker has done what there is at its start. */
const settledAfter = { full: 10, quick: 1 }

/** Servers of a worker that has done something on each of them. */
const serversOf = { full: 1_000, quick: 20 }
const OBJECTS_A_SERVER = 5
const PATIENCE = 600_000

type Size = 'full' | 'quick'

/** Something whose processor time is measured, by its topmost process. */
type Measured = Readonly<Record<string, number>>

interface Idler {
  measured: Measured
  stop(): Promise<void>
}

/** All at the same time, each with a database server of its own, beside one that nobody uses. */
export async function run(_: Machines, size: Size, progress: (line: string) => void): Promise<Findings> {
  const bouncers = bounced(progress)
  const idlers: Idler[] = []
  try {
    const crowded = await openCrowded(serversOf[size])
    idlers.push(crowded)
    idlers.push(await openIdler('Direct', (url) => url))
    idlers.push(await openIdler('Bounced', bouncers.way))
    idlers.push(await openUnused())
    await sleep(settledAfter[size] * 1000)
    const measured: Measured = Object.assign({}, ...idlers.map((idler) => idler.measured))
    const percent = await percentages(measured, secondsOf[size])
    return findings(percent, serversOf[size], await crowded.peakMegabytes())
  } finally {
    for (const idler of idlers) await idler.stop()
    await bouncers.stop()
  }
}

async function openIdler(name: string, way: Way): Promise<Idler> {
  const postgres = await startPostgres({ durable: true })
  const application = await openApplication(postgres)
  const worker = await startWorker(await way(application.databaseUrl), application.directory)
  const measured = { [`worker${name}`]: worker.pid, [`database${name}`]: await serverOf(application) }
  return { measured, stop: () => inOrder(() => worker.stop(), application.close, postgres.stop) }
}

/** A worker of many servers, on each of which it has done something. */
async function openCrowded(servers: number): Promise<Idler & { peakMegabytes(): Promise<number> }> {
  const postgres = await startPostgres({ durable: true })
  const application = await openApplication(postgres)
  const { databaseUrl, directory, store } = application
  await addFunctionServers(application, servers)
  const worker = await startWorker(databaseUrl, directory, 'slow-project.ts')
  await store.query(
    `insert into page select id, 'server' || id % $1::int, 'one' from generate_series(1, $2::int) id`,
    [servers, servers * OBJECTS_A_SERVER],
  )
  await untilAllIsDone(store, PATIENCE)
  return {
    measured: { workerCrowded: worker.pid, databaseCrowded: await serverOf(application) },
    peakMegabytes: async () => (await worker.memory()).peak / 1e6,
    stop: () => inOrder(() => worker.stop(), application.close, postgres.stop),
  }
}

async function openUnused(): Promise<Idler> {
  const postgres: PostgresServer = await startPostgres({ durable: true })
  const application = await openApplication(postgres)
  const measured = { databaseUnused: await serverOf(application) }
  return { measured, stop: () => inOrder(application.close, postgres.stop) }
}

async function inOrder(...works: readonly (() => Promise<void>)[]): Promise<void> {
  for (const work of works) await work()
}

/** The process id of the database server. */
async function serverOf({ store }: Application): Promise<number> {
  const [row] = await store.query<{ pid: number }>('select pg_backend_pid() as pid')
  return parentOf(row?.pid ?? 0)
}

/** Of one processor, over so many seconds. */
async function percentages(measured: Measured, seconds: number): Promise<Record<string, number>> {
  const now = () => Object.entries(measured).map(([name, pid]) => [name, processorSeconds(pid)] as const)
  const before = Object.fromEntries(now())
  const begun = performance.now()
  await sleep(seconds * 1000)
  const elapsed = (performance.now() - begun) / 1000
  return Object.fromEntries(
    now().map(([name, used]) => [name, ((used - (before[name] ?? 0)) / elapsed) * 100]),
  )
}

function findings(percent: Record<string, number>, servers: number, peakMegabytes: number): Findings {
  const of = (name: string) => percent[name] ?? Number.NaN
  const sum = (name: string) => of(`worker${name}`) + of(`database${name}`)
  return {
    figures: {
      ...Object.fromEntries(Object.entries(percent).map(([name, value]) => [`${name}Percent`, value])),
      servers,
      workerCrowdedPeakMegabytes: peakMegabytes,
    },
    ratios: {},
    goals: [
      atMost('an idle worker and its database, percent of one processor', sum('Direct'), 5),
      atMost('the same through PgBouncer', sum('Bounced'), 5),
      atMost(`an idle worker of ${servers} servers, percent of one processor`, of('workerCrowded'), 1),
      atMost('its memory at most since it began, megabytes', peakMegabytes, 250),
    ],
    notes: [
      'read from /proc, which counts hundredths of a second; all at the same time',
      `the ${servers} servers run functions, ${OBJECTS_A_SERVER} objects on each before`,
    ],
  }
}
