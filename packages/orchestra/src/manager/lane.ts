import type { Config } from '../config/config.ts'
import { messageOf } from '../errors.ts'
import { allDuties, type Duties } from '../generation/index.ts'
import { type InspectionStep, Inspector } from '../inspect/index.ts'
import { persist } from '../logs/persist.ts'
import type { Methods } from '../methods/index.ts'
import type { Outcome } from '../operations/outcome.ts'
import { type PlannedRegeneration, type PlannedScript, planDrain } from '../recording/scripts.ts'
import { everything } from '../recording/selection.ts'
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
import { endNeedlessPrunes } from './prunes.ts'
import { recover } from './recover.ts'
import { handBack, regenerate } from './regenerate/index.ts'
import { runScript } from './run.ts'
import type { RunContext, RunEnd, Stop } from './run-context.ts'
import { settle } from './settle.ts'
import { givenBack } from './settlement.ts'

/** Runs whose journals pile up on a server before it is told to forget them: forgetting costs a process. */
const FORGET_AFTER = 50

export interface LaneContext {
  store: Store
  config: Config
  methods: Methods
  owner: string
  /** What it takes beside other workers; default all that its configuration has. */
  duties?: () => Duties
}

/** The lane of one server in this worker: takes what is due and runs it, script after script, until nothing is. */
export class Lane {
  readonly serverId: number
  readonly #context: LaneContext
  readonly #stop = new AbortController()
  readonly #inspector = new Inspector()
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
    try {
      await this.#workOff()
    } finally {
      await this.#inspector.forget()
    }
  }

  async #workOff(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const { store, owner } = this.#context
      const claim = await claimLane(store, this.serverId, owner, this.#duties, this.#regenerating)
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
    const isFree = claim.openLogs.length + claim.operations.length + claim.regenerations.length === 0
    if (isFree) return this.#inspect(claim)
    await this.#inspector.forget()
    if (claim.openLogs.length > 0) return this.#guarded((context) => recover(context, claim))
    const due = await persist(this.#stop.signal, () => endNeedlessPrunes(this.#context.store, claim))
    return this.#drain(due)
  }

  async #drain(claim: Claim): Promise<RunEnd> {
    const { operations, regenerations } = claim
    const scripts = planDrain(this.#context.config, operations, regenerations)
    for (const [index, script] of scripts.entries()) {
      const end = await this.#guarded((context) => run(context, claim, script))
      if (end.kind === 'ran') this.#note(end.runId)
      else {
        // Of an unknown outcome the server is asked first; whatever else has no result waits again.
        await this.#handBack(claim, scripts.slice(end.kind === 'unknown' ? index + 1 : index), end)
        return end
      }
    }
    return { kind: 'stopped' }
  }

  /** One page, so that a change waits no longer for an inspection than for that. */
  async #inspect(claim: Claim): Promise<RunEnd> {
    if (this.#stop.signal.aborted) return { kind: 'stopped' }
    this.#script = new AbortController()
    const { foreign } = this.#duties
    return endOfStep(
      await this.#inspector.step({ ...this.#context, foreign, signal: this.#script.signal }, claim),
    )
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

  /** The server keeps a journal of a run until it is told to forget it. */
  #note(runId: string): void {
    if (runId !== '') this.#finished.push(runId)
  }

  get #duties(): Duties {
    return this.#context.duties?.() ?? allDuties(this.#context.config)
  }

  /** Names of backends that write whole configurations. */
  get #regenerating(): string[] {
    const backends = [...this.#context.config.backends.values()]
    return backends.filter((backend) => backend.sync !== undefined).map((backend) => backend.name)
  }

  /** What was claimed and not begun waits again, with the reason. */
  async #handBack(claim: Claim, scripts: readonly Planned[], end: RunEnd): Promise<void> {
    if (end.kind === 'lost-lane') return
    const outcome = end.kind === 'blocked' ? 'unreachable' : null
    const reason = 'reason' in end ? end.reason : null
    const settlements = scripts
      .flatMap(operationsOf)
      .map((operation) => givenBack(operation.id, outcome, reason))
    if (settlements.length > 0) {
      await persist(this.#stop.signal, () => settle(this.#context.store, claim, null, settlements))
    }
    const context = { ...this.#context, signal: this.#stop.signal }
    for (const script of scripts) {
      if ('operations' in script) continue
      await handBack({ context, claim }, everything(claim, script.backend, script.actions), outcome, reason)
    }
  }
}

type Planned = PlannedScript<ClaimedOperation> | PlannedRegeneration

function run(context: RunContext, claim: Claim, planned: Planned): Promise<RunEnd> {
  return 'operations' in planned
    ? runScript(context, claim, planned)
    : regenerate(context, claim, planned.backend, planned.actions)
}

function operationsOf(planned: Planned): readonly ClaimedOperation[] {
  return 'operations' in planned ? planned.operations : []
}

function endOfStep(step: InspectionStep): RunEnd {
  switch (step.kind) {
    case 'blocked':
      return { kind: 'blocked', reason: step.reason }
    case 'fenced':
      return { kind: 'lost-lane' }
    case 'looked':
    case 'idle':
    case 'cancelled':
      return { kind: 'stopped' }
  }
}
