import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { untilWithin } from '../../packages/orchestra/test/support/processes.ts'
import { inTurns, median, percentile } from '../measure.ts'
import { processorSeconds } from '../processes.ts'

const numbers = z.record(z.string(), z.number())

const goal = z.object({
  what: z.string(),
  measured: z.number(),
  bound: z.number(),
  side: z.enum(['at most', 'at least']),
  met: z.boolean(),
})

const findings = z.object({
  figures: numbers,
  ratios: numbers,
  goals: z.array(goal).min(1),
  notes: z.array(z.string()),
})

const report = z.object({
  at: z.iso.datetime(),
  size: z.literal('quick'),
  machine: z.object({ node: z.string(), processors: z.int(), model: z.string() }),
  benchmarks: z.object({ capture: findings, writers: findings, api: findings }),
})

describe('npm run bench', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'orchestra-bench-test-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  it('writes what it measured as JSON and prints each goal with its judgement; no query of the API reads all of a table that grows', async () => {
    const output = join(directory, 'found.json')
    const program = new URL('../main.ts', import.meta.url).pathname
    const words = [program, '--quick', '--only', 'capture', 'writers', 'api', '--output', output]
    const { stdout } = await promisify(execFile)(process.execPath, words)
    const { benchmarks } = report.parse(JSON.parse(await readFile(output, 'utf8')))
    for (const { goals } of Object.values(benchmarks))
      for (const { what } of goals) expect(stdout).toContain(what)
    // These have nothing to do with how fast it is.
    const sure = benchmarks.api.goals.filter(({ what }) => /read all of a table|are errors/.test(what))
    expect(sure.map(({ measured }) => measured)).toEqual([0, 0])
  })
})

describe('measuring', () => {
  it('takes turns between the ways and does not count the first turn', async () => {
    const calls: string[] = []
    const way = (name: string) => async (turn: number) => calls.push(`${name}${turn}`)
    expect(await inTurns(2, { a: way('a'), b: way('b') })).toEqual({ a: [3, 5], b: [4, 6] })
    expect(calls).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2'])
  })

  it('finds the value below which a share of all values are', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect(percentile(values, 0.99)).toBe(100)
    expect(percentile(values, 0)).toBe(1)
    expect(median([3, 1, 2])).toBe(2)
  })

  it('counts the processor time of a process and of all below it', async () => {
    const child = spawn('bash', ['-c', '(while :; do :; done) & wait'], { detached: true })
    try {
      await untilWithin(20_000, 'a tenth of a second was used', () => processorSeconds(child.pid ?? 0) > 0.1)
    } finally {
      process.kill(-(child.pid ?? 0), 'SIGKILL')
    }
  })
})
