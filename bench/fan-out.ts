import { connectSsh2, type WarmConnection } from './connections.ts'
import type { BenchHost } from './hosts.ts'
import { mapLimit } from './limit.ts'
import { atMost, type Findings, inTurns, median, percentile, timed } from './measure.ts'
import { byPerson } from './person.ts'
import { config } from './project.ts'
import { type Machines, openStage, type Stage } from './stage.ts'

export const about =
  'one change on each of 200 warm servers, beside the script of a person on all of them with the same concurrency'

const serversOf = { full: 200, quick: 6 }
const turnsOf = { full: 7, quick: 1 }

type Size = 'full' | 'quick'

export async function run(
  machines: Machines,
  size: Size,
  progress: (line: string) => void,
): Promise<Findings> {
  const stage = await openStage(machines, undefined, (hosts) => spread(hosts, serversOf[size]))
  const connections: WarmConnection[] = []
  try {
    progress(`logging in to ${stage.hosts.length} servers, twice`)
    await changeAll(stage, 'warm')
    for (const { target } of stage.hosts) connections.push(await connectSsh2(target))
    const times = await inTurns(turnsOf[size], {
      orchestra: (turn) => changeAll(stage, `turn ${turn}`),
      person: (turn) => timed(() => everywhere(stage.hosts, connections, `turn ${turn}`)),
    })
    return findings(times, stage.hosts.length)
  } finally {
    await Promise.all(connections.map((connection) => connection.close()))
    await stage.close()
  }
}

/** So many servers of a few hosts: each has a directory, a connection and a lane of its own. */
async function spread(hosts: readonly BenchHost[], count: number): Promise<BenchHost[]> {
  const some = Array.from({ length: count }, (_, index) => hosts[index % hosts.length] as BenchHost)
  return Promise.all(
    some.map(async (host, index) => {
      const directory = `${host.target.directory}/${index}`
      await host.exec(`mkdir -p ${directory}`)
      return { ...host, target: { ...host.target, name: `server${index}`, directory } }
    }),
  )
}

/** Milliseconds from the commit of one change on each server until all outcomes are recorded. */
async function changeAll(stage: Stage, body: string): Promise<number> {
  const { store, hosts } = stage
  const names = hosts.map(({ target }) => target.name)
  const [{ count } = { count: 0 }] = await store.query<{ count: number }>(finished)
  const outcome = untilFinished(stage, count + hosts.length)
  let committed = 0
  await store.transaction(async (tx) => {
    await tx.query(
      `insert into page select position, name, $2 from unnest($1::text[]) with ordinality as servers (name, position)
       on conflict (id) do update set body = excluded.body`,
      [names, body],
    )
    committed = performance.now()
  })
  return (await outcome) - committed
}

const finished = `select count(*) as count from orchestra.operation where state = 'done' and outcome = 'success'`

async function untilFinished(stage: Stage, count: number): Promise<number> {
  for (let next = stage.recorded(); ; ) {
    const at = await next
    next = stage.recorded()
    const [row] = await stage.store.query<{ count: number }>(finished)
    if ((row?.count ?? 0) >= count) return at
  }
}

async function everywhere(
  hosts: readonly BenchHost[],
  connections: readonly WarmConnection[],
  body: string,
): Promise<void> {
  await mapLimit(connections, config.worker.concurrency, (connection, index) => {
    const { target } = hosts[index] as BenchHost
    return byPerson(connection, target, index + 1, body)
  })
}

function findings(
  { orchestra, person }: Record<'orchestra' | 'person', number[]>,
  servers: number,
): Findings {
  const ratio = median(orchestra) / median(person)
  return {
    figures: {
      servers,
      concurrency: config.worker.concurrency,
      orchestraP50Milliseconds: median(orchestra),
      orchestraLeastMilliseconds: percentile(orchestra, 0),
      personP50Milliseconds: median(person),
      personLeastMilliseconds: percentile(person, 0),
    },
    ratios: { orchestraToPerson: ratio, leastToLeast: percentile(orchestra, 0) / percentile(person, 0) },
    goals: [atMost('one change on each server, times the fan-out by hand', ratio, 2)],
    notes: ['servers: directories of a few hosts, each with a connection and a lane of its own'],
  }
}
