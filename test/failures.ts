import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node'

export interface Failure {
  seed: number
  /** From the root of the workspace. */
  file: string
  /** Undefined where a hook or the file itself failed. */
  test: string | undefined
  message: string
}

/** Tells what fails in one run of vitest as it happens, so that a run that is ended early has told it. */
export class FailureTeller implements Reporter {
  readonly #seed: number
  readonly #onFailure: (failure: Failure) => void

  constructor(seed: number, onFailure: (failure: Failure) => void) {
    this.#seed = seed
    this.#onFailure = onFailure
  }

  onTestCaseResult(test: TestCase): void {
    const { state, errors = [] } = test.result()
    if (state === 'failed') this.#add(test.module, namesOf(test).join(' '), errors)
  }

  onTestSuiteResult(suite: TestSuite): void {
    if (suite.errors().length > 0) this.#add(suite.module, undefined, suite.errors())
  }

  onTestModuleEnd(module: TestModule): void {
    if (module.errors().length > 0) this.#add(module, undefined, module.errors())
  }

  #add(module: TestModule, test: string | undefined, errors: readonly { message: string }[]): void {
    const message = errors.map((error) => error.message).join('\n')
    this.#onFailure({ seed: this.#seed, file: module.relativeModuleId, test, message })
  }
}

/** As vitest's own `-t` sees them. */
function namesOf({ parent, name }: TestCase | TestSuite): string[] {
  return parent.type === 'module' ? [name] : [...namesOf(parent), name]
}

/** The command that runs into it again. */
export function repeating({ seed, file, test }: Failure): string {
  const pattern = test?.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const words = pattern === undefined ? [] : ['-t', quoted(`^${pattern}$`)]
  return [`TEST_SEED=${seed} npx vitest run ${file}`, ...words].join(' ')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
