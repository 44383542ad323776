import { prepareAnsible } from './ansible.ts'
import { connectSsh2, type WarmConnection } from './connections.ts'
import type { BenchHost } from './hosts.ts'
import { atLeast, atMost, type Findings, inTurns, median, round, timed } from './measure.ts'
import { contentOf } from './project.ts'
import { type Machines, openStage } from './stage.ts'
import { changeSilently, fill, synchronize } from './synchronizing.ts'
import { WORKER_HEAP } from './worker-process.ts'

export const about =
  'synchronizing one host: empty, unchanged, 1 percent changed, checked; beside scripts written by hand'

const sizesOf = { full: [10_000, 100_000], quick: [200, 400] }
const turnsOf = { full: 2, quick: 1 }
/** What a playbook with a loop can be asked to write in an acceptable time. */
const objectsOfAnsible = { full: 500, quick: 5 }

interface Measured {
  objects: number
  times: Record<'empty' | 'unchanged' | 'percent' | 'check', number>
  /** The same by hand: all written, with a rename or without, and all compared, by the shell alone or by `cmp`. */
  byHand: Record<'renaming' | 'redirecting' | 'comparing' | 'cmp', number>
  peakMegabytes: Record<'empty' | 'unchanged' | 'check', number>
}

export async function run(
  machines: Machines,
  size: 'full' | 'quick',
  progress: (line: string) => void,
): Promise<Findings> {
  const measured: Measured[] = []
  for (const objects of sizesOf[size]) {
    progress(`${objects} objects`)
    measured.push(await measure(machines, objects, turnsOf[size], objects === sizesOf[size][0]))
  }
  const { figures, ratios, goals, notes } = findings(measured)
  const ansible = await besideAnsible(machines, objectsOfAnsible[size], progress)
  return {
    figures: { ...figures, ...ansible.figures },
    ratios: { ...ratios, ...ansible.ratios },
    goals: [...goals, ...ansible.goals],
    notes: [...notes, ...ansible.notes],
  }
}

/** The same number of files as a playbook's template writes in a loop: all new, and all there already. */
async function besideAnsible(
  machines: Machines,
  objects: number,
  progress: (line: string) => void,
): Promise<Findings> {
  const stage = await openStage(machines)
  const [host] = stage.hosts
  if (host === undefined) throw new Error('no host')
  const ansible = await prepareAnsible(host, progress)
  try {
    if (ansible.kind === 'missing') return { figures: {}, ratios: {}, goals: [], notes: [ansible.reason] }
    await fill(stage.store, host, objects)
    const first = {
      orchestra: await timed(() => synchronize(stage, 'sync')),
      ansible: await timed(() => ansible.template(objects)),
    }
    const again = {
      orchestra: await timed(() => synchronize(stage, 'sync')),
      ansible: await timed(() => ansible.template(objects)),
    }
    const [faster, fasterAgain] = [first.ansible / first.orchestra, again.ansible / again.orchestra]
    return {
      figures: {
        [`ansibleSecondsOf${objects}`]: first.ansible / 1000,
        [`orchestraSecondsOf${objects}`]: first.orchestra / 1000,
        [`ansibleSecondsAgainOf${objects}`]: again.ansible / 1000,
        [`orchestraSecondsAgainOf${objects}`]: again.orchestra / 1000,
      },
      ratios: { ansibleToOrchestra: faster, ansibleToOrchestraUnchanged: fasterAgain },
      goals: [
        atLeast(`Ansible with ${objects} templates, times a synchronization that writes them`, faster, 50),
        atLeast('the same when nothing changed', fasterAgain, 50),
      ],
      notes: [`ansible: ${ansible.version}, one template task with a loop, pipelining, control connection`],
    }
  } finally {
    if (ansible.kind === 'ready') await ansible.close()
    await stage.close()
  }
}

/** @param processes whether it is done by hand with a process for each file too, which takes minutes */
async function measure(
  machines: Machines,
  objects: number,
  turns: number,
  processes: boolean,
): Promise<Measured> {
  const stage = await openStage(machines)
  const [host] = stage.hosts
  if (host === undefined) throw new Error('no host')
  const connection = await connectSsh2(host.target)
  try {
    await fill(stage.store, host, objects)
    await stage.workerMemory()
    const empty = await timed(() => synchronize(stage, 'sync'))
    const emptyPeak = (await stage.workerMemory()).peak
    const renaming = processes
      ? await timed(() => connection.run(byFile(host), script(host, objects, renamed)))
      : Number.NaN
    const redirecting = await timed(() => connection.run(byFile(host), script(host, objects, redirected)))
    await stage.workerMemory()
    const unchanged = await inTurns(turns, {
      orchestra: () => timed(() => synchronize(stage, 'sync')),
      comparing: () => timed(() => compare(connection, host, objects, compared)),
    })
    const cmp = processes ? await timed(() => compare(connection, host, objects, comparedByCmp)) : Number.NaN
    const unchangedPeak = (await stage.workerMemory()).peak
    const checked = await inTurns(turns, { check: () => timed(() => synchronize(stage, 'check')) })
    const checkPeak = (await stage.workerMemory()).peak
    await changeSilently(stage.store, `update page set body = body || ' changed' where id % 100 = 0`)
    const percent = await timed(() => synchronize(stage, 'sync'))
    await host.exec(`rm -rf ${host.target.directory}`)
    return {
      objects,
      times: { empty, unchanged: median(unchanged.orchestra), percent, check: median(checked.check) },
      byHand: { renaming, redirecting, comparing: median(unchanged.comparing), cmp },
      peakMegabytes: { empty: emptyPeak / 1e6, unchanged: unchangedPeak / 1e6, check: checkPeak / 1e6 },
    }
  } finally {
    await connection.close()
    await stage.close()
  }
}

type Line = (path: string, quoted: string) => string

const redirected: Line = (path, quoted) => `printf %s ${quoted} >${path}`
const renamed: Line = (path, quoted) => `printf %s ${quoted} >${path}.new && mv ${path}.new ${path}`
/** Only builtins: nothing that a shell can do is faster. */
const compared: Line = (path, quoted) =>
  `IFS= read -r -d '' is <${path}; [[ $is == ${quoted} ]] || { echo ${path}; }`

/** As most people would write it. */
const comparedByCmp: Line = (path, quoted) => `printf %s ${quoted} | cmp -s - ${path} || echo ${path}`

async function compare(
  connection: WarmConnection,
  host: BenchHost,
  objects: number,
  line: Line,
): Promise<void> {
  const differing = await connection.run(byFile(host), script(host, objects, line))
  if (differing !== '') throw new Error(`what the script by hand wrote differs: ${differing.slice(0, 200)}`)
}

/** From a file: of a pipe bash reads a byte at a time, which no hand-written script should be blamed for. */
function byFile({ target }: BenchHost): string {
  const file = `${target.directory}/by-hand.sh`
  return `cat >${file} && bash ${file}`
}

function script(host: BenchHost, objects: number, line: Line): string {
  const directory = `${host.target.directory}/by-hand`
  const lines = Array.from({ length: objects }, (_, index) =>
    line(`${directory}/${index + 1}`, `'${contentOf(`page ${index + 1}`)}'`),
  )
  return `mkdir -p ${directory}\n${lines.join('\n')}\nexit 0\n`
}

function findings(measured: readonly Measured[]): Findings {
  const small = measured[0] as Measured
  const large = measured.at(-1) as Measured
  const unchanged = large.times.unchanged / large.byHand.comparing
  const peak = (way: keyof Measured['peakMegabytes']) => large.peakMegabytes[way] / small.peakMegabytes[way]
  return {
    figures: Object.fromEntries(measured.flatMap(figuresOf)),
    ratios: {
      unchangedToComparing: unchanged,
      checkToComparing: large.times.check / large.byHand.comparing,
      percentToComparing: large.times.percent / large.byHand.comparing,
      [`unchangedToCmpOf${small.objects}`]: small.times.unchanged / small.byHand.cmp,
      [`emptyToRenamingOf${small.objects}`]: small.times.empty / small.byHand.renaming,
      emptyToRedirecting: large.times.empty / large.byHand.redirecting,
      unchangedPeakLargeToSmall: peak('unchanged'),
      checkPeakLargeToSmall: peak('check'),
      emptyPeakLargeToSmall: peak('empty'),
    },
    goals: [
      atMost(
        `${large.objects} unchanged objects, times a script that only compares, in the shell alone`,
        unchanged,
        1.5,
      ),
      atMost(
        `a check of them, which compares files and no rows, times the same script`,
        large.times.check / large.byHand.comparing,
        1.5,
      ),
      atMost(
        `${small.objects} unchanged objects, times a script that compares with cmp`,
        small.times.unchanged / small.byHand.cmp,
        1.5,
      ),
      atMost(
        `peak memory at ${large.objects} objects, times that at ${small.objects}`,
        peak('unchanged'),
        1.25,
      ),
      atMost('the same on an empty host', peak('empty'), 1.25),
    ],
    notes: [
      'every synchronization compares the whole table, then asks the host; all scripts over one warm ssh2 connection',
      `workers have a heap of ${WORKER_HEAP} MB; what they need above that is code, buffers and garbage of the young generation`,
      `of ${large.objects} objects, ${round(large.objects / 100)} had changed where it says 1 percent`,
    ],
  }
}

function figuresOf({ objects, times, byHand, peakMegabytes }: Measured): [string, number][] {
  const named = (group: Record<string, number>, unit: string) =>
    Object.entries(group)
      .filter(([, value]) => !Number.isNaN(value))
      .map(([name, value]): [string, number] => [`${name}${unit}Of${objects}`, value])
  return [
    ...named(times, 'Milliseconds'),
    ...named(byHand, 'ByHandMilliseconds'),
    ...named(peakMegabytes, 'PeakMegabytes'),
  ]
}
