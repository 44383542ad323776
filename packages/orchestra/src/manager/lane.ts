import type { Config } from '../config/config.ts'
import { messageOf } from '../errors.ts'
import type { Methods } from '../methods/index.ts'
import type { Store } from '../store/store.ts'
import {
  blockLane,
  type Cancellation,
  type Claim,
  type ClaimedOperation,
  claimLane,
  releaseLane,
  unblockLane,
} from './claim.ts'
import type { Outcome } from './outcome.ts'
import { persist } from './persist.ts'
import { recover } from './recover.ts'
import { type RunContext, type RunEnd, runScript, type Stop } from './run.ts'
import { type PlannedScript, planScripts } from './scripts.ts'
import { settle } from './settle.ts'
import { givenBack, triedAgain } from './settlement.ts'

/** Runs whose journals pile up on a server before it is told to forget them: forgetting costs a process. */
const FORGET_AFTER = 50

export interface LaneContext {
  store: Store
  config: Config
  methods: Methods
  owner: string
}

/** The lane of one server in this worker: takes what is due and runs it, script after script, until nothing is. */
export class Lane {
  readonly serverId: number
  readonly #context: LaneContext
  readonly #stop = new AbortController()
  #finished: string[] = []
  #logId: number | undefined
  #claim: Claim | undefined
  #script = new AbortController()

  constructor(context: LaneContext, serverId: number) {
    this.#context = context
    this.serverId = serverId
  }

  /** Ends the running script on the server and hands the rest back. */
  stop(reason: Stop): void {
    this.#stop.abort(reason)
    this.#script.abort(reason)
  }

  /** After the running script, nothing more is taken. */
  finish(): void {
    this.#stop.abort({ kind: 'shutdown' } satisfies Stop)
  }

  /** What this worker may do there; undefined while it takes nothing or has not taken it yet. */
  get claim(): Claim | undefined {
    return this.#claim
  }

  /** Cancels the script of this log, if it is the one that runs. */
  cancel({ logId, by, operationIds }: Cancellation): void {
    if (this.#logId === logId) this.#script.abort({ kind: 'cancel', by, operationIds } satisfies Stop)
  }

  /** Works until the lane has nothing due or cannot go on. */
  async drain(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const claim = await claimLane(this.#context.store, this.serverId, this.#context.owner)
      if (claim === undefined) return
      this.#claim = claim
      const end = await this.#work(claim).catch((error) => this.#rest(claim, error))
      this.#claim = undefined
      if (end.kind === 'lost-lane')
        return this.#block(claim, 'unknown', 'another worker has run scripts on this server')
      if (end.kind === 'blocked') return this.#block(claim, 'unreachable', end.reason)
      if (end.kind === 'unknown') return this.#block(claim, 'unknown', end.reason)
      if (claim.laneAttempt > 0)
        await persist(this.#stop.signal, () => unblockLane(this.#context.store, claim))
      await persist(this.#stop.signal, () => releaseLane(this.#context.store, claim))
    }
  }

  /** Does nothing when the lane is another worker's by now. */
  #block(claim: Claim, outcome: Outcome, reason: string): Promise<void> {
    const { store, config } = this.#context
    const backoff = config.worker.backoff.server
    return persist(this.#stop.signal, () => blockLane(store, claim, outcome, reason, backoff))
  }

  /** What nobody foresaw must not be tried again at once, nor keep the lane from whoever tries next. */
  async #rest(claim: Claim, error: unknown): Promise<never> {
    await this.#block(claim, 'unknown', messageOf(error))
    throw error
  }

  async #work(claim: Claim): Promise<RunEnd> {
    if (claim.openLogs.length > 0) return this.#guarded((context) => recover(context, claim))
    const scripts = planScripts(this.#context.config, claim.operations)
    await this.#refuseUnknown(claim, scripts)
    for (const [index, script] of scripts.entries()) {
      const end = await this.#guarded((context) => runScript(context, claim, script))
      if (end.kind === 'ran') this.#finished.push(end.runId)
      else {
        // Of an unknown outcome the server is asked first; whatever else has no result waits again.
        await this.#handBack(claim, scripts.slice(end.kind === 'unknown' ? index + 1 : index), end)
        return end
      }
    }
    return { kind: 'stopped' }
  }

  /** Gives a script what it needs to be stopped from outside. */
  async #guarded(work: (context: RunContext) => Promise<RunEnd>): Promise<RunEnd> {
    if (this.#stop.signal.aborted) return { kind: 'stopped' }
    this.#script = new AbortController()
    const acknowledge = this.#finished.length >= FORGET_AFTER ? this.#finished : []
    const end = await work({
      ...this.#context,
      signal: this.#script.signal,
      acknowledge,
      onStarted: (logId) => {
        this.#logId = logId
      },
    })
    this.#logId = undefined
    if (end.kind === 'ran') this.#finished = this.#finished.filter((runId) => !acknowledge.includes(runId))
    return end
  }

  async #refuseUnknown(claim: Claim, scripts: readonly PlannedScript<ClaimedOperation>[]): Promise<void> {
    const planned = new Set(scripts.flatMap((script) => script.operations))
    const unknown = claim.operations.filter((operation) => !planned.has(operation))
    if (unknown.length === 0) return
    const backoff = this.#context.config.worker.backoff.operation
    const settlements = unknown.map((operation) =>
      triedAgain(
        operation,
        'failure',
        `No backend "${operation.backend}" is defined in this configuration`,
        backoff,
      ),
    )
    await persist(this.#stop.signal, () => settle(this.#context.store, claim, null, settlements))
  }

  /** What was claimed and not begun waits again, with the reason. */
  async #handBack(
    claim: Claim,
    scripts: readonly PlannedScript<ClaimedOperation>[],
    end: RunEnd,
  ): Promise<void> {
    if (end.kind === 'lost-lane') return
    const outcome = end.kind === 'blocked' ? 'unreachable' : null
    const reason = 'reason' in end ? end.reason : null
    const settlements = scripts
      .flatMap((script) => script.operations)
      .map((operation) => givenBack(operation.id, outcome, reason))
    if (settlements.length > 0) {
      await persist(this.#stop.signal, () => settle(this.#context.store, claim, null, settlements))
    }
  }
}
