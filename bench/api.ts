import { addToken } from '../packages/orchestra/src/access/index.ts'
import type { Store } from '../packages/orchestra/src/store/index.ts'
import { sequentialScans } from './api-plans.ts'
import { config } from './api-project.ts'
import { type Answered, ask, type Request, requestsFor, tailOf } from './api-requests.ts'
import { type Amounts, type Known, seed } from './api-seed.ts'
import { type Listeners, listenTo } from './api-streams.ts'
import { openApplication } from './application.ts'
import { atMost, type Findings } from './measure.ts'
import { type ServeProcess, startServe } from './serve-process.ts'
import type { Machines } from './stage.ts'

export const about =
  'answers of the API over 1,000 servers, 200,000 places, 1,000,000 logs (one of 100 MB) and 100,000 units, events to 200 streams, and 10,000 idle ones'

const amountsOf: Readonly<Record<'full' | 'quick', Amounts>> = {
  full: {
    servers: 1_000,
    objects: 10_000,
    units: 100_000,
    logs: 1_000_000,
    bigLog: 100_000_000,
    audits: 100_000,
    events: 100_000,
    findings: 2_000,
  },
  quick: {
    servers: 20,
    objects: 100,
    units: 100,
    logs: 2_000,
    bigLog: 2_000_000,
    audits: 500,
    events: 500,
    findings: 200,
  },
}
const turnsOf = { full: 20, quick: 2 }
const streamsOf = { full: 200, quick: 10 }
/** Streams that only wait, while others ask. */
const idleOf = { full: 10_000, quick: 100 }
/** Servers that somebody with limits may see: his lists are narrowed. */
const NARROWED_TO = 20
/** Characters of a statement that are shown. */
const SHOWN = 200

/** What is looked at all the time has to be quicker than the rest. */
const quick: ReadonlySet<string> = new Set(['/status', '/matrix'])
/** A file of all that there is, as long as it is: no page of a list. */
const whole: ReadonlySet<string> = new Set(['/audit/export'])

export async function run(
  { postgres }: Machines,
  size: 'full' | 'quick',
  progress: (line: string) => void,
): Promise<Findings> {
  const application = await openApplication(postgres)
  try {
    const { store } = application
    progress('seeding')
    const known = await seed(store, amountsOf[size])
    const requests = requestsFor(known)
    progress('looking at the plans of its queries')
    const scans = await sequentialScans({ store, config }, requests)
    for (const { request, table, statement } of scans)
      progress(`${request} reads all of ${table}: ${statement.trim().slice(0, SHOWN)}`)
    const servers = Array.from({ length: NARROWED_TO }, (_, at) => `server${at + 1}`)
    const tokens = {
      all: (await addToken(store, { name: 'all', role: 'admin', days: 1 }, { by: 'bench' })).token,
      some: (
        await addToken(
          store,
          { name: 'some', role: 'admin', days: 1, servers: [...servers, known.server] },
          { by: 'bench' },
        )
      ).token,
    }
    const measuring = { store, tokens, requests, known, size, progress }
    const served = <Value>(work: (serve: ServeProcess) => Promise<Value>) => serving(application, work)
    const measured = await served(async (serve) => ({
      ...(await measure(serve, measuring)),
      peakMegabytes: serve.peakMemory() / 1e6,
    }))
    // By another process: what the first one had at most says nothing of what they cost.
    const idle = await served((serve) => measureIdle(serve, measuring))
    return findings({
      ...measured,
      ...idle,
      scans: scans.length,
      streams: streamsOf[size],
      idle: idleOf[size],
    })
  } finally {
    await application.close()
  }
}

async function serving<Value>(
  application: Parameters<typeof startServe>[0],
  work: (serve: ServeProcess) => Promise<Value>,
): Promise<Value> {
  const serve = await startServe(application, 'api-project.ts')
  try {
    return await work(serve)
  } finally {
    await serve.stop()
  }
}

interface Measuring {
  store: Store
  tokens: { all: string; some: string }
  requests: readonly Request[]
  known: Known
  size: 'full' | 'quick'
  progress: (line: string) => void
}

interface Measured {
  all: Answered[]
  some: Answered[]
  tail: Answered
  lastHeard: number
}

async function measure({ url, peakMemory }: ServeProcess, measuring: Measuring): Promise<Measured> {
  const { store, tokens, requests, known, size, progress } = measuring
  const turns = turnsOf[size]
  const askAll = async (who: 'all' | 'some'): Promise<Answered[]> => {
    const answered: Answered[] = []
    for (const request of requests) {
      const one = await ask(url, tokens[who], request, turns)
      progress(
        `${who}: ${one.name}: ${one.status}, ${Math.round(one.p95)} ms, at most ${Math.round(peakMemory() / 1e6)} MB so far`,
      )
      answered.push(one)
    }
    return answered
  }
  const all = await askAll('all')
  const some = await askAll('some')
  const tail = await ask(url, tokens.all, tailOf(known), turns)
  progress('listening to events')
  const lastHeard = await hearEvents(
    { url, token: tokens.all, store },
    { count: streamsOf[size], turns, known },
  )
  return { all, some, tail, lastHeard }
}

interface MeasuredIdle {
  /** Of `serve`, for each stream. */
  kilobytes: number
  /** What somebody asks meanwhile. */
  beside: Answered
  /** Milliseconds until the last of them heard of something. */
  idleHeard: number
}

/** What streams cost on which nothing is told, and what others notice of them. */
async function measureIdle(
  { url, peakMemory }: ServeProcess,
  { store, tokens, known, size, progress }: Measuring,
): Promise<MeasuredIdle> {
  const status = { name: '/status', path: '/status' }
  const count = idleOf[size]
  await ask(url, tokens.all, status, turnsOf[size])
  const before = peakMemory()
  progress(`opening ${count} streams`)
  const listeners = await listenTo(url, tokens.all, count)
  try {
    const beside = await ask(url, tokens.all, status, turnsOf[size])
    const kilobytes = (peakMemory() - before) / 1_000 / count
    const idleHeard = await lastOf(listeners, { store, log: known.log })
    return { kilobytes, beside, idleHeard }
  } finally {
    listeners.close()
  }
}

/** Milliseconds from a commit to the last of all streams that tells of it, at worst. */
async function hearEvents(
  { url, token, store }: { url: string; token: string; store: Store },
  { count, turns, known }: { count: number; turns: number; known: Known },
): Promise<number> {
  const listeners = await listenTo(url, token, count)
  try {
    let worst = 0
    for (let turn = 0; turn < turns; turn++)
      worst = Math.max(worst, await lastOf(listeners, { store, log: known.log - turn }))
    return worst
  } finally {
    listeners.close()
  }
}

/** Milliseconds until the last one has heard of the end of a script. */
async function lastOf(listeners: Listeners, { store, log }: { store: Store; log: number }): Promise<number> {
  const heard = listeners.hears(`"log":${log},`)
  await endAgain(store, log)
  const committed = performance.now()
  return (await heard).reduce((latest, at) => Math.max(latest, at - committed), 0)
}

/** Tells that a script has ended, as the worker does that ran it. */
async function endAgain(store: Store, log: number): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.query(
      `insert into orchestra.event (kind, detail)
       select 'script-ended', jsonb_build_object('log', id, 'server', server_id, 'backend', backend, 'outcomes', '{}'::jsonb)
       from orchestra.log where id = $1`,
      [log],
    )
    await tx.query(`select pg_notify('orchestra_log', $1)`, [String(log)])
  })
}

function findings({
  all,
  some,
  tail,
  lastHeard,
  scans,
  peakMegabytes,
  streams,
  kilobytes,
  beside,
  idleHeard,
  idle,
}: Measured &
  MeasuredIdle & { scans: number; peakMegabytes: number; streams: number; idle: number }): Findings {
  const slowest = (answered: readonly Answered[], isQuick: boolean) =>
    answered
      .filter(({ name }) => !whole.has(name) && quick.has(name) === isQuick)
      .toSorted((a, b) => b.p95 - a.p95)[0] ?? tail
  const [list, listOfSome] = [slowest(all, false), slowest(some, false)]
  // What somebody with limits may not see is nowhere.
  const refusals = new Set([403, 404])
  const wrong = [
    ...[...all, beside].filter(({ status }) => status >= 400 && status !== 403),
    ...some.filter(({ status }) => status >= 400 && !refusals.has(status)),
  ]
  return {
    figures: {
      ...Object.fromEntries(all.map(({ name, p95 }) => [`p95 of ${name}, in ms`, p95])),
      [`from an act to the last of ${idle} idle streams, in ms`]: idleHeard,
    },
    ratios: {},
    goals: [
      atMost(`p95 of the slowest list or detail (${list.name}), in ms`, list.p95, 300),
      atMost(`p95 of the slowest for who sees some servers (${listOfSome.name}), in ms`, listOfSome.p95, 300),
      atMost('p95 of the slower of status and matrix, in ms', slowest(all, true).p95, 200),
      atMost('p95 of the tail of the big log, in ms', tail.p95, 300),
      atMost(`from an act to the last of ${streams} streams at worst, in ms`, lastHeard, 1_000),
      atMost('peak memory of `orchestra serve`, in MB', peakMegabytes, 250),
      atMost(`memory of \`orchestra serve\` for each of ${idle} idle streams, in kB`, kilobytes, 100),
      atMost(`p95 of status beside ${idle} idle streams, in ms`, beside.p95, 300),
      atMost('queries that read all of a table that grows', scans, 0),
      atMost('answers that are errors', wrong.length, 0),
    ],
    notes: ['plans are those of a planner that is told to use indexes wherever it can'],
  }
}
