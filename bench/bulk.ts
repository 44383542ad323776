import { connectSsh2, type WarmConnection } from './connections.ts'
import type { BenchHost } from './hosts.ts'
import { atMost, type Findings, inTurns, median, round, timed } from './measure.ts'
import { contentOf } from './project.ts'
import { type Machines, openStage, type Stage } from './stage.ts'

export const about =
  '10,000 objects in one transaction on one host, beside hand-written scripts that write the same'

const objectsOf = { full: 10_000, quick: 200 }
const turnsOf = { full: 3, quick: 1 }

export async function run(machines: Machines, size: 'full' | 'quick'): Promise<Findings> {
  const stage = await openStage(machines)
  const [host] = stage.hosts
  if (host === undefined) throw new Error('no host')
  const connection = await connectSsh2(host.target)
  const objects = objectsOf[size]
  try {
    const before = await stage.workerMemory()
    const scripts: number[] = []
    const times = await inTurns(turnsOf[size], {
      orchestra: async (turn) => {
        const elapsed = await insert(stage, host, turn * objects, objects)
        if (turn > 0) scripts.push(await scriptTime(stage))
        await host.exec(`rm -rf ${host.target.directory}/pages`)
        return elapsed
      },
      renaming: () =>
        byHand(host, connection, objects, (path, text) => `${text} >${path}.new && mv ${path}.new ${path}`),
      redirecting: () => byHand(host, connection, objects, (path, text) => `${text} >${path}`),
    })
    const after = await stage.workerMemory()
    return findings(objects, times, scripts, { growth: after.peak - before.now, peak: after.peak })
  } finally {
    await connection.close()
    await stage.close()
  }
}

/** Milliseconds from the commit of new rows until each has its outcome. */
async function insert(stage: Stage, host: BenchHost, first: number, objects: number): Promise<number> {
  let committed = 0
  let next = stage.recorded()
  await stage.store.transaction(async (tx) => {
    await tx.query(
      `insert into page select id, $1, 'page ' || id from generate_series($2::int, $3::int) id`,
      [host.target.name, first + 1, first + objects],
    )
    committed = performance.now()
  })
  for (;;) {
    const at = await next
    next = stage.recorded()
    if ((await succeeded(stage, first)) === objects) return at - committed
  }
}

async function succeeded(stage: Stage, first: number): Promise<number> {
  const [row] = await stage.store.query<{ count: number }>(
    `select count(*) as count from orchestra.operation
     where outcome = 'success' and state = 'done' and object_key::int > $1`,
    [first],
  )
  return row?.count ?? 0
}

/** Milliseconds that the last scripts ran on the server, as their logs tell. */
async function scriptTime(stage: Stage): Promise<number> {
  const [row] = await stage.store.query<{ milliseconds: number }>(
    `select extract(epoch from ended_at - started_at)::float8 * 1000 as milliseconds
     from orchestra.log where ended_at is not null order by id desc limit 1`,
  )
  return row?.milliseconds ?? Number.NaN
}

type WriteLine = (path: string, text: string) => string

/** The same files by a script that somebody wrote by hand, each with a line of its own. */
async function byHand(
  host: BenchHost,
  connection: WarmConnection,
  objects: number,
  line: WriteLine,
): Promise<number> {
  const directory = `${host.target.directory}/by-hand`
  const lines = Array.from({ length: objects }, (_, index) =>
    line(`${directory}/${index}`, `printf %s '${contentOf(`page ${index}`)}'`),
  )
  const script = `set -e\nmkdir -p ${directory}\n${lines.join('\n')}\n`
  const elapsed = await timed(() => connection.run('bash -s', script))
  await host.exec(`rm -rf ${directory}`)
  return elapsed
}

function findings(
  objects: number,
  times: Record<'orchestra' | 'renaming' | 'redirecting', number[]>,
  scripts: readonly number[],
  memory: { growth: number; peak: number },
): Findings {
  const ratio = median(times.orchestra) / median(times.renaming)
  return {
    figures: {
      objects,
      orchestraMilliseconds: median(times.orchestra),
      orchestraScriptMilliseconds: median(scripts),
      renamingMilliseconds: median(times.renaming),
      redirectingMilliseconds: median(times.redirecting),
      objectsPerSecond: (objects / median(times.orchestra)) * 1000,
      workerGrowthMegabytes: memory.growth / 1e6,
      workerPeakMegabytes: memory.peak / 1e6,
    },
    ratios: {
      orchestraToRenaming: ratio,
      orchestraToRedirecting: median(times.orchestra) / median(times.redirecting),
      scriptToRedirecting: median(scripts) / median(times.redirecting),
    },
    goals: [atMost(`${objects} objects, times a script that writes beside and renames with mv`, ratio, 1)],
    notes: [
      `all scripts over one warm ssh2 connection; ${round(median(scripts))} ms of Orchestra's time is its script`,
    ],
  }
}
