import pg from 'pg'
import { atMost, type Findings } from './measure.ts'
import { type Machines, openStage, type Stage } from './stage.ts'

export const about =
  '3,000 commits of one row in a loop: rows of history beside one a unit, and the time after the last'

const commitsOf = { full: 3_000, quick: 100 }

export async function run(machines: Machines, size: 'full' | 'quick'): Promise<Findings> {
  const stage = await openStage(machines)
  try {
    const host = stage.hosts[0]?.target.name
    await stage.store.query(`insert into page values (1, $1, 'first')`, [host])
    await untilStands(stage, 'first')
    const before = await history(stage)
    const { last, writing } = await writeInLoop(stage, commitsOf[size])
    const after = (await untilStands(stage, `change ${commitsOf[size]}`)) - last
    return findings(commitsOf[size], before, await history(stage), writing, after)
  } finally {
    await stage.close()
  }
}

/** One row, one writer, a transaction for each change, as fast as they are committed. */
async function writeInLoop(stage: Stage, commits: number): Promise<{ last: number; writing: number }> {
  const client = new pg.Client({ connectionString: stage.databaseUrl })
  await client.connect()
  const start = performance.now()
  for (let nth = 1; nth <= commits; nth++)
    await client.query('update page set body = $1 where id = 1', [`change ${nth}`])
  const last = performance.now()
  await client.end()
  return { last, writing: last - start }
}

/** When the row stood on its server with this body, as it was recorded. */
async function untilStands(stage: Stage, body: string): Promise<number> {
  for (let next = stage.recorded(); ; ) {
    const at = await next
    next = stage.recorded()
    const [place] = await stage.store.query<{ stands: boolean }>(
      `select state = 'applied' and snapshot ->> 'body' = $1 as stands from orchestra.placement where object_key = '1'`,
      [body],
    )
    if (place?.stands === true) return at
  }
}

interface History {
  units: number
  operations: number
  scripts: number
}

async function history(stage: Stage): Promise<History> {
  const [row] = await stage.store.query<History>(
    `select (select count(*) from orchestra.unit) as units, (select count(*) from orchestra.operation) as operations,
       (select count(*) from orchestra.log) as scripts`,
  )
  return row ?? { units: 0, operations: 0, scripts: 0 }
}

function findings(commits: number, before: History, now: History, writing: number, after: number): Findings {
  const operations = now.operations - before.operations
  return {
    figures: {
      commits,
      units: now.units - before.units,
      operations,
      scripts: now.scripts - before.scripts,
      writingMilliseconds: writing,
      afterTheLastMilliseconds: after,
    },
    ratios: { operationsToScripts: operations / (now.scripts - before.scripts) },
    goals: [
      atMost('operations of so many commits of one row', operations, 100),
      atMost('from the last commit to its recorded outcome, milliseconds', after, 500),
    ],
    notes: ['the worker begins the next script as soon as the last has ended: each is an operation'],
  }
}
