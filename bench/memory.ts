import { atMost, type Findings, timed } from './measure.ts'
import { type Machines, openStage } from './stage.ts'
import { fill, synchronize } from './synchronizing.ts'
import { WORKER_HEAP } from './worker-process.ts'

export const about =
  'peak memory of a worker that synchronizes 10,000, 100,000 and 1,000,000 objects of one host: empty, and unchanged'

const sizesOf = { full: [10_000, 100_000, 1_000_000], quick: [200, 400, 800] }

interface Measured {
  objects: number
  seconds: { empty: number; unchanged: number }
  peakMegabytes: { empty: number; unchanged: number }
}

export async function run(
  machines: Machines,
  size: 'full' | 'quick',
  progress: (line: string) => void,
): Promise<Findings> {
  const measured: Measured[] = []
  for (const objects of sizesOf[size]) {
    progress(`${objects} objects`)
    measured.push(await measure(machines, objects))
  }
  return findings(measured)
}

async function measure(machines: Machines, objects: number): Promise<Measured> {
  const stage = await openStage(machines)
  const [host] = stage.hosts
  if (host === undefined) throw new Error('no host')
  try {
    await fill(stage.store, host, objects)
    await stage.workerMemory()
    const empty = await timed(() => synchronize(stage, 'sync'))
    const emptyPeak = (await stage.workerMemory()).peak
    const unchanged = await timed(() => synchronize(stage, 'sync'))
    const unchangedPeak = (await stage.workerMemory()).peak
    await host.exec(`rm -rf ${host.target.directory}`)
    return {
      objects,
      seconds: { empty: empty / 1000, unchanged: unchanged / 1000 },
      peakMegabytes: { empty: emptyPeak / 1e6, unchanged: unchangedPeak / 1e6 },
    }
  } finally {
    await stage.close()
  }
}

function findings(measured: readonly Measured[]): Findings {
  const [small, large] = [measured[0], measured.at(-1)] as [Measured, Measured]
  const ratio = (of: 'empty' | 'unchanged') => large.peakMegabytes[of] / small.peakMegabytes[of]
  const peak = `peak memory at ${large.objects} objects, times that at ${small.objects}`
  return {
    figures: Object.fromEntries(measured.flatMap(figuresOf)),
    ratios: { emptyPeakLargeToSmall: ratio('empty'), unchangedPeakLargeToSmall: ratio('unchanged') },
    goals: [
      atMost(`${peak}, all to be written`, ratio('empty'), 1.25),
      atMost(`${peak}, nothing changed`, ratio('unchanged'), 1.25),
    ],
    notes: [`workers have a heap of ${WORKER_HEAP} MB; above that are code, buffers and young garbage`],
  }
}

function figuresOf({ objects, seconds, peakMegabytes }: Measured): [string, number][] {
  return [
    [`emptySecondsOf${objects}`, seconds.empty],
    [`unchangedSecondsOf${objects}`, seconds.unchanged],
    [`emptyPeakMegabytesOf${objects}`, peakMegabytes.empty],
    [`unchangedPeakMegabytesOf${objects}`, peakMegabytes.unchanged],
  ]
}
