import { randomUUID } from 'node:crypto'
import type { Backend } from '../config/backend.ts'
import { runCalls, usesCalls } from '../recording/calls.ts'
import { sharedOf } from '../recording/ownership.ts'
import {
  type BlockIndex,
  createOutputParser,
  type OperationResult,
  type RenderedScript,
  record,
  renderScript,
  type ScriptEvent,
} from '../script/index.ts'
import { failure, shortened } from './failure.ts'
import type { TestHost } from './host.ts'
import type { Operation } from './operation.ts'

/** How an operation ended on a host. */
export interface Outcome {
  label: string
  /**
   * Refused: the backend's method threw, so that nothing was sent. Not ours: something is there that Orchestra did not make, and
   * nothing was done.
   */
  status: 'ok' | 'failed' | 'refused' | 'not ours'
  change: 'changed' | 'unchanged'
  /** What it wrote, or why it was refused. */
  output: string
}

/** What one script came to. */
export interface Applied {
  outcomes: readonly Outcome[]
  /** As `reload nginx`. */
  reloads: readonly string[]
  /** Of `prepare` and `commit`, those that changed something. */
  shared: readonly string[]
  /** The script as people see it; empty where functions did the work. */
  script: string
}

/** One script for these operations, as a worker would write it. */
export function scriptOf(
  backend: Backend,
  operations: readonly Operation[],
  ids: { runId: string; token?: string },
): RenderedScript {
  const { name, interpreter, prepare, commit, list, exists, sync } = backend
  const hooks = {
    ...(prepare === undefined ? {} : { prepare: record(`${name}: prepare`, (script) => prepare(script)) }),
    ...(commit === undefined ? {} : { commit: record(`${name}: commit`, (script) => commit(script)) }),
  }
  const whole = sync === undefined ? [] : operations.map(({ recording }) => recording)
  return renderScript({
    ...ids,
    backend: name,
    server: 'test',
    fence: 1,
    operations: operations.map((operation, index) => ({ index, ...operation })),
    ...(interpreter === undefined ? {} : { interpreter }),
    ...hooks,
    ...(list === undefined || exists !== undefined ? {} : { list: list.rendered }),
    shared: sharedOf([hooks.prepare, ...whole, hooks.commit]),
  })
}

/** Runs operations in one script on a host; those that are functions, in this process. */
export async function apply(
  backend: Backend,
  host: TestHost,
  operations: readonly Operation[],
): Promise<Applied> {
  const heard = new Heard(operations)
  const indexed = operations.map((operation, index) => ({ index, ...operation }))
  if (usesCalls(indexed)) await runCalls(indexed, new AbortController().signal, (event) => heard.hear(event))
  else await runScript(backend, host, operations, heard)
  return heard.applied()
}

async function runScript(
  backend: Backend,
  host: TestHost,
  operations: readonly Operation[],
  heard: Heard,
): Promise<void> {
  const runId = randomUUID()
  const script = scriptOf(backend, operations, { runId })
  heard.script = script.masked
  for (const { index, error } of script.failures) heard.refuse(index, error.message)
  const parser = createOutputParser(script.token, (event) => heard.hear(event))
  const { code, stdout, stderr } = await host.run({ runId, text: script.text, user: backend.user ?? null })
  parser.push('stdout', stdout)
  parser.push('stderr', stderr)
  parser.end()
  if (heard.finished) return
  const said = shortened(heard.outputOf(null))
  throw failure(`A script of ${backend.name} ended with ${code} on ${host.name} before its end:\n${said}`)
}

/** What came back about the operations of one script. */
class Heard {
  finished = false
  script = ''
  readonly #operations: readonly Operation[]
  readonly #outcomes = new Map<number, Omit<Outcome, 'output' | 'label'>>()
  readonly #refusals = new Map<number, string>()
  readonly #outputs = new Map<BlockIndex | null, Buffer[]>()
  readonly #reloads: string[] = []
  readonly #shared: string[] = []

  constructor(operations: readonly Operation[]) {
    this.#operations = operations
  }

  refuse(index: number, reason: string): void {
    this.#refusals.set(index, reason)
  }

  hear(event: ScriptEvent): void {
    if (event.kind === 'finished') this.finished = true
    else if (event.kind === 'reload') this.#reloads.push(`${event.result.verb} ${event.result.service}`)
    else if (event.kind === 'output') this.#keep(event.index, event.bytes)
    else if (event.kind === 'result') this.#settle(event.result)
  }

  #settle({ index, ...result }: OperationResult): void {
    const status = result.reason === 'foreign' ? 'not ours' : result.status
    if (typeof index === 'number') this.#outcomes.set(index, { status, change: result.change })
    else if (result.change === 'changed') this.#shared.push(index)
  }

  #keep(index: BlockIndex | null, bytes: Uint8Array): void {
    const kept = this.#outputs.get(index) ?? []
    kept.push(Buffer.from(bytes))
    this.#outputs.set(index, kept)
  }

  outputOf(index: BlockIndex | null): string {
    return Buffer.concat(this.#outputs.get(index) ?? []).toString()
  }

  applied(): Applied {
    const outcomes = this.#operations.map((operation, index) => this.#outcomeOf(operation, index))
    return { outcomes, reloads: this.#reloads, shared: this.#shared, script: this.script }
  }

  #outcomeOf({ label, recording }: Operation, index: number): Outcome {
    const refusal = recording.kind === 'failed' ? recording.error.message : this.#refusals.get(index)
    if (refusal !== undefined) return { label, status: 'refused', change: 'unchanged', output: refusal }
    const { status, change } = this.#outcomes.get(index) ?? { status: 'failed', change: 'unchanged' }
    return { label, status, change, output: this.#said(index) }
  }

  /** What fails in `prepare` or in a reload fails operations, and is told in its own block. */
  #said(index: number): string {
    return [index, 'prepare' as const, 'commit' as const].map((block) => this.outputOf(block)).join('')
  }
}
