/**
 * Runs the tests that do something at random with new seeds: `npm run explore -- --for 10m --only convergence`. What it finds is a
 * fault. Ends with a summary, and with 1 when it found something; Ctrl-C ends it early.
 */
import { randomInt } from 'node:crypto'
import { Command, InvalidArgumentError } from 'commander'
import { explore, filesOfChance, summary } from './explore.ts'

const milliseconds: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }

function duration(text: string): number {
  const [, amount, unit = ''] = /^([1-9]\d*)([smh])$/.exec(text) ?? []
  const factor = milliseconds[unit]
  if (factor === undefined) throw new InvalidArgumentError('Say 90s, 10m or 2h.')
  return Number(amount) * factor
}

function interrupted(): AbortSignal {
  const controller = new AbortController()
  process.on('SIGINT', () => controller.abort())
  return controller.signal
}

const command = new Command('explore')
  .description('Runs the tests that do something at random with new seeds.')
  .option('--for <time>', 'how long: 90s, 10m or 2h', duration, duration('10m'))
  .option('--only <pattern...>', 'the files whose path holds one of these', [])
  .parse()
const options = command.opts<{ for: number; only: string[] }>()
const root = process.cwd()
const files = filesOfChance(root, options.only)
if (files.length === 0)
  command.error(`No test file that depends on the seed holds ${options.only.join(' or ')}`)
console.log(`${files.length} files`)
const signal = AbortSignal.any([interrupted(), AbortSignal.timeout(options.for)])
const found = await explore({ root, files, signal, nextSeed: () => randomInt(2 ** 30), say: console.log })
console.log(summary(found))
process.exit(found.failures.length > 0 ? 1 : 0)
