import { unknownText } from '../generation/index.ts'
import { readStatus } from '../placements/index.ts'
import { type Check, ok, problem } from './check.ts'

/** Milliseconds that committed changes may lie there before a worker looks at them. */
const LONGEST_UNCOLLECTED = 60_000
const UPDATE = 'Update the package "orchestrajs" there, and restart it'
const DEFINE =
  'Define it again, or run a worker whose configuration has it; `orchestra forget` gives up what a backend placed'

/** Milliseconds that an operation may wait for its turn. */
const LONGEST_WAIT = 600_000

export const checkWorker: Check = async ({ store }) => {
  const { workers } = await readStatus(store)
  if (workers.length === 0)
    return [problem('worker', 'no worker gave a sign of life in the last seconds', 'orchestra up')]
  const halted = workers.flatMap(({ host, pid, halted }) =>
    halted === null
      ? []
      : problem('worker', `process ${pid} on ${host} takes nothing any more: ${halted}`, UPDATE),
  )
  if (halted.length > 0) return halted
  return [ok('worker', workers.map(({ host, pid }) => `process ${pid} on ${host}`).join(', '))]
}

export const checkWork: Check = async ({ store }) => {
  const { totals, servers, unknown } = await readStatus(store)
  const oldest = servers.flatMap(({ oldestWaiting }) => oldestWaiting ?? []).sort()[0]
  const problems = [
    ...unknown.map(({ what, name, last }) =>
      problem('work', `work waits for ${unknownText(what, name, last)}`, DEFINE),
    ),
    ...(isOlder(totals.oldestUncollected, LONGEST_UNCOLLECTED)
      ? [
          problem(
            'work',
            `changes committed at ${totals.oldestUncollected} are not looked at yet`,
            'See that a worker runs: orchestra up',
          ),
        ]
      : []),
    ...(totals.collectorError === null
      ? []
      : [problem('work', `a change cannot be looked at: ${totals.collectorError}`)]),
    ...(isOlder(oldest ?? null, LONGEST_WAIT)
      ? [problem('work', `operations wait since ${oldest}`, 'orchestra status tells what for')]
      : []),
    ...(totals.failing + totals.undecided === 0
      ? []
      : [
          problem(
            'work',
            `${totals.failing + totals.undecided} operations failed and are tried again`,
            'orchestra status',
          ),
        ]),
  ]
  return problems.length > 0
    ? problems
    : [ok('work', `${totals.waiting} operations wait, ${totals.running} run`)]
}

function isOlder(time: string | null, ms: number): boolean {
  return time !== null && Date.now() - Date.parse(time) > ms
}
