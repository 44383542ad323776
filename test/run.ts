/**
 * The whole test run: what the tests need, the types, the linter, the tests. Ends with one line that counts them. Arguments go
 * to vitest: `npm test -- packages/orchestra/test/script`.
 */
import { spawnSync } from 'node:child_process'
import { parseCLI, startVitest } from 'vitest/node'
import { Counter, type Counts } from './count.ts'
import { installPackages, missingPackages } from './packages.ts'

async function main(): Promise<number> {
  prepare()
  const checks = [
    check('types', 'tsc', '-p', '.'),
    check('types of the console', 'tsc', '-p', 'packages/console'),
    check('style', 'biome', 'check', '.'),
  ]
  const counts = await test(process.argv.slice(2))
  for (const passed of checks) passed ? counts.passed++ : counts.failed++
  const mayNotSkip = process.env.CI === 'true' && counts.skipped > 0
  if (mayNotSkip) console.log('CI runs everything: what was skipped counts as failed')
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  return mayNotSkip || counts.failed > 0 || counts.passed === 0 ? 1 : 0
}

function prepare(): void {
  const missing = missingPackages()
  if (missing.length === 0) return
  if (process.getuid?.() !== 0) {
    console.log(
      `Not installed: ${missing.join(', ')}. Tests that need them are skipped; root installs them here.`,
    )
    return
  }
  console.log(`Installing ${missing.join(', ')}`)
  if (!installPackages(missing))
    console.log('That did not work; tests that need them are skipped, or fail in CI.')
}

function check(name: string, command: string, ...words: string[]): boolean {
  const passed = spawnSync(command, words, { stdio: 'inherit' }).status === 0
  console.log(`${name}: ${passed ? 'passed' : 'FAILED'}`)
  return passed
}

async function test(selection: readonly string[]): Promise<Counts> {
  const counter = new Counter()
  const { filter, options } = parseCLI(['vitest', 'run', ...selection])
  const vitest = await startVitest(filter, { ...options, reporters: ['default', counter] })
  await vitest.close()
  return counter.counts
}

process.exitCode = await main()
