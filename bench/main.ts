import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { Command, Option } from 'commander'
import { startPostgres } from '../packages/orchestra/test/support/postgres.ts'
import * as api from './api.ts'
import * as bulk from './bulk.ts'
import * as burst from './burst.ts'
import * as capture from './capture.ts'
import * as deciders from './deciders.ts'
import * as fanOut from './fan-out.ts'
import { type BenchHosts, startHosts } from './hosts.ts'
import * as idle from './idle.ts'
import * as loop from './loop.ts'
import { type Findings, rounded } from './measure.ts'
import * as memory from './memory.ts'
import * as oneChange from './one-change.ts'
import { printFindings } from './print.ts'
import * as router from './router.ts'
import type { Machines } from './stage.ts'
import * as sync from './sync.ts'
import * as writers from './writers.ts'

const HOSTS = 3

type Size = 'full' | 'quick'

interface Benchmark {
  about: string
  run(machines: Machines, size: Size, progress: (line: string) => void): Promise<Findings>
}

const benchmarks: Readonly<Record<string, Benchmark>> = {
  router: { about: 'objects a second through 20 routes', run: runRouter },
  capture,
  writers,
  api,
  'one-change': oneChange,
  'fan-out': fanOut,
  idle,
  burst,
  loop,
  bulk,
  deciders,
  sync,
  memory,
}

async function runRouter(): Promise<Findings> {
  const { routerToHand = Number.NaN, ...figures } = await router.run()
  return { figures, ratios: { routerToHand }, goals: [], notes: [] }
}

/** Runs benchmarks one after the other and answers what each found, by name. */
async function runAll(names: readonly string[], size: Size): Promise<Record<string, Findings>> {
  const postgres = await startPostgres({ durable: true })
  let starting: Promise<BenchHosts> | undefined
  const hosts = () => {
    starting ??= startHosts(HOSTS, progress)
    return starting
  }
  const found: Record<string, Findings> = {}
  try {
    for (const name of names) {
      const benchmark = benchmarks[name] as Benchmark
      progress(`${name}: ${benchmark.about}`)
      const { figures, ratios, ...rest } = await benchmark.run({ postgres, hosts }, size, progress)
      found[name] = { figures: rounded(figures), ratios: rounded(ratios), ...rest }
      printFindings(found[name])
    }
    const { note } = (await starting) ?? { note: 'no hosts were needed' }
    progress(note)
    return found
  } finally {
    await starting?.then((started) => started.stop())
    await postgres.stop()
  }
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`)
}

const names = Object.keys(benchmarks)
const command = new Command('bench')
  .description('Measures Orchestra side by side with what one would do by hand.')
  .addOption(new Option('--only <name...>', 'run these alone').choices(names))
  .option('--quick', 'few turns and small sizes: shows that it runs, not how fast it is', false)
  .option('--output <file>', 'where the numbers go as JSON', 'bench/results/latest.local.json')
  .parse()
const { only = names, quick, output } = command.opts<{ only?: string[]; quick: boolean; output: string }>()
const size = quick ? 'quick' : 'full'
const found = await runAll(only, size)
const machine = { node: process.version, processors: cpus().length, model: cpus()[0]?.model ?? 'unknown' }
await writeFile(
  output,
  `${JSON.stringify({ at: new Date().toISOString(), size, machine, benchmarks: found }, null, 2)}\n`,
)
progress(`written to ${output}`)
