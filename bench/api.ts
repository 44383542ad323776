import { addToken } from '../packages/orchestra/src/access/index.ts'
import type { Store } from '../packages/orchestra/src/store/index.ts'
import { sequentialScans } from './api-plans.ts'
import { config } from './api-project.ts'
import { type Answered, ask, type Request, requestsFor, tailOf } from './api-requests.ts'
import { type Amounts, type Known, seed } from './api-seed.ts'
import { listenTo } from './api-streams.ts'
import { openApplication } from './application.ts'
import { atMost, type Findings } from './measure.ts'
import { type ServeProcess, startServe } from './serve-process.ts'
import type { Machines } from './stage.ts'

export const about =
  'answers of the API over 1,000 servers, 200,000 places, 1,000,000 logs (one of 100 MB) and 100,000 units, and events to 200 streams'

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
    const serve = await startServe(application, 'api-project.ts')
    try {
      const measured = await measure(serve, { store, tokens, requests, known, size, progress })
      return findings({
        ...measured,
        scans: scans.length,
        peakMegabytes: serve.peakMemory() / 1e6,
        streams: streamsOf[size],
      })
    } finally {
      await serve.stop()
    }
  } finally {
    await application.close()
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

/** Milliseconds from a commit to the last of all streams that tells of it, at worst. */
async function hearEvents(
  { url, token, store }: { url: string; token: string; store: Store },
  { count, turns, known }: { count: number; turns: number; known: Known },
): Promise<number> {
  const listeners = await listenTo(url, token, count)
  try {
    let worst = 0
    for (let turn = 0; turn < turns; turn++) {
      const log = known.log - turn
      const heard = listeners.hears(`"log":${log},`)
      await endAgain(store, log)
      const committed = performance.now()
      worst = Math.max(worst, ...(await heard).map((at) => at - committed))
    }
    return worst
  } finally {
    listeners.close()
  }
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
}: Measured & { scans: number; peakMegabytes: number; streams: number }): Findings {
  const slowest = (answered: readonly Answered[], isQuick: boolean) =>
    answered
      .filter(({ name }) => !whole.has(name) && quick.has(name) === isQuick)
      .toSorted((a, b) => b.p95 - a.p95)[0] ?? tail
  const [list, listOfSome] = [slowest(all, false), slowest(some, false)]
  // What somebody with limits may not see is nowhere.
  const refusals = new Set([403, 404])
  const wrong = [
    ...all.filter(({ status }) => status >= 400 && status !== 403),
    ...some.filter(({ status }) => status >= 400 && !refusals.has(status)),
  ]
  return {
    figures: Object.fromEntries(all.map(({ name, p95 }) => [`p95 of ${name}, in ms`, p95])),
    ratios: {},
    goals: [
      atMost(`p95 of the slowest list or detail (${list.name}), in ms`, list.p95, 300),
      atMost(`p95 of the slowest for who sees some servers (${listOfSome.name}), in ms`, listOfSome.p95, 300),
      atMost('p95 of the slower of status and matrix, in ms', slowest(all, true).p95, 200),
      atMost('p95 of the tail of the big log, in ms', tail.p95, 300),
      atMost(`from an act to the last of ${streams} streams at worst, in ms`, lastHeard, 1_000),
      atMost('peak memory of `orchestra serve`, in MB', peakMegabytes, 250),
      atMost('queries that read all of a table that grows', scans, 0),
      atMost('answers that are errors', wrong.length, 0),
    ],
    notes: ['plans are those of a planner that is told to use indexes wherever it can'],
  }
}
