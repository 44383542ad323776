import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createVitest } from 'vitest/node'
import { type Failure, FailureTeller, repeating } from './failures.ts'

export interface Exploration {
  root: string
  files: readonly string[]
  /** Ends it, wherever it is. */
  signal: AbortSignal
  nextSeed(): number
  say(line: string): void
}

export interface Found {
  rounds: number
  failures: readonly Failure[]
}

/** Lines of an error that are worth seeing before its seed is run again. */
const LINES = 20

/** The test files below a directory whose tests depend on the seed, and whose path holds one of some patterns. */
export function filesOfChance(root: string, patterns: readonly string[]): string[] {
  const isWanted = (file: string) => patterns.length === 0 || patterns.some((one) => file.includes(one))
  const files = globSync('{packages,examples,lab,bench,test}/**/*.test.ts', {
    cwd: root,
    exclude: (path) => path === 'node_modules' || path === '.cache',
  })
  return files.filter((file) => isWanted(file) && dependsOnSeed(join(root, file))).sort()
}

function dependsOnSeed(file: string): boolean {
  return /from '(fast-check|.*\/seed\.ts)'/.test(readFileSync(file, 'utf8'))
}

/** Runs tests round after round, each with another seed, until somebody ends it. */
export async function explore(exploration: Exploration): Promise<Found> {
  const { signal, nextSeed, say } = exploration
  const failures: Failure[] = []
  // What fails after that fails because its run is ended.
  const found = (failure: Failure) => {
    if (signal.aborted) return
    failures.push(failure)
    say(told(failure))
  }
  let rounds = 0
  while (!signal.aborted) {
    const seed = nextSeed()
    say(`round ${++rounds}: TEST_SEED=${seed}`)
    await runOnce(exploration, seed, new FailureTeller(seed, found))
  }
  return { rounds, failures }
}

async function runOnce(
  { root, files, signal }: Exploration,
  seed: number,
  reporter: FailureTeller,
): Promise<void> {
  const env = { TEST_SEED: String(seed) }
  const vitest = await createVitest({ root, env, watch: false, reporters: [reporter] })
  const ended = new AbortController()
  const early = once(signal, 'abort', { signal: ended.signal }).catch(() => undefined)
  if (!signal.aborted) await Promise.race([vitest.start([...files]), early])
  ended.abort()
  // It waits for tests that take minutes; who is told to end now lets them end by themselves.
  const closed = vitest.close()
  if (!signal.aborted) await closed
}

function told(failure: Failure): string {
  const message = failure.message.split('\n').slice(0, LINES).join('\n  ')
  return `FOUND in ${failure.file}: ${failure.test ?? 'outside of its tests'}\n  ${message}\n  ${repeating(failure)}`
}

/** What it comes down to. */
export function summary({ rounds, failures }: Found): string {
  const commands = [...new Set(failures.map(repeating))].map((command) => `  ${command}`)
  const tests = new Set(failures.map(({ file, test }) => `${file} ${test}`)).size
  const found = failures.length === 0 ? 'nothing found' : `${tests} found to fail, again with:`
  return [`${rounds} rounds, ${found}`, ...commands].join('\n')
}
