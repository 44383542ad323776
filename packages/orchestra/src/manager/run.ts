import { randomUUID } from 'node:crypto'
import type { Timeouts } from '../config/backend.ts'
import type { Backoff, Config } from '../config/config.ts'
import { messageOf, type OrchestraError, withHint } from '../errors.ts'
import {
  createLog,
  createLogWriter,
  finishLog,
  type LogWriter,
  type OperationEnd,
  scriptState,
} from '../logs/index.ts'
import type { Methods } from '../methods/index.ts'
import {
  type BlockIndex,
  createOutputParser,
  type OperationResult,
  type Rendered,
  type RenderedScript,
  renderScript,
  type ScriptEvent,
} from '../script/index.ts'
import { toTarget } from '../server/index.ts'
import type { Store } from '../store/store.ts'
import { clearFirst, withBlame } from './broken/clear.ts'
import { callProblem, runCalls, usesCalls } from './calls.ts'
import type { Claim, ClaimedOperation } from './claim.ts'
import { limitOf, patienceOf } from './patience.ts'
import { persist } from './persist.ts'
import { placingOf } from './placing.ts'
import { notePresentedKey } from './presented-key.ts'
import { type PlannedScript, type RecordedOperation, recordScript } from './scripts.ts'
import { type Settlement, settle } from './settle.ts'
import {
  fromResult,
  givenBack,
  stopped,
  suspected,
  toOperationEnd,
  triedAgain,
  unrendered,
} from './settlement.ts'
import { Suspects } from './suspects.ts'
import { type FailedPlace, failureText, tellingLines, type Verdict, verdictOf } from './verdict.ts'
import { rebuildWiped } from './wiped.ts'

/** Milliseconds between the records of a long script's results. */
const RECORD_INTERVAL = 1_000

export interface RunContext {
  store: Store
  config: Config
  methods: Methods
  /** Aborts with a `Stop` as its reason. */
  signal: AbortSignal
  acknowledge: readonly string[]
  onStarted(logId: number): void
}

/** Why a running script is stopped from this side. */
export type Stop =
  | { kind: 'cancel'; by: string; operationIds: readonly number[] }
  | { kind: 'shutdown' }
  | { kind: 'lost-lane' }

/** What a lane does after a script. */
export type RunEnd =
  | { kind: 'ran'; runId: string }
  | { kind: 'blocked'; reason: string }
  | { kind: 'unknown'; reason: string }
  | { kind: 'lost-lane' }
  | { kind: 'stopped' }

/** Runs one script on one server and records what happened to every operation in it. */
export async function runScript(
  context: RunContext,
  claim: Claim,
  planned: PlannedScript<ClaimedOperation>,
): Promise<RunEnd> {
  return new ScriptRun(context, claim, planned).run()
}

/** A result on its way to the store. */
interface Unsettled {
  index: number
  settlement: Settlement
  exit: number | null
  /** What the server said, where that was no success. */
  failed: OperationResult | undefined
  /** How often results had been recorded when it came. */
  since: number
}

class ScriptRun {
  readonly #context: RunContext
  readonly #claim: Claim
  readonly #planned: PlannedScript<ClaimedOperation>
  readonly #runId = randomUUID()
  readonly #recorded: readonly RecordedOperation[]
  readonly #rendered: RenderedScript
  readonly #ends = new Map<number, OperationEnd>()
  /** Results that are not in the store yet. */
  #unsettled: Unsettled[] = []
  /** How often results were recorded. */
  #records = 0
  #settling: Promise<unknown> = Promise.resolve()
  readonly #open = new Set<number>()
  #logId = 0
  #owned = true
  readonly #suspects = new Suspects()
  #beganAt = performance.now()
  /** Operations whose check fails without their files. */
  readonly #refused = new Map<number, OperationResult>()
  /** Operations that the script ended before. */
  #unreached = 0

  constructor(context: RunContext, claim: Claim, planned: PlannedScript<ClaimedOperation>) {
    this.#context = context
    this.#claim = claim
    this.#planned = planned
    const { operations, shared, ...hooks } = recordScript(planned, context.store.keyring)
    const isUnmarked = claim.unmarked.includes(planned.backend.name)
    this.#recorded = operations
    this.#rendered = renderScript({
      runId: this.#runId,
      backend: planned.backend.name,
      server: claim.server.name,
      fence: claim.fence,
      operations: usesCalls(operations) ? [] : operations,
      patience: patienceOf(this.#timeouts),
      limit: limitOf(this.#timeouts),
      acknowledge: context.acknowledge,
      ...(planned.backend.interpreter === undefined ? {} : { interpreter: planned.backend.interpreter }),
      ...hooks,
      ...(shared === undefined ? {} : { shared: isUnmarked ? { ...shared, kind: 'trusted' } : shared }),
    })
    for (const index of operations.keys()) this.#open.add(index)
  }

  async run(): Promise<RunEnd> {
    const { store } = this.#context
    this.#logId = await persist(this.#context.signal, () => this.#createLog())
    this.#context.onStarted(this.#logId)
    const writer = createLogWriter(store, { logId: this.#logId, secrets: this.#secrets() })
    for (const { index, error } of this.#problems()) this.#fail(index, error)
    for (const index of this.#rendered.left) this.#giveBack(index)
    const record = () => void this.#settle(writer, 'more is coming').catch(() => undefined)
    const timer = setInterval(record, RECORD_INTERVAL)
    try {
      const verdict = await this.#execute(writer)
      clearInterval(timer)
      return await this.#conclude(verdict, writer)
    } finally {
      clearInterval(timer)
    }
  }

  async #createLog(): Promise<number> {
    return createLog(this.#context.store, {
      runId: this.#runId,
      serverId: this.#claim.server.id,
      backend: this.#planned.backend.name,
      method: usesCalls(this.#recorded) ? 'function' : this.#claim.server.method,
      script: this.#rendered.masked,
      fence: this.#claim.fence,
      attempt: Math.max(1, ...this.#planned.operations.map((operation) => operation.attempt)),
      operations: this.#planned.operations.map((operation) => operation.id),
    })
  }

  #problems(): readonly { index: number; error: OrchestraError }[] {
    if (!usesCalls(this.#recorded)) return this.#rendered.failures
    return this.#recorded.flatMap(({ index, recording }) => {
      const error = callProblem(recording)
      return error === undefined ? [] : [{ index, error }]
    })
  }

  #secrets(): { name: string; value: string }[] {
    // What a script does not hold it cannot print; functions, and methods that threw, have seen the object itself.
    const scripted = new Set(this.#rendered.included)
    const seen = this.#recorded.filter(({ index }) => !scripted.has(index))
    const secrets = [...this.#rendered.secrets, ...seen.flatMap((operation) => operation.secrets)]
    return secrets.map((secret) => ({ name: secret.name, value: secret.reveal() }))
  }

  async #execute(writer: LogWriter): Promise<Verdict> {
    if (usesCalls(this.#recorded)) return this.#call(writer)
    if (this.#rendered.included.length === 0)
      return { kind: 'ran', rest: 'failure', reason: 'it could not be rendered' }
    const { methods, signal } = this.#context
    const { backend } = this.#planned
    const target = toTarget(this.#claim.server)
    if (target.method === 'function')
      return { kind: 'ran', rest: 'failure', reason: `${target.name} runs functions and this is a script` }
    let room: void | Promise<void>
    const parser = createOutputParser(this.#rendered.token, (event) => {
      room = this.#take(event, writer) ?? room
    })
    this.#beganAt = performance.now()
    const end = await methods.for(target).run(target, {
      runId: this.#runId,
      script: Buffer.from(this.#rendered.text),
      interpreter: null,
      user: backend.user ?? null,
      timeouts: this.#timeouts,
      signal,
      onStart: () => writer.started(),
      onOutput: (stream, bytes) => {
        room = undefined
        parser.push(stream, bytes)
        return room
      },
    })
    parser.end()
    return verdictOf(end, writer.lastWords(null, 1) ?? '')
  }

  async #call(writer: LogWriter): Promise<Verdict> {
    const { signal } = this.#context
    const late = AbortSignal.timeout(this.#timeouts.total)
    writer.started()
    await runCalls(this.#recorded, AbortSignal.any([signal, late]), (event) => this.#take(event, writer))
    if (signal.aborted) return { kind: 'cancelled' }
    if (late.aborted) return { kind: 'ran', rest: 'timeout', reason: 'the functions took too long' }
    return { kind: 'ran', rest: 'failure', reason: 'it was not reached' }
  }

  get #timeouts(): Timeouts {
    return { ...this.#context.config.worker.timeouts, ...this.#planned.backend.timeouts }
  }

  get #backoff(): Backoff {
    return this.#context.config.worker.backoff.operation
  }

  #take(event: ScriptEvent, writer: LogWriter): void | Promise<void> {
    if (event.kind === 'output') {
      return writer.write(event.stream, positionOf(event.index), event.bytes)
    }
    if (event.kind === 'result') this.#result(event.result)
    if (event.kind === 'at') this.#suspects.take(event)
    if (event.kind === 'fresh') this.#rebuild()
  }

  /** Before anything of this script counts as placed. */
  #rebuild(): void {
    const { store, signal } = this.#context
    const asked = this.#settling.then(() => persist(signal, () => rebuildWiped(store, this.#claim.server)))
    this.#settling = asked.catch(() => undefined)
  }

  #result(result: OperationResult): void {
    const operation = this.#planned.operations[Number(result.index)]
    const recorded = this.#recorded[Number(result.index)]
    if (typeof result.index !== 'number' || operation === undefined || recorded === undefined) return
    if (result.reason === 'before') return void this.#refused.set(result.index, result)
    const placing = placingOf(recorded, this.#context.store.keyring)
    const settlement = fromResult(operation, result, placing, this.#backoff, this.#claim.server.name)
    this.#end(result.index, settlement, result.exit, result)
  }

  #fail(index: number, error: OrchestraError): void {
    const operation = this.#planned.operations[index]
    if (operation !== undefined) this.#end(index, unrendered(operation, withHint(error), this.#backoff), null)
  }

  #giveBack(index: number): void {
    const operation = this.#planned.operations[index]
    if (operation !== undefined) this.#end(index, givenBack(operation.id, null, null), null)
  }

  #end(index: number, settlement: Settlement, exit: number | null, result?: OperationResult): void {
    if (!this.#open.delete(index)) return
    const failed = result?.status === 'failed' ? result : undefined
    this.#unsettled.push({ index, settlement, exit, failed, since: this.#records })
  }

  #endRest(settlementOf: (operation: ClaimedOperation) => Settlement): void {
    for (const index of [...this.#open]) {
      const operation = this.#planned.operations[index]
      if (operation !== undefined) this.#end(index, settlementOf(operation), null)
    }
  }

  async #conclude(verdict: Verdict, writer: LogWriter): Promise<RunEnd> {
    if (verdict.kind === 'ran') await this.#judgeRefused(writer)
    const end = this.#decide(verdict)
    if (verdict.kind === 'blocked') await notePresentedKey(this.#context, this.#claim, verdict)
    await this.#settle(writer)
    if (!this.#owned || end.kind === 'lost-lane') {
      writer.abandon()
      return { kind: 'lost-lane' }
    }
    // An unknown outcome keeps its log open: whoever takes the lane next asks the server what became of it.
    if (end.kind === 'unknown') await writer.drain()
    else await this.#finishLog(verdict, writer)
    return end
  }

  /** Refused because of what stands there: they go on at once when that could be cleared away, and fail otherwise. */
  async #judgeRefused(writer: LogWriter): Promise<void> {
    const indexes = [...this.#refused.keys()]
    const same = Map.groupBy(indexes, (index) => this.#checksOf(index).map(String).join('\n'))
    for (const group of same.values()) await this.#clear(this.#checksOf(group[0] ?? 0), group, writer)
  }

  async #clear(checks: readonly Rendered[], indexes: readonly number[], writer: LogWriter): Promise<void> {
    const [context, claim, { backend }] = [this.#context, this.#claim, this.#planned]
    const cleared = await clearFirst({ context, claim, backend }, checks)
    for (const index of indexes) {
      const [operation, result] = [this.#planned.operations[index], this.#refused.get(index)]
      if (operation === undefined || result === undefined) continue
      if (cleared.kind === 'cleared') this.#end(index, givenBack(operation.id, null, null), null)
      else {
        const why = withBlame(
          failureText(result, this.#placeOf(operation), writer.lastWords(index, tellingLines(result))),
          cleared,
        )
        this.#end(index, triedAgain(operation, 'failure', why, this.#backoff), result.exit)
      }
    }
  }

  #placeOf({ backend, model, object_key: key }: ClaimedOperation): FailedPlace {
    return { server: this.#claim.server.name, backend, object: `${model}:${key}` }
  }

  #checksOf(index: number): Rendered[] {
    const recording = this.#recorded[index]?.recording
    if (recording?.kind !== 'recorded') return []
    return recording.steps.flatMap((step) =>
      step.kind === 'file' && step.check !== null ? [step.check] : [],
    )
  }

  #decide(verdict: Verdict): RunEnd {
    switch (verdict.kind) {
      case 'ran':
        this.#endEarly(verdict)
        return { kind: 'ran', runId: this.#runId }
      case 'blocked':
        this.#endRest((operation) => givenBack(operation.id, verdict.outcome, verdict.reason))
        return { kind: 'blocked', reason: verdict.reason }
      case 'unknown':
        return { kind: 'unknown', reason: verdict.reason }
      case 'fenced':
        return { kind: 'lost-lane' }
      case 'cancelled':
        return this.#decideStop(this.#context.signal.reason as Stop)
    }
  }

  /** What was at work is tried again, alone; what was not reached goes on at once. */
  #endEarly({ rest, reason }: Extract<Verdict, { kind: 'ran' }>): void {
    const { blamed } = this.#suspects
    const took = performance.now() - this.#beganAt
    const again = (operation: ClaimedOperation) => triedAgain(operation, rest, reason, this.#backoff)
    const reached = blamed.kind === 'shared' ? [] : [...this.#open].filter((one) => blamed.indexes.has(one))
    for (const index of reached) {
      const operation = this.#planned.operations[index]
      if (operation !== undefined)
        this.#end(index, suspected(operation, rest, reason, this.#backoff, took), null)
    }
    this.#unreached = reached.length === 0 ? 0 : this.#open.size
    this.#endRest(reached.length === 0 ? again : ({ id }) => givenBack(id, null, null))
  }

  #decideStop(stop: Stop): RunEnd {
    if (stop.kind === 'lost-lane') return { kind: 'lost-lane' }
    const isMeant = (id: number) => stop.kind === 'cancel' && stop.operationIds.includes(id)
    const by = stop.kind === 'cancel' ? stop.by : ''
    this.#endRest(({ id }) => (isMeant(id) ? stopped(id, 'aborted', by) : givenBack(id, null, null)))
    return { kind: 'stopped' }
  }

  /** One after the other, so that a log never ends before what was being recorded is. */
  #settle(writer: LogWriter, when: 'more is coming' | 'at the end' = 'at the end'): Promise<void> {
    const settled = this.#settling.then(() => this.#settleNow(writer, when))
    this.#settling = settled.catch(() => undefined)
    return settled
  }

  async #settleNow(writer: LogWriter, when: 'more is coming' | 'at the end'): Promise<void> {
    const settlements = this.#ready(when)
    if (settlements.length === 0 || !this.#owned) return
    const clean = settlements.map((one) => this.#told(one, writer))
    try {
      // Whoever hears of a failure finds its output.
      if (settlements.some(({ failed }) => failed)) await writer.flush().catch(() => undefined)
      this.#owned = await persist(this.#context.signal, () =>
        settle(this.#context.store, this.#claim, this.#logId, clean),
      )
    } catch (error) {
      this.#unsettled.unshift(...settlements)
      throw error
    }
  }

  /** The reason of a failure travels on another stream than its result, and may come a moment later. */
  #ready(when: 'more is coming' | 'at the end'): Unsettled[] {
    const isReady = ({ failed, since }: Unsettled) =>
      when === 'at the end' || failed === undefined || since < this.#records
    const { true: ready = [], false: later = [] } = Object.groupBy(this.#unsettled, (one) =>
      isReady(one) ? 'true' : 'false',
    )
    this.#unsettled = later
    this.#records += 1
    return ready
  }

  /** As it is recorded: a failure with what was said where it happened. */
  #told({ index, settlement, exit, failed }: Unsettled, writer: LogWriter): Settlement {
    const operation = this.#planned.operations[index]
    const error =
      failed === undefined || operation === undefined
        ? settlement.error
        : failureText(
            failed,
            this.#placeOf(operation),
            writer.lastWords(blockOf(failed, index), tellingLines(failed)),
          )
    const told = { ...settlement, error: error === null ? null : writer.redact(error) }
    const end = toOperationEnd(index, told, exit)
    if (end !== undefined) this.#ends.set(index, end)
    return told
  }

  async #finishLog(verdict: Verdict, writer: LogWriter): Promise<void> {
    const operations = [...this.#ends.values()]
    const rest = await writer
      .close()
      .catch((error) => ({ chunks: [], outputBytes: 0, startedAgo: null, lost: messageOf(error) }))
    const error = 'lost' in rest ? rest.lost : this.#explain(verdict)
    const isCutShort = verdict.kind === 'cancelled' && operations.length < this.#planned.operations.length
    const end = {
      state: isCutShort ? ('ABORTED' as const) : scriptState(operations.map(({ outcome }) => outcome)),
      error: error === null ? null : writer.redact(error),
      operations: operations.map((operation) => ({
        ...operation,
        error: operation.error ? writer.redact(operation.error) : null,
      })),
    }
    await persist(this.#context.signal, () => finishLog(this.#context.store, this.#logId, end, rest))
  }

  #explain(verdict: Verdict): string | null {
    if (verdict.kind === 'blocked') return verdict.reason
    if (verdict.kind === 'ran' && this.#unreached > 0)
      return `${verdict.reason}; ${counted(this.#unreached)} in another script`
    if (verdict.kind !== 'cancelled') return null
    const stop = this.#context.signal.reason as Stop
    const why = stop.kind === 'cancel' ? `cancelled by ${stop.by}` : 'the worker stopped'
    return `${why}; what has no result is done again`
  }
}

/** Whose output tells why: what all share is told of the script as a whole. */
function blockOf({ reason }: OperationResult, index: number): number | null {
  return reason === 'step' || reason === 'check' || reason === 'before' ? index : null
}

function counted(unreached: number): string {
  return unreached === 1 ? 'one that it did not reach goes on' : `${unreached} that it did not reach go on`
}

function positionOf(index: BlockIndex | null): number | null {
  return typeof index === 'number' ? index : null
}
