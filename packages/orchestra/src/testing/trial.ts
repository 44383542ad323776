import type { Backend } from '../config/backend.ts'
import type { Command } from '../script/index.ts'
import { failure, shortened } from './failure.ts'
import type { SealedObject } from './fixture.ts'
import type { TestHost } from './host.ts'
import { deleteOf, type Operation, syncOf } from './operation.ts'
import { type Comparison, compareTrees, type PathPattern, type Tree, treeOf } from './tree.ts'
import { type Applied, apply, type Outcome } from './workbench.ts'

export interface TrialOptions {
  backend: Backend
  host: TestHost
  /** What a deleted object leaves on purpose. */
  leaves: readonly PathPattern[]
  /** What is not the same when the same is saved again, as a serial number. */
  varies: readonly PathPattern[]
  /** Print what is no file. */
  observe: readonly Command[]
}

/** A backend at work on a host, with what every check needs of it. */
export class Trial {
  readonly backend: Backend
  readonly host: TestHost
  readonly #leaves: readonly PathPattern[]
  readonly #varies: readonly PathPattern[]
  readonly #observe: readonly Command[]
  readonly #touched: SealedObject[] = []

  constructor({ backend, host, leaves, varies, observe }: TrialOptions) {
    this.backend = backend
    this.#observe = observe
    this.host = host
    this.#leaves = leaves.flatMap((pattern) => onHost(pattern, host))
    this.#varies = varies.flatMap((pattern) => onHost(pattern, host))
  }

  /** What all objects share is made, so that it counts for none of them. */
  async begin(): Promise<void> {
    await this.must(...(this.backend.sync === undefined ? [] : [syncOf(this.backend, [])]))
  }

  /** Removes what the check has placed, whatever became of it. */
  async end(): Promise<void> {
    const operations =
      this.backend.sync === undefined
        ? this.#touched.map((object) => deleteOf(this.backend, object)).reverse()
        : [syncOf(this.backend, [])]
    if (this.#touched.length > 0) await apply(this.backend, this.host, operations)
  }

  /** Remembers objects that a check places. */
  willPlace(...objects: readonly SealedObject[]): void {
    this.#touched.push(...objects)
  }

  run(...operations: readonly Operation[]): Promise<Applied> {
    return apply(this.backend, this.host, operations)
  }

  /** Runs operations that all have to succeed. */
  async must(...operations: readonly Operation[]): Promise<Applied> {
    const applied = await this.run(...operations)
    for (const outcome of applied.outcomes) this.#expectOk(outcome)
    return applied
  }

  /** Runs operations that have to succeed without finding anything to do. */
  async mustNotChange(why: string, ...operations: readonly Operation[]): Promise<void> {
    await this.mustNotChangeSince(await this.tree(), why, ...operations)
  }

  /** The same, where the host was looked at just now. */
  async mustNotChangeSince(before: Tree, why: string, ...operations: readonly Operation[]): Promise<void> {
    const applied = await this.must(...operations)
    // A program of another language cannot tell whether it changed anything: its files do.
    const tells = this.backend.interpreter === undefined
    const paths = compareTrees(before, await this.tree(), { times: tells })
    const found = [...(tells ? changesIn(applied) : []), ...paths]
    if (found.length === 0) return
    throw failure(
      [`${why}:`, ...found, ...whatRunsAgain(operations)].join('\n'),
      'A second run changes nothing',
    )
  }

  tree(): Promise<Tree> {
    return treeOf(this.host, this.#observe)
  }

  /** Compares the host with how it was; what the backend leaves on purpose may be there. */
  async mustBeAsBefore(why: string, before: Tree): Promise<void> {
    // What is written as a whole is written anew, with or without objects.
    if (this.backend.sync !== undefined) return this.mustBeTheSame(why, before)
    this.#compare(why, before, await this.tree(), { except: this.#leaves })
  }

  /** Compares the host with how it was, with no exception. */
  async mustBeUntouched(why: string, before: Tree): Promise<void> {
    this.#compare(why, before, await this.tree(), { times: true })
  }

  /** Compares the host with how it is with the same objects, come by another way. */
  async mustBeTheSame(why: string, expected: Tree): Promise<void> {
    this.#compare(why, expected, await this.tree(), { except: [...this.#leaves, ...this.#varies] })
  }

  #compare(why: string, before: Tree, after: Tree, comparison: Comparison): void {
    const differences = compareTrees(before, after, comparison)
    if (differences.length === 0) return
    const hint =
      'If it is meant to be so, name the paths in `leaves`, or in `varies` where they hold such as a serial number'
    throw failure(`${why}:\n${shortened(differences.join('\n'))}`, hint)
  }

  #expectOk({ label, status, output }: Outcome): void {
    if (status === 'ok') return
    throw failure(`${label} of ${this.backend.name} ${status} on ${this.host.name}:\n${shortened(output)}`)
  }
}

/** A relative path is one below what is watched: nobody knows beforehand where a sandbox is. */
function onHost(pattern: PathPattern, { watched }: TestHost): PathPattern[] {
  if (pattern instanceof RegExp || pattern.startsWith('/')) return [pattern]
  return watched.map((directory) => `${directory}/${pattern}`)
}

function changesIn({ outcomes, shared, reloads }: Applied): string[] {
  return [
    ...outcomes.filter(({ change }) => change === 'changed').map(({ label }) => `${label} changed something`),
    ...shared.map((part) => `${part} changed something`),
    ...reloads.map((reload) => `${reload} ran`),
  ]
}

/** Commands that run every time are the usual reason. */
function whatRunsAgain(operations: readonly Operation[]): string[] {
  return operations
    .flatMap(({ recording }) => (recording.kind === 'recorded' ? recording.steps : []))
    .flatMap((step) =>
      step.kind === 'run' && step.unless === null && step.onlyIf === null
        ? [`This command runs every time, give it \`unless\` or \`onlyIf\`: ${step.command.masked}`]
        : [],
    )
}
