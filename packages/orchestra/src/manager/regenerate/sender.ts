import { randomUUID } from 'node:crypto'
import type { Backend, Timeouts } from '../../config/backend.ts'
import type { LogWriter } from '../../logs/index.ts'
import type { Verdict } from '../../methods/verdict.ts'
import { sharedOf } from '../../recording/ownership.ts'
import { limitOf, patienceOf } from '../../recording/patience.ts'
import {
  type OperationResult,
  type Recording,
  type RenderedScript,
  record,
  renderScript,
  type ScriptEvent,
  type Step,
} from '../../script/index.ts'
import type { Rendered } from '../../script/rendered.ts'
import { toTarget } from '../../server/index.ts'
import { followScript, send as sendScript } from '../../talk/index.ts'
import type { Claim } from '../claim.ts'
import { takesNoScripts } from '../failure-text.ts'
import { noteJournals, type SentScript } from '../journals.ts'
import type { RunContext } from '../run-context.ts'
import { type Blamed, Suspects } from '../suspects.ts'
import type { StreamedSecrets } from './secrets.ts'

/** How a script ended, and what it said about its one block. */
export interface Answer {
  verdict: Verdict
  result: OperationResult | undefined
  /** What the script was at last. */
  blamed: Blamed
}

export interface SenderOptions {
  context: RunContext
  claim: Claim
  /** Backends whose shared parts stand there since before everything was marked. */
  unmarked: readonly string[]
  backend: Backend
  /** The run whose log this is: that of the last script. */
  runId: string
  secrets: StreamedSecrets
  writer: LogWriter
}

/** Sends the scripts of one attempt: those that bring content ahead, then the one that uses it. */
export class Sender {
  readonly #options: SenderOptions
  readonly #parts: string[] = []
  /** Runs that the last script tells the server to forget. */
  #forgets: readonly string[] = []
  #metFresh = false

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** Whether the server remembered nothing. */
  get metFresh(): boolean {
    return this.#metFresh
  }

  /** The script that puts everything in its place. */
  render(steps: readonly Step[]): RenderedScript {
    const { backend, context, runId } = this.#options
    const { name, prepare, commit } = backend
    this.#forgets = [...new Set([...context.journals.forgotten, ...this.#parts])]
    const recording: Recording = { kind: 'recorded', steps }
    const hooks = {
      ...(prepare === undefined ? {} : { prepare: record(`${name}: prepare`, (to) => prepare(to)) }),
      ...(commit === undefined ? {} : { commit: record(`${name}: commit`, (to) => commit(to)) }),
    }
    const isUnmarked = this.#options.unmarked.includes(name)
    return renderScript({
      ...this.#request(runId, recording),
      acknowledge: this.#forgets,
      ...hooks,
      shared: sharedOf([hooks.prepare, recording, hooks.commit], isUnmarked ? 'trusted' : 'makes'),
    })
  }

  /** Appends to what is on the server of a file's content. */
  async sendPart(file: number, content: Rendered): Promise<Answer> {
    const runId = randomUUID()
    const recording: Recording = { kind: 'recorded', steps: [{ kind: 'ahead', file, content }] }
    const rendered = renderScript({ ...this.#request(runId, recording), ahead: this.#options.runId })
    const answer = await this.#send(rendered, { runId, forgets: [] })
    this.#parts.push(runId)
    return answer
  }

  /** Sends that script. */
  send(rendered: RenderedScript): Promise<Answer> {
    return this.#send(rendered, { runId: this.#options.runId, forgets: this.#forgets })
  }

  async #send(rendered: RenderedScript, script: SentScript): Promise<Answer> {
    const { backend, claim, context, writer } = this.#options
    const target = toTarget(claim.server)
    if (target.method === 'function')
      return { verdict: takesNoScripts(target.name), result: undefined, blamed: { kind: 'shared' } }
    let result: OperationResult | undefined
    const suspects = new Suspects()
    const take = (event: ScriptEvent) => {
      if (event.kind === 'result' && event.result.index === 0) result = event.result
      if (event.kind === 'at') suspects.take(event)
      return this.#keep(event)
    }
    const message = {
      runId: script.runId,
      text: rendered.text,
      user: backend.user ?? null,
      timeouts: this.#timeouts,
      signal: context.signal,
      noting: { store: context.store, serverId: claim.server.id },
      onStart: () => writer.started(),
    }
    const reader = followScript(rendered.token, take, () => writer.lastWords(null) ?? '')
    const { verdict } = await sendScript(context.methods, target, message, reader)
    noteJournals(context.journals, verdict, script)
    return { verdict, result, blamed: suspects.blamed }
  }

  #request(runId: string, recording: Recording) {
    const { backend, claim } = this.#options
    const operation = { index: 0, label: `sync ${backend.name}`, action: 'sync', recording }
    const { name: server } = claim.server
    const patience = patienceOf(this.#timeouts)
    const limit = limitOf(this.#timeouts)
    return {
      runId,
      backend: backend.name,
      server,
      fence: claim.fence,
      patience,
      limit,
      operations: [operation],
    }
  }

  get #timeouts(): Timeouts {
    const { backend, context } = this.#options
    return { ...context.config.worker.timeouts, ...backend.timeouts }
  }

  #keep(event: ScriptEvent): void | Promise<void> {
    if (event.kind === 'fresh') this.#metFresh = true
    if (event.kind !== 'output') return
    const { secrets, writer } = this.#options
    const bytes = secrets.shown(event.bytes)
    return writer.write(event.stream, typeof event.index === 'number' ? event.index : null, bytes)
  }
}
