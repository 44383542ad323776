import pg from 'pg'
import { atMost, type Findings, percentile } from './measure.ts'
import { type Machines, openStage, type Stage } from './stage.ts'

export const about = '2,000 single-row units from 20 concurrent writers over 3 hosts'

const unitsOf = { full: 2_000, quick: 100 }
const WRITERS = 20

export async function run(machines: Machines, size: 'full' | 'quick'): Promise<Findings> {
  const stage = await openStage(machines)
  try {
    await warmUp(stage)
    const before = await stage.workerMemory()
    const commits = await write(stage, unitsOf[size])
    await untilAllDone(stage, unitsOf[size])
    const after = await stage.workerMemory()
    return findings(await latencies(stage, commits), (after.peak - before.now) / 1e6, after.peak / 1e6, stage)
  } finally {
    await stage.close()
  }
}

/** One change on every host, so that connections stand. */
async function warmUp(stage: Stage): Promise<void> {
  for (const [index, host] of stage.hosts.entries())
    await stage.store.query(`insert into page values ($1, $2, 'warm')`, [-1 - index, host.target.name])
  await untilAllDone(stage, stage.hosts.length)
  await stage.store.query(`delete from orchestra.operation where state = 'done'`)
}

/** When each row was committed, by its id, in milliseconds since 1970. */
async function write(stage: Stage, units: number): Promise<Map<number, number>> {
  const commits = new Map<number, number>()
  const ids = Array.from({ length: units }, (_, index) => index + 1)
  await Promise.all(Array.from({ length: WRITERS }, () => writer(stage, ids, commits)))
  return commits
}

async function writer(stage: Stage, ids: number[], commits: Map<number, number>): Promise<void> {
  const client = new pg.Client({ connectionString: stage.databaseUrl })
  await client.connect()
  for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
    const host = stage.hosts[id % stage.hosts.length]?.target.name
    await client.query('begin')
    await client.query('insert into page values ($1, $2, $3)', [id, host, `page ${id}`])
    commits.set(id, performance.timeOrigin + performance.now())
    await client.query('commit')
  }
  await client.end()
}

async function untilAllDone(stage: Stage, operations: number): Promise<void> {
  for (;;) {
    const recorded = stage.recorded()
    const [row] = await stage.store.query<{ count: number }>(
      `select count(*) as count from orchestra.operation where state = 'done' and outcome = 'success'`,
    )
    if (row?.count === operations) return
    await recorded
  }
}

interface Ended {
  id: number
  at: number
}

/** Milliseconds from commit to recorded outcome of each unit, and when they all began and ended. */
async function latencies(stage: Stage, commits: ReadonlyMap<number, number>) {
  const ended = await stage.store.query<Ended>(
    `select object_key::int as id, extract(epoch from ended_at)::float8 * 1000 as at
     from orchestra.operation where state = 'done'`,
  )
  const each = ended.map(({ id, at }) => at - (commits.get(id) ?? Number.NaN))
  const last = Math.max(...ended.map(({ at }) => at))
  return { each, elapsed: last - Math.min(...commits.values()), writing: spanOf([...commits.values()]) }
}

function spanOf(times: readonly number[]): number {
  return Math.max(...times) - Math.min(...times)
}

function findings(
  { each, elapsed, writing }: Awaited<ReturnType<typeof latencies>>,
  growth: number,
  peak: number,
  stage: Stage,
): Findings {
  return {
    figures: {
      units: each.length,
      writers: WRITERS,
      hosts: stage.hosts.length,
      p50Milliseconds: percentile(each, 0.5),
      p99Milliseconds: percentile(each, 0.99),
      unitsPerSecond: (each.length / elapsed) * 1000,
      writingMilliseconds: writing,
      elapsedMilliseconds: elapsed,
      workerGrowthMegabytes: growth,
      workerPeakMegabytes: peak,
    },
    ratios: { elapsedToWriting: elapsed / writing },
    goals: [atMost('worker memory growth in the burst, megabytes', growth, 200)],
    notes: ['latency of each unit: from before its commit was sent to the time its outcome was written'],
  }
}
