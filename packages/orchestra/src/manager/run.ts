import type { Backoff } from '../config/config.ts'
import { messageOf, withHint } from '../errors.ts'
import { createLaneLog, createLogWriter, finishLog, type LogWriter, scriptState } from '../logs/index.ts'
import { persist } from '../logs/persist.ts'
import { timedOut, type Verdict } from '../methods/verdict.ts'
import { runCalls, usesCalls } from '../recording/calls.ts'
import type { PlannedScript } from '../recording/scripts.ts'
import type { BlockIndex, OperationResult, ScriptEvent } from '../script/index.ts'
import { toTarget } from '../server/index.ts'
import { followScript, send } from '../talk/index.ts'
import type { Claim, ClaimedOperation } from './claim.ts'
import { takesNoScripts } from './failure-text.ts'
import { noteJournals } from './journals.ts'
import { placingOf } from './placing.ts'
import { judgeRefused } from './refused.ts'
import { conclude, explain } from './run-conclusion.ts'
import type { RunContext, RunEnd, Stop } from './run-context.ts'
import { problemsOf, type RunRendering, renderRun, secretsOf } from './run-rendering.ts'
import { RunResults } from './run-results.ts'
import { openSpans } from './run-spans.ts'
import { fromResult, givenBack, unrendered } from './settlement.ts'
import { Suspects } from './suspects.ts'
import { rebuildWiped } from './wiped.ts'

/** Milliseconds between the records of a long script's results. */
const RECORD_INTERVAL = 1_000

/** Runs one script on one server and records what happened to every operation in it. */
export async function runScript(
  context: RunContext,
  claim: Claim,
  planned: PlannedScript<ClaimedOperation>,
): Promise<RunEnd> {
  const script = renderRun(context, claim, planned)
  const logId = await persist(context.signal, () =>
    createLaneLog(
      context.store,
      {
        runId: script.runId,
        serverId: claim.server.id,
        backend: planned.backend.name,
        method: usesCalls(script.recorded) ? 'function' : claim.server.method,
        script: script.rendered.masked,
        fence: claim.fence,
        attempt: Math.max(1, ...planned.operations.map((operation) => operation.attempt)),
        operations: planned.operations.map((operation) => operation.id),
      },
      claim.owner,
    ),
  )
  if (logId === undefined) return { kind: 'lost-lane' }
  context.onStarted(logId)
  return new ScriptRun(context, claim, planned, script, logId).run()
}

class ScriptRun {
  readonly #context: RunContext
  readonly #claim: Claim
  readonly #planned: PlannedScript<ClaimedOperation>
  readonly #script: RunRendering
  readonly #logId: number
  readonly #writer: LogWriter
  readonly #results: RunResults
  readonly #suspects = new Suspects()
  #beganAt = performance.now()
  /** Whether a server was told anything. */
  #isSent = false
  /** Operations whose check fails without their files. */
  readonly #refused = new Map<number, OperationResult>()

  constructor(
    context: RunContext,
    claim: Claim,
    planned: PlannedScript<ClaimedOperation>,
    script: RunRendering,
    logId: number,
  ) {
    this.#context = context
    this.#claim = claim
    this.#planned = planned
    this.#script = script
    this.#logId = logId
    const { operations } = planned
    const writer = createLogWriter(context.store, { logId, secrets: secretsOf(script) })
    this.#writer = writer
    this.#results = new RunResults({ context, claim, operations, logId, writer })
  }

  async run(): Promise<RunEnd> {
    const { store } = this.#context
    const spans = await openSpans({ store, claim: this.#claim, planned: this.#planned, logId: this.#logId })
    let kind: RunEnd['kind'] | 'threw' = 'threw'
    try {
      const end = await this.#run()
      kind = end.kind
      return end
    } finally {
      spans.end(this.#results.ends, kind)
    }
  }

  async #run(): Promise<RunEnd> {
    this.#endUnsent()
    const record = () => void this.#results.settle('more is coming').catch(() => undefined)
    const timer = setInterval(record, RECORD_INTERVAL)
    try {
      const verdict = await this.#execute()
      clearInterval(timer)
      return await this.#conclude(verdict)
    } finally {
      clearInterval(timer)
    }
  }

  /** What is no part of the script. */
  #endUnsent(): void {
    const { operations } = this.#planned
    for (const { index, error } of problemsOf(this.#script)) {
      const operation = operations[index]
      if (operation !== undefined)
        this.#results.end(index, unrendered(operation, withHint(error), this.#backoff))
    }
    for (const index of this.#script.rendered.left) {
      const operation = operations[index]
      if (operation !== undefined) this.#results.end(index, givenBack(operation.id, null, null))
    }
  }

  async #execute(): Promise<Verdict> {
    const { runId, recorded, rendered, timeouts } = this.#script
    if (usesCalls(recorded)) return this.#call()
    if (rendered.included.length === 0)
      return { kind: 'ran', rest: 'failure', how: 'did not run', reason: 'it could not be rendered' }
    const target = toTarget(this.#claim.server)
    if (target.method === 'function') return takesNoScripts(target.name)
    const { methods, signal, store } = this.#context
    const message = {
      runId,
      text: rendered.text,
      user: this.#planned.backend.user ?? null,
      timeouts,
      signal,
      noting: { store, serverId: this.#claim.server.id },
      onStart: () => this.#writer.started(),
    }
    const said = () => this.#writer.lastWords(null) ?? ''
    const reader = followScript(rendered.token, (event) => this.#take(event), said)
    this.#beganAt = performance.now()
    const { verdict } = await send(methods, target, message, reader)
    this.#isSent = true
    return verdict
  }

  async #call(): Promise<Verdict> {
    const { signal } = this.#context
    const { total } = this.#script.timeouts
    const late = AbortSignal.timeout(total)
    this.#writer.started()
    await runCalls(this.#script.recorded, AbortSignal.any([signal, late]), (event) => this.#take(event))
    if (signal.aborted) return { kind: 'cancelled' }
    if (late.aborted) return timedOut('the functions took too long', { which: 'total', limit: total })
    return { kind: 'ran', rest: 'failure', how: 'ended', reason: 'it was not reached' }
  }

  get #backoff(): Backoff {
    return this.#context.config.worker.backoff.operation
  }

  #take(event: ScriptEvent): void | Promise<void> {
    if (event.kind === 'output') return this.#writer.write(event.stream, positionOf(event.index), event.bytes)
    if (event.kind === 'result') this.#result(event.result)
    if (event.kind === 'at') this.#suspects.take(event)
    if (event.kind === 'fresh')
      this.#results.first(() => rebuildWiped(this.#context.store, this.#claim.server))
  }

  #result(result: OperationResult): void {
    const operation = this.#planned.operations[Number(result.index)]
    const recorded = this.#script.recorded[Number(result.index)]
    if (typeof result.index !== 'number' || operation === undefined || recorded === undefined) return
    if (result.reason === 'before') return void this.#refused.set(result.index, result)
    const placing = placingOf(recorded, this.#context.store.keyring)
    const settlement = fromResult(operation, result, placing, this.#backoff, this.#claim.server.name)
    this.#results.end(result.index, settlement, result.exit, result)
  }

  async #conclude(verdict: Verdict): Promise<RunEnd> {
    const { signal } = this.#context
    if (verdict.kind === 'ran') await this.#judgeRefused()
    const { end, rest, unreached } = conclude(verdict, this.#results.open, {
      blamed: this.#suspects.blamed,
      took: performance.now() - this.#beganAt,
      backoff: this.#backoff,
      stop: signal.reason as Stop,
    })
    for (const { index, settlement } of rest) this.#results.end(index, settlement)
    await this.#results.settle('at the end')
    if (this.#results.lane === 'lost' || end.kind === 'lost-lane') {
      this.#writer.abandon()
      return { kind: 'lost-lane' }
    }
    // An unknown outcome keeps its log open: whoever takes the lane next asks the server what became of it.
    if (end.kind === 'unknown') await this.#writer.drain()
    else {
      await this.#finishLog(verdict, explain(verdict, signal.reason as Stop, unreached))
      if (this.#isSent) noteJournals(this.#context.journals, verdict, this.#script)
    }
    return end
  }

  async #judgeRefused(): Promise<void> {
    const judged = await judgeRefused({
      context: this.#context,
      claim: this.#claim,
      planned: this.#planned,
      recorded: this.#script.recorded,
      refused: this.#refused,
      writer: this.#writer,
    })
    for (const { index, settlement, exit } of judged) this.#results.end(index, settlement, exit)
  }

  async #finishLog(verdict: Verdict, why: string | null): Promise<void> {
    const { store, signal } = this.#context
    const writer = this.#writer
    const operations = this.#results.ends
    const rest = await writer
      .close()
      .catch((error) => ({ chunks: [], outputBytes: 0, startedAgo: null, lost: messageOf(error) }))
    const error = 'lost' in rest ? rest.lost : why
    const isCutShort = verdict.kind === 'cancelled' && operations.length < this.#planned.operations.length
    const end = {
      state: isCutShort ? ('ABORTED' as const) : scriptState(operations.map(({ outcome }) => outcome)),
      error: error === null ? null : writer.redact(error),
      operations: operations.map((operation) => ({
        ...operation,
        error: operation.error ? writer.redact(operation.error) : null,
      })),
    }
    await persist(signal, () => finishLog(store, this.#logId, end, rest))
  }
}

function positionOf(index: BlockIndex | null): number | null {
  return typeof index === 'number' ? index : null
}
