import { messageOf } from '../../errors.ts'
import { finishLog } from '../../logs/index.ts'
import { persist } from '../../logs/persist.ts'
import type { Verdict } from '../../methods/verdict.ts'
import type { OperationResult } from '../../script/index.ts'
import { clearFirst, withBlame } from '../broken/clear.ts'
import { type FailedPlace, failureText } from '../failure-text.ts'
import { type RunEnd, type Stop, whyStopped } from '../run-context.ts'
import { givenBack, interrupted, triedAgain } from '../settlement.ts'
import type { Blamed } from '../suspects.ts'
import type { AttemptOptions, AttemptRun } from './attempt-options.ts'
import type { Sent } from './content.ts'
import { type RegeneratedOperation, recordOutcomes } from './operations.ts'
import { settlementOf, settleRunning } from './settle.ts'

/** What came of one attempt. */
export type AttemptEnd =
  | RunEnd
  /** The check refused the changes of so many objects together; their operations still run. */
  | { kind: 'refused'; logId: number; running: number }

/** What became of an operation that failed in this attempt. */
export function again(
  operation: RegeneratedOperation,
  why: string,
  outcome: 'failure' | 'timeout',
  { context }: Pick<AttemptOptions, 'context'>,
) {
  return triedAgain(operation, outcome, why, context.config.worker.backoff.operation)
}

/** Records what came of an attempt: for its operations, and in its log. */
export class Conclusion {
  readonly #options: AttemptOptions
  readonly #run: AttemptRun

  constructor(options: AttemptOptions, run: AttemptRun) {
    this.#options = options
    this.#run = run
  }

  async conclude({ answer, checks }: Sent): Promise<AttemptEnd> {
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
        if (result.reason === 'before') return this.#judgeRefused(result, checks)
        if (result.reason === 'check' && this.#run.running > 1) return this.#refuse(result)
        if (result.reason === 'foreign') return this.#refrain(result)
        return this.#fail(failureText(result, this.#place, this.#said(result)), result.exit)
    }
  }

  /** Refused because of what else stands there. */
  async #judgeRefused(result: OperationResult, checks: Sent['checks']): Promise<AttemptEnd> {
    const cleared = await clearFirst(this.#options, checks)
    if (cleared.kind !== 'cleared')
      return this.#fail(withBlame(failureText(result, this.#place, this.#said(result)), cleared), result.exit)
    if (!(await settleRunning(this.#options, this.#run.logId, ({ id }) => givenBack(id, null, null))))
      return { kind: 'lost-lane' }
    return this.finish({ kind: 'ran' }, result.exit)
  }

  /** The reason of the one result that there is. */
  #said(result: OperationResult): string | null {
    const isShared = result.reason === 'prepare' || result.reason === 'commit'
    return this.#run.writer.lastWords(isShared ? null : 0)
  }

  /** What ends the script may be in one object: halves tell. */
  #endEarly(verdict: Extract<Verdict, { kind: 'ran' }>, { kind }: Blamed): Promise<AttemptEnd> {
    if (kind === 'shared') return this.#fail(verdict.reason, null, verdict.rest)
    if (this.#run.running > 1) return this.#refuse({ exit: null }, verdict.reason)
    return this.#fail(verdict.reason, null, verdict.rest, 'alone')
  }

  async #succeed(result: OperationResult, verdict: Verdict): Promise<AttemptEnd> {
    const settlement = settlementOf(this.#options, this.#options.backend, result)
    if (!(await settleRunning(this.#options, this.#run.logId, settlement))) return { kind: 'lost-lane' }
    if (verdict.kind === 'unknown') return this.#leaveOpen(verdict)
    if (verdict.kind === 'cancelled') return this.finish({ kind: 'stopped' }, result.exit)
    return this.finish({ kind: 'ran' }, result.exit)
  }

  /** Whoever takes the lane next asks the server what became of it. */
  async #leaveOpen({ reason }: { reason: string }): Promise<AttemptEnd> {
    await this.#run.writer.drain()
    return { kind: 'unknown', reason }
  }

  /** The operations go on running: their halves are tried next. */
  #refuse({ exit }: { exit: number | null }, how = 'the check failed'): Promise<AttemptEnd> {
    const running = this.#run.running
    const why = `${how} with the changes of ${running} objects; halves of them are tried, to find which make it fail`
    return this.finish({ kind: 'refused', logId: this.#run.logId, running }, exit, why)
  }

  async #block(verdict: Extract<Verdict, { kind: 'blocked' }>): Promise<AttemptEnd> {
    const { outcome, reason } = verdict
    if (!(await settleRunning(this.#options, this.#run.logId, ({ id }) => givenBack(id, outcome, reason))))
      return { kind: 'lost-lane' }
    return this.finish({ kind: 'blocked', reason }, null, reason)
  }

  async #stop(): Promise<AttemptEnd> {
    const stop = this.#options.context.signal.reason as Stop
    if (stop.kind === 'lost-lane') return { kind: 'lost-lane' }
    // What somebody cancelled is marked so, and ends; the rest is done again.
    if (!(await settleRunning(this.#options, this.#run.logId, ({ id }) => interrupted(id))))
      return { kind: 'lost-lane' }
    return this.finish({ kind: 'stopped' }, null, whyStopped(stop))
  }

  async #fail(
    why: string,
    exit: number | null,
    outcome: 'failure' | 'timeout' = 'failure',
    next: 'together' | 'alone' = 'together',
  ): Promise<AttemptEnd> {
    const reason = this.#run.writer.redact(why)
    const settlement = (operation: RegeneratedOperation) => ({
      ...again(operation, reason, outcome, this.#options),
      alone: next === 'alone',
    })
    if (!(await settleRunning(this.#options, this.#run.logId, settlement))) return { kind: 'lost-lane' }
    return this.finish({ kind: 'ran' }, exit)
  }

  /** What is written as a whole is not ours: nothing of it was. */
  async #refrain(result: OperationResult): Promise<AttemptEnd> {
    const settlement = settlementOf(this.#options, this.#options.backend, result)
    if (!(await settleRunning(this.#options, this.#run.logId, settlement))) return { kind: 'lost-lane' }
    return this.finish({ kind: 'ran' }, result.exit, failureText(result, this.#place))
  }

  get #place(): FailedPlace {
    const { backend, claim } = this.#options
    return { server: claim.server.name, backend: backend.name, object: null }
  }

  async finish<End extends AttemptEnd>(end: End, exitCode: number | null = null, why?: string): Promise<End> {
    const { store, signal } = this.#options.context
    const rest = await this.#run.writer
      .close()
      .catch((error) => ({ chunks: [], outputBytes: 0, startedAgo: null, lost: messageOf(error) }))
    const told = 'lost' in rest ? rest.lost : why
    const outcome = await recordOutcomes(this.#run.db, this.#run.logId, exitCode)
    const state = end.kind === 'stopped' ? 'ABORTED' : end.kind === 'refused' ? 'FAILURE' : outcome
    const error = told === undefined ? null : this.#run.writer.redact(told)
    await persist(signal, () => finishLog(store, this.#run.logId, { state, exitCode, error }, rest))
    return end
  }
}
