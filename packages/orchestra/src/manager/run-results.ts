import type { LogWriter, OperationEnd } from '../logs/index.ts'
import { persist } from '../logs/persist.ts'
import type { OperationResult } from '../script/index.ts'
import type { Claim, ClaimedOperation } from './claim.ts'
import { failureText, placeOf } from './failure-text.ts'
import type { RunContext } from './run-context.ts'
import { settle } from './settle.ts'
import type { Settlement } from './settlement.ts'
import { toOperationEnd } from './settlement.ts'

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

export interface RunResultsOptions {
  context: RunContext
  claim: Claim
  operations: readonly ClaimedOperation[]
  logId: number
  writer: LogWriter
}

/** What is known of each operation of a script, on its way into the store. */
export class RunResults {
  readonly #options: RunResultsOptions
  readonly #open: Set<number>
  readonly #ends = new Map<number, OperationEnd>()
  /** Results that are not in the store yet. */
  #unsettled: Unsettled[] = []
  /** How often results were recorded. */
  #records = 0
  #settling: Promise<unknown> = Promise.resolve()
  #lane: 'ours' | 'lost' = 'ours'

  constructor(options: RunResultsOptions) {
    this.#options = options
    this.#open = new Set(options.operations.keys())
  }

  /** Whether what comes of the script is still ours to record. */
  get lane(): 'ours' | 'lost' {
    return this.#lane
  }

  get ends(): readonly OperationEnd[] {
    return [...this.#ends.values()]
  }

  /** Operations that have no result. */
  get open(): readonly { index: number; operation: ClaimedOperation }[] {
    return [...this.#open].flatMap((index) => {
      const operation = this.#options.operations[index]
      return operation === undefined ? [] : [{ index, operation }]
    })
  }

  /** The first result of an operation counts. */
  end(index: number, settlement: Settlement, exit: number | null = null, result?: OperationResult): void {
    if (!this.#open.delete(index)) return
    const failed = result?.status === 'failed' ? result : undefined
    this.#unsettled.push({ index, settlement, exit, failed, since: this.#records })
  }

  /** Does something before any later result counts. */
  first(work: () => Promise<unknown>): void {
    const { signal } = this.#options.context
    const done = this.#settling.then(() => persist(signal, work))
    this.#settling = done.catch(() => undefined)
  }

  /** One after the other, so that a log never ends before what was being recorded is. */
  settle(when: 'more is coming' | 'at the end'): Promise<void> {
    const settled = this.#settling.then(() => this.#settleNow(when))
    this.#settling = settled.catch(() => undefined)
    return settled
  }

  async #settleNow(when: 'more is coming' | 'at the end'): Promise<void> {
    const { context, claim, logId, writer } = this.#options
    const settlements = this.#ready(when)
    if (settlements.length === 0 || this.#lane === 'lost') return
    const clean = settlements.map((one) => this.#told(one))
    try {
      // Whoever hears of a failure finds its output.
      if (settlements.some(({ failed }) => failed)) await writer.flush().catch(() => undefined)
      const isOurs = await persist(context.signal, () => settle(context, claim, logId, clean))
      this.#lane = isOurs ? 'ours' : 'lost'
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
  #told({ index, settlement, exit, failed }: Unsettled): Settlement {
    const { claim, operations, writer } = this.#options
    const operation = operations[index]
    const error =
      failed === undefined || operation === undefined
        ? settlement.error
        : failureText(failed, placeOf(claim.server.name, operation), writer.lastWords(blockOf(failed, index)))
    const told = { ...settlement, error: error === null ? null : writer.redact(error) }
    const end = toOperationEnd(index, told, exit)
    if (end !== undefined) this.#ends.set(index, end)
    return told
  }
}

/** Whose output tells why: what all share is told of the script as a whole. */
function blockOf({ reason }: OperationResult, index: number): number | null {
  return reason === 'step' || reason === 'check' || reason === 'before' ? index : null
}
