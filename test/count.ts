import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node'

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

type Verdict = 'passed' | 'failed' | 'skipped'

/** Counts what a run of vitest did, once it has ended. */
export class Counter implements Reporter {
  readonly counts: Counts = { passed: 0, failed: 0, skipped: 0 }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    for (const module of modules) this.#count(module)
    this.counts.failed += unhandled.length
  }

  /** A hook or a file that fails and keeps no test from running is in no test's count. */
  #count(module: TestModule): void {
    const before = this.counts.failed
    for (const test of module.children.allTests()) this.counts[verdict(test)]++
    if (!module.ok() && this.counts.failed === before) this.counts.failed++
  }
}

/** Vitest calls a test skipped whose `beforeAll` failed. It was to run and did not: nobody knows whether it passes. */
function verdict(test: TestCase): Verdict {
  const { state } = test.result()
  if (state === 'passed' || state === 'failed') return state
  const wasToRun = test.options.mode === 'run' || test.options.mode === 'only'
  return wasToRun && hasFailedAround(test.parent) ? 'failed' : 'skipped'
}

function hasFailedAround(around: TestSuite | TestModule): boolean {
  return around.errors().length > 0 || (around.type === 'suite' && hasFailedAround(around.parent))
}
