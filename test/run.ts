/**
 * The whole test run: what the tests need, the types, the linter, the tests. Ends with one line that counts them. Arguments go
 * to vitest: `npm test -- packages/orchestra/test/script`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installPackages, missingPackages } from './packages.ts'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

function main(): number {
  prepare()
  const checks = [check('types', 'tsc', '-p', '.'), check('style', 'biome', 'check', '.')]
  const counts = test(process.argv.slice(2))
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

/** Vitest's own exit status counts as a failure too: an error outside every test is in no test's count. */
function test(selection: readonly string[]): Counts {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-tests-'))
  const report = join(directory, 'report.json')
  try {
    const words = [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...selection,
    ]
    const { status } = spawnSync('vitest', words, { stdio: 'inherit' })
    const counts = readCounts(report)
    if (status !== 0 && counts.failed === 0) counts.failed++
    return counts
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function readCounts(report: string): Counts {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
      readFileSync(report, 'utf8'),
    )
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

process.exitCode = main()
