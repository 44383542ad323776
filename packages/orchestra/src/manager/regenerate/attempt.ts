import { randomUUID } from 'node:crypto'
import type { Backend } from '../../config/backend.ts'
import { isOrchestraError, messageOf, type OrchestraError, withHint } from '../../errors.ts'
import { createLog, createLogWriter, finishLog, type LogWriter } from '../../logs/index.ts'
import { persist } from '../../logs/persist.ts'
import type { Verdict } from '../../methods/verdict.ts'
import { objectsAfter } from '../../recording/regenerated-objects.ts'
import type { Selection } from '../../recording/selection.ts'
import { type OperationResult, type Rendered, recordSync, type Step } from '../../script/index.ts'
import { isStoreFailure, type Queryable } from '../../store/index.ts'
import { clearFirst, withBlame } from '../broken/clear.ts'
import type { Claim } from '../claim.ts'
import { type FailedPlace, failureText } from '../failure-text.ts'
import { type RunContext, type RunEnd, type Stop, whyStopped } from '../run-context.ts'
import { settle } from '../settle.ts'
import { givenBack, triedAgain } from '../settlement.ts'
import type { Blamed } from '../suspects.ts'
import { rebuildWiped } from '../wiped.ts'
import { bringContent } from './bring.ts'
import {
  listOperations,
  type RegeneratedOperation,
  recordOutcomes,
  runningOperations,
  storeScript,
} from './operations.ts'
import { StreamedSecrets } from './secrets.ts'
import { type Answer, Sender } from './sender.ts'
import { patient, settlementOf, settleRunning, whyUnwritable } from './settle.ts'

/** What came of one attempt. */
export type AttemptEnd =
  | RunEnd
  /** The check refused the changes of so many objects together; their operations still run. */
  | { kind: 'refused'; runId: string; logId: number; running: number }

/** Why there is no script, in words. */
type Unwritten = { kind: 'unwritten'; reason: string }

/** What an attempt is about. */
export interface AttemptOptions {
  context: RunContext
  claim: Claim
  backend: Backend
  selection: Selection
  /** Whether each of the changed objects is known to be writable. */
  vetted: boolean
}

/** Writes the whole configuration of a server once, with the changes of some operations, and records what came of it. */
export async function attempt(options: AttemptOptions): Promise<AttemptEnd> {
  const { context, claim, backend } = options
  const runId = randomUUID()
  const logId = await persist(context.signal, () =>
    createLog(context.store, {
      runId,
      serverId: claim.server.id,
      backend: backend.name,
      method: claim.server.method,
      script: '',
      fence: claim.fence,
      attempt: 1,
      operations: [],
    }),
  )
  context.onStarted(logId)
  return new Attempt(options, runId, logId).run()
}

class Attempt {
  readonly #options: AttemptOptions
  readonly #runId: string
  readonly #logId: number
  readonly #secrets = new StreamedSecrets()
  readonly #writer: LogWriter
  readonly #sender: Sender
  readonly #db: Queryable
  #running = 0
  #checks: readonly Rendered[] = []

  constructor(options: AttemptOptions, runId: string, logId: number) {
    this.#options = options
    this.#runId = runId
    this.#logId = logId
    this.#db = patient(options.context)
    this.#writer = createLogWriter(options.context.store, { logId, secrets: this.#secrets.named })
    this.#sender = new Sender({
      ...options,
      unmarked: options.claim.unmarked,
      runId,
      secrets: this.#secrets,
      writer: this.#writer,
    })
  }

  async run(): Promise<AttemptEnd> {
    try {
      const end = await this.#run()
      if (end.kind === 'lost-lane') this.#writer.abandon()
      return end
    } catch (error) {
      this.#writer.abandon()
      throw error
    }
  }

  async #run(): Promise<AttemptEnd> {
    this.#running = await listOperations(this.#db, this.#logId, this.#options.selection)
    if (!this.#options.vetted && !(await this.#vet())) return { kind: 'lost-lane' }
    if (this.#running === 0) return this.#finish({ kind: 'ran', runId: '' })
    const answer = await this.#write()
    if (this.#sender.metFresh) await this.#rebuild()
    return this.#conclude(answer)
  }

  /** An object that cannot be written fails alone, before anything is sent. */
  async #vet(): Promise<boolean> {
    const { context, claim, backend } = this.#options
    for await (const page of runningOperations(this.#db, this.#logId)) {
      const failed = page.flatMap((operation) => {
        const why = whyUnwritable(backend, operation, context.store.keyring)
        return why === null ? [] : [this.#again(operation, why)]
      })
      if (failed.length === 0) continue
      this.#running -= failed.length
      if (!(await persist(context.signal, () => settle(context.store, claim, this.#logId, failed))))
        return false
    }
    return true
  }

  /** Before anything of this run counts as placed. */
  #rebuild(): Promise<void> {
    return rebuildWiped(this.#db, this.#options.claim.server)
  }

  async #write(): Promise<Answer | Unwritten> {
    const steps = this.#steps()
    if ('kind' in steps) return steps
    const brought = await this.#bring(steps)
    if (!Array.isArray(brought)) return brought
    this.#checks = brought.flatMap((step) => ('check' in step && step.check !== null ? [step.check] : []))
    const rendered = this.#sender.render(brought)
    this.#secrets.add(rendered.secrets)
    await storeScript(this.#db, this.#logId, rendered.masked)
    const [failure] = rendered.failures
    return failure === undefined ? this.#sender.send(rendered) : unwritten(failure.error)
  }

  #steps(): readonly Step[] | Unwritten {
    const { context, backend, selection } = this.#options
    const objects = objectsAfter(this.#db, context.store.keyring, selection)
    const { name, sync = () => undefined } = backend
    const recording = recordSync({ name, sync }, objects)
    return recording.kind === 'recorded' ? recording.steps : unwritten(recording.error)
  }

  async #bring(steps: readonly Step[]): Promise<Step[] | Answer | Unwritten> {
    try {
      return await bringContent(steps, {
        send: (file, content) => this.#sender.sendPart(file, content),
        seen: (secrets) => this.#secrets.add(secrets),
      })
    } catch (error) {
      if (isOrchestraError(error) && !isStoreFailure(error)) return unwritten(error)
      throw error
    }
  }

  async #conclude(answer: Answer | Unwritten): Promise<AttemptEnd> {
    if ('kind' in answer) return this.#fail(answer.reason, null)
    const { verdict, result, blamed } = answer
    if (result?.status === 'ok') return this.#succeed(result, verdict)
    switch (verdict.kind) {
      case 'unknown':
        return this.#leaveOpen(verdict)
      case 'fenced':
        return { kind: 'lost-lane' }
      case 'blocked':
        return this.#block(verdict)
      case 'cancelled':
        return this.#stop()
      case 'ran':
        if (result === undefined) return this.#endEarly(verdict, blamed)
        if (result.reason === 'before') return this.#judgeRefused(result)
        if (result.reason === 'check' && this.#running > 1) return this.#refuse(result)
        if (result.reason === 'foreign') return this.#refrain(result)
        return this.#fail(failureText(result, this.#place, this.#said(result)), result.exit)
    }
  }

  /** Refused because of what else stands there. */
  async #judgeRefused(result: OperationResult): Promise<AttemptEnd> {
    const cleared = await clearFirst(this.#options, this.#checks)
    if (cleared.kind !== 'cleared')
      return this.#fail(withBlame(failureText(result, this.#place, this.#said(result)), cleared), result.exit)
    if (!(await settleRunning(this.#options, this.#logId, ({ id }) => givenBack(id, null, null))))
      return { kind: 'lost-lane' }
    return this.#finish({ kind: 'ran', runId: this.#runId }, result.exit)
  }

  /** The reason of the one result that there is. */
  #said(result: OperationResult): string | null {
    const isShared = result.reason === 'prepare' || result.reason === 'commit'
    return this.#writer.lastWords(isShared ? null : 0)
  }

  /** What ends the script may be in one object: halves tell. */
  #endEarly(verdict: Extract<Verdict, { kind: 'ran' }>, { kind }: Blamed): Promise<AttemptEnd> {
    if (kind === 'shared') return this.#fail(verdict.reason, null, verdict.rest)
    if (this.#running > 1) return this.#refuse({ exit: null }, verdict.reason)
    return this.#fail(verdict.reason, null, verdict.rest, 'alone')
  }

  async #succeed(result: OperationResult, verdict: Verdict): Promise<AttemptEnd> {
    const settlement = settlementOf(this.#options, this.#options.backend, result)
    if (!(await settleRunning(this.#options, this.#logId, settlement))) return { kind: 'lost-lane' }
    if (verdict.kind === 'unknown') return this.#leaveOpen(verdict)
    if (verdict.kind === 'cancelled') return this.#finish({ kind: 'stopped' }, result.exit)
    return this.#finish({ kind: 'ran', runId: this.#runId }, result.exit)
  }

  /** Whoever takes the lane next asks the server what became of it. */
  async #leaveOpen({ reason }: { reason: string }): Promise<AttemptEnd> {
    await this.#writer.drain()
    return { kind: 'unknown', reason }
  }

  /** The operations go on running: their halves are tried next. */
  #refuse({ exit }: { exit: number | null }, how = 'the check failed'): Promise<AttemptEnd> {
    const running = this.#running
    const why = `${how} with the changes of ${running} objects; halves of them are tried, to find which make it fail`
    return this.#finish({ kind: 'refused', runId: this.#runId, logId: this.#logId, running }, exit, why)
  }

  async #block(verdict: Extract<Verdict, { kind: 'blocked' }>): Promise<AttemptEnd> {
    const { outcome, reason } = verdict
    if (!(await settleRunning(this.#options, this.#logId, ({ id }) => givenBack(id, outcome, reason))))
      return { kind: 'lost-lane' }
    return this.#finish({ kind: 'blocked', reason }, null, reason)
  }

  async #stop(): Promise<AttemptEnd> {
    const stop = this.#options.context.signal.reason as Stop
    if (stop.kind === 'lost-lane') return { kind: 'lost-lane' }
    // What somebody cancelled is marked so, and ends; the rest is done again.
    if (!(await settleRunning(this.#options, this.#logId, ({ id }) => givenBack(id, null, null))))
      return { kind: 'lost-lane' }
    return this.#finish({ kind: 'stopped' }, null, whyStopped(stop))
  }

  async #fail(
    why: string,
    exit: number | null,
    outcome: 'failure' | 'timeout' = 'failure',
    next: 'together' | 'alone' = 'together',
  ): Promise<AttemptEnd> {
    const reason = this.#writer.redact(why)
    const settlement = (operation: RegeneratedOperation) => ({
      ...this.#again(operation, reason, outcome),
      alone: next === 'alone',
    })
    if (!(await settleRunning(this.#options, this.#logId, settlement))) return { kind: 'lost-lane' }
    return this.#finish({ kind: 'ran', runId: this.#runId }, exit)
  }

  /** What is written as a whole is not ours: nothing of it was. */
  async #refrain(result: OperationResult): Promise<AttemptEnd> {
    const settlement = settlementOf(this.#options, this.#options.backend, result)
    if (!(await settleRunning(this.#options, this.#logId, settlement))) return { kind: 'lost-lane' }
    return this.#finish({ kind: 'ran', runId: this.#runId }, result.exit, failureText(result, this.#place))
  }

  get #place(): FailedPlace {
    const { backend, claim } = this.#options
    return { server: claim.server.name, backend: backend.name, object: null }
  }

  async #finish<End extends AttemptEnd>(
    end: End,
    exitCode: number | null = null,
    why?: string,
  ): Promise<End> {
    const { store, signal } = this.#options.context
    const rest = await this.#writer
      .close()
      .catch((error) => ({ chunks: [], outputBytes: 0, startedAgo: null, lost: messageOf(error) }))
    const told = 'lost' in rest ? rest.lost : why
    const outcome = await recordOutcomes(this.#db, this.#logId, exitCode)
    const state = end.kind === 'stopped' ? 'ABORTED' : end.kind === 'refused' ? 'FAILURE' : outcome
    const error = told === undefined ? null : this.#writer.redact(told)
    await persist(signal, () => finishLog(store, this.#logId, { state, exitCode, error }, rest))
    return end
  }

  #again(operation: RegeneratedOperation, why: string, outcome: 'failure' | 'timeout' = 'failure') {
    return triedAgain(operation, outcome, why, this.#options.context.config.worker.backoff.operation)
  }
}

function unwritten(error: OrchestraError): Unwritten {
  return { kind: 'unwritten', reason: withHint(error) }
}
