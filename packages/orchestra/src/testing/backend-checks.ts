import type { Backend } from '../config/backend.ts'
import { defineConfig } from '../config/config.ts'
import { checkOptions, type NamesOf } from '../options.ts'
import type { Command } from '../script/index.ts'
import { keepingSecrets } from '../secrets/index.ts'
import type { Check, Checked, CheckKind } from './check.ts'
import { type Fixture, fixturesOf, type RawObject } from './fixture.ts'
import type { TestHost } from './host.ts'
import { objectChecks } from './object-checks.ts'
import { regenerationChecks } from './regeneration-checks.ts'
import { renderingChecks } from './rendering-checks.ts'
import { sandboxHost } from './sandbox.ts'
import { usualShellcheck } from './shellcheck.ts'
import type { PathPattern } from './tree.ts'

export interface BackendCheckOptions {
  backend: Backend
  /** Objects to try it with, as the model's loader returns them. */
  objects?: readonly RawObject[]
  /** The same with names, and with what becomes of them. */
  fixtures?: readonly Fixture[]
  /**
   * Where it is tried. A function is called for each check, and what it makes is closed after it. Default: a throwaway directory
   * for each check.
   */
  host?: TestHost | (() => TestHost | Promise<TestHost>)
  /** Directory of golden scripts. Without one, there are none. */
  golden?: string
  /** Default `required` where `CI` is set, else `if-installed`. */
  shellcheck?: 'required' | 'if-installed'
  /** Paths, or patterns of paths, that a deleted object leaves on purpose. Relative ones lie below what the host is watched at. */
  leaves?: readonly PathPattern[]
  /** Paths whose content is another each time that the same is saved, such as a zone with a serial number. */
  varies?: readonly PathPattern[]
  /** Commands that print what is no file, such as the tables of a database: compared as files are. They only look. */
  observe?: readonly Command[]
  /** Fields whose text is run, or is configuration, by intention: no hostile text is put there. */
  trusted?: readonly string[]
  /** Checks that are not for this backend. */
  except?: readonly CheckKind[]
}

const checkNames: NamesOf<BackendCheckOptions> = {
  backend: true,
  objects: true,
  fixtures: true,
  host: true,
  golden: true,
  shellcheck: true,
  leaves: true,
  varies: true,
  observe: true,
  trusted: true,
  except: true,
}

/** Everything that a backend has to do right, as checks for any test runner. */
export function backendChecks(options: BackendCheckOptions): Check[] {
  checkOptions('backendChecks()', options, checkNames)
  const { backend, except = [] } = options
  defineConfig({ models: [backend.model], backends: [{ ...backend, after: [] }] })
  const checked: Checked = {
    backend,
    fixtures: fixturesOf(options.fixtures, options.objects),
    openHost: () => openHost(options.host),
    leaves: options.leaves ?? [],
    varies: options.varies ?? [],
    observe: options.observe ?? [],
    golden: options.golden,
    shellcheck: options.shellcheck ?? usualShellcheck(),
    trusted: options.trusted ?? [],
  }
  const onHost = backend.sync === undefined ? objectChecks(checked) : regenerationChecks(checked)
  return [...renderingChecks(checked), ...onHost]
    .filter(({ kind }) => !except.includes(kind))
    .map((check) => ({ ...check, run: () => keepingSecrets([], () => check.run()) }))
}

async function openHost(given: BackendCheckOptions['host']): ReturnType<Checked['openHost']> {
  if (given !== undefined && typeof given !== 'function')
    return { host: given, release: async () => undefined }
  const host = await (given ?? sandboxHost)()
  return { host, release: () => host.close() }
}

/** As much of `test` of vitest, `node:test` or another runner as is needed. What knows no timeout there ignores it. */
export interface TestFunction {
  (name: string, run: () => Promise<void>, timeout?: number): unknown
  skip: (name: string, run: () => Promise<void>) => unknown
}

/** Milliseconds for one check; hostile texts are some hundred scripts. */
const checkTimeout = 120_000

/** Registers the checks of a backend as tests. */
export function describeBackend(test: TestFunction, options: BackendCheckOptions): void {
  for (const { name, skip, run } of backendChecks(options)) {
    const title = `${options.backend.name}: ${name}`
    if (skip === undefined) test(title, () => run(), checkTimeout)
    else test.skip(`${title} (skipped: ${skip})`, () => run())
  }
}
