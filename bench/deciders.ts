import { type Application, openApplication } from './application.ts'
import { addFunctionServers, untilAllIsDone } from './fleet.ts'
import { atLeast, type Findings, inTurns, median } from './measure.ts'
import type { Machines } from './stage.ts'
import { startWorker } from './worker-process.ts'

export const about =
  'objects whose loader waits 100 ms a batch, over 20 function servers, by two workers and by one'

const objectsOf = { full: 20_000, quick: 200 }
const turnsOf = { full: 2, quick: 1 }
const SERVERS = 20
const PATIENCE = 120_000

export async function run({ postgres }: Machines, size: 'full' | 'quick'): Promise<Findings> {
  const application = await openApplication(postgres)
  try {
    await addFunctionServers(application, SERVERS)
    const objects = objectsOf[size]
    const decided: Record<number, number[]> = { 1: [], 2: [] }
    const by = (workers: number) => async (turn: number) => {
      const times = await change(application, workers, objects, `${workers} in turn ${turn}`)
      if (turn > 0) decided[workers]?.push(times.decided)
      return times.done
    }
    const done = await inTurns(turnsOf[size], { one: by(1), two: by(2) })
    return findings(objects, done, { one: decided[1] ?? [], two: decided[2] ?? [] })
  } finally {
    await application.close()
  }
}

/** Milliseconds from the commit of a change of all objects until all is decided, and until all is done. */
async function change(
  { store, databaseUrl, directory }: Application,
  workers: number,
  objects: number,
  body: string,
): Promise<{ decided: number; done: number }> {
  const processes = await Promise.all(
    Array.from({ length: workers }, () => startWorker(databaseUrl, directory, 'slow-project.ts')),
  )
  await store.query(
    `insert into page select id, 'server' || id % ${SERVERS}, $1 from generate_series(1, $2::int) id
     on conflict (id) do update set body = excluded.body`,
    [body, objects],
  )
  const committed = performance.now()
  const decided = (await untilAllIsDone(store, PATIENCE)) - committed
  const done = performance.now() - committed
  for (const process of processes) await process.stop()
  return { decided, done }
}

function findings(
  objects: number,
  done: Record<'one' | 'two', number[]>,
  decided: Record<'one' | 'two', number[]>,
): Findings {
  const ratio = median(done.one) / median(done.two)
  return {
    figures: {
      objects,
      oneMilliseconds: median(done.one),
      twoMilliseconds: median(done.two),
      oneDecidedMilliseconds: median(decided.one),
      twoDecidedMilliseconds: median(decided.two),
    },
    ratios: { oneToTwo: ratio, decidedOneToTwo: median(decided.one) / median(decided.two) },
    goals: [atLeast(`${objects} objects of a slow loader: one worker, times two`, ratio, 1.6)],
    notes: [`each loader's batch waits 100 ms; ${SERVERS} servers that run functions`],
  }
}
