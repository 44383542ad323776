import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../packages/orchestra/src/store/index.ts'
import { type Application, openApplication } from './application.ts'
import { openCrowd } from './crowd.ts'
import { atLeast, type Findings, inTurns, median } from './measure.ts'
import type { Machines } from './stage.ts'
import { startWorker } from './worker-process.ts'

export const about =
  '32 and 50 writers of single rows, with capture and without, while a worker runs and while none does'

const turnsOf = { full: 12, quick: 1 }
const millisecondsOf = { full: 1_000, quick: 200 }
const crowds = [32, 50] as const
/** Milliseconds between two looks whether the worker has caught up. */
const LOOK = 20

type Size = 'full' | 'quick'

/** Milliseconds for 1,000 inserts of one crowd, turn by turn. */
interface Measured {
  name: string
  what: string
  times: Record<'plain' | 'captured', number[]>
}

export async function run(machines: Machines, size: Size): Promise<Findings> {
  const application = await openApplication(machines.postgres)
  try {
    return findings([...(await withoutWorker(application, size)), ...(await withWorker(application, size))])
  } finally {
    await application.close()
  }
}

async function withoutWorker(application: Application, size: Size): Promise<Measured[]> {
  const forget = () => application.store.query('truncate orchestra.change')
  const measured: Measured[] = []
  for (const writers of crowds) {
    const times = await compare(application, writers, size, forget)
    measured.push({ name: `${writers}WithoutWorker`, what: `${writers} writers, no worker`, times })
  }
  return measured
}

/** Each turn begins when the worker has caught up, so that what it does for one is not done during the other's. */
async function withWorker(application: Application, size: Size): Promise<Measured[]> {
  const worker = await startWorker(application.databaseUrl, application.directory)
  const measured: Measured[] = []
  try {
    for (const writers of crowds) {
      const times = await compare(application, writers, size, () => caughtUp(application.store))
      measured.push({
        name: `${writers}WithWorker`,
        what: `${writers} writers, a worker that collects`,
        times,
      })
    }
    return measured
  } finally {
    await worker.stop()
  }
}

async function compare(
  { databaseUrl }: Application,
  writers: number,
  size: Size,
  tidy: () => Promise<unknown>,
): Promise<Record<'plain' | 'captured', number[]>> {
  const plain = await openCrowd(databaseUrl, writers, 'plain')
  const captured = await openCrowd(databaseUrl, writers, 'page')
  try {
    return await inTurns(turnsOf[size], {
      plain: () => plain.insertFor(millisecondsOf[size]),
      captured: async () => {
        const elapsed = await captured.insertFor(millisecondsOf[size])
        await tidy()
        return elapsed
      },
    })
  } finally {
    plain.close()
    captured.close()
  }
}

async function caughtUp(store: Store): Promise<void> {
  for (;;) {
    const [row] = await store.query<{ open: boolean }>('select exists (select from orchestra.change) as open')
    if (row?.open === false) return
    await sleep(LOOK)
  }
}

function findings(measured: readonly Measured[]): Findings {
  const rate = (times: readonly number[]) => 1e6 / median(times)
  const ratio = ({ times }: Measured) => rate(times.captured) / rate(times.plain)
  return {
    figures: Object.fromEntries(
      measured.flatMap(({ name, times }) => [
        [`plain${name}InsertsPerSecond`, rate(times.plain)],
        [`captured${name}InsertsPerSecond`, rate(times.captured)],
      ]),
    ),
    ratios: Object.fromEntries(measured.map((one) => [`capturedToPlain${one.name}`, ratio(one)])),
    goals: measured.map((one) =>
      atLeast(`${one.what}: inserts with capture, times those without`, ratio(one), 0.8),
    ),
    notes: [
      'durable commits; writers send the same bytes each time and read the end of each answer, in one process',
      'no route concerns what is inserted: the worker collects it and finds nothing to do, on the same processors',
    ],
  }
}
