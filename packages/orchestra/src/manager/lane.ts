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
import { type Claim, type ClaimedOperation, claimLane } from './claim.ts'
import { claimSize } from './claim-size.ts'
import type { LaneMemory } from './lane-memory.ts'
import { blockLane, type Cancellation, releaseLane, unblockLane } from './lease.ts'
import { lookForNames } from './look.ts'
import { endNeedlessPrunes } from './prunes.ts'
import { recover } from './recover.ts'
import { handBack, regenerate } from './regenerate/index.ts'
import { runScript } from './run.ts'
import type { RunContext, RunEnd, Stop } from './run-context.ts'
import { settle } from './settle.ts'
import { givenBack } from './settlement.ts'
import type { LaneWork } from './waiting-lanes.ts'

export interface LaneContext {
  store: Store
  config: Config
  methods: Methods
  owner: string
  /** What it takes beside other workers; default all that its configuration has. */
  duties?: () => Duties
  memory: LaneMemory
  /** Whether other servers wait for the slot that this one has. */
  isAwaited(): boolean
  /** How many lanes this worker works now. */
  lanes(): number
}

/** Why a lane stopped working. */
export type LaneEnd =
  /** Nothing is due, or it cannot go on. */
  | { kind: 'idle' }
  /** It let others go first, in the middle of this. */
  | { kind: 'yielded'; work: LaneWork }

/** The lane of one server in this worker: takes what is due and runs it, script after script, until nothing is. */
export class Lane {
  readonly serverId: number
  readonly #context: LaneContext
  readonly #stop = new AbortController()
  readonly #inspector = new Inspector()
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

  /** Works until the lane has nothing due, cannot go on, or has had its turn while others wait. */
  async drain(): Promise<LaneEnd> {
    try {
      return await this.#workOff()
    } finally {
      await this.#inspector.forget()
    }
  }

  /** A turn is a whole claim: what is claimed together is in the order of `after`, which nothing may come between. */
  async #workOff(): Promise<LaneEnd> {
    while (!this.#stop.signal.aborted) {
      const { store, config, owner, isAwaited, lanes } = this.#context
      const most = claimSize(lanes(), isAwaited())
      const claim = await claimLane(store, config, this.serverId, owner, this.#duties, most)
      if (claim === undefined) break
      this.#claim = claim
      const end = await this.#work(claim).catch((error) => this.#rest(claim, error))
      this.#claim = undefined
      if (!(await this.#isOver(claim, end))) break
      if (isAwaited()) return { kind: 'yielded', work: workOf(claim) }
    }
    return { kind: 'idle' }
  }

  /** Answers whether the lane can go on, and has anything to go on with. Who brings it something later wakes it. */
  async #isOver(claim: Claim, end: RunEnd): Promise<boolean> {
    const obstacle = obstacleOf(end)
    if (obstacle !== undefined) {
      await this.#block(claim, obstacle.outcome, obstacle.reason)
      return false
    }
    const { store, memory } = this.#context
    if (claim.laneAttempt > 0) await persist(this.#stop.signal, () => unblockLane(store, claim))
    return persist(this.#stop.signal, () => releaseLane(store, claim, memory.finished, this.#duties))
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
    const { store, memory } = this.#context
    if (workOf(claim) === 'inspection') return this.#inspect(claim)
    await this.#inspector.forget()
    await persist(this.#stop.signal, () => memory.take(store, claim))
    if (claim.openLogs.length > 0) return this.#guarded((context) => recover(context, claim))
    if (claim.lost.length > 0) return this.#handBackLost(claim)
    if (claim.looks.length > 0) return this.#guarded((context) => lookForNames(context, claim))
    const due = await persist(this.#stop.signal, () => endNeedlessPrunes(this.#context, claim))
    const end = await this.#drain(due)
    return end.kind === 'stopped' && memory.hasChanged() ? this.#inspect(claim) : end
  }

  async #drain(claim: Claim): Promise<RunEnd> {
    const { operations, regenerations } = claim
    const scripts = planDrain(this.#context.config, operations, regenerations)
    for (const [index, script] of scripts.entries()) {
      const end = await this.#guarded((context) => run(context, claim, script))
      if (end.kind === 'ran') continue
      // Of an unknown outcome the server is asked first; whatever else has no result waits again.
      await this.#handBack(claim, scripts.slice(end.kind === 'unknown' ? index + 1 : index), end)
      return end
    }
    return { kind: 'stopped' }
  }

  /** One page, so that a change waits no longer for an inspection than for that. */
  async #inspect(claim: Claim): Promise<RunEnd> {
    if (this.#stop.signal.aborted) return { kind: 'stopped' }
    this.#script = new AbortController()
    const { foreign } = this.#duties
    const asksAhead = !this.#context.isAwaited()
    return endOfStep(
      await this.#inspector.step(
        { ...this.#context, foreign, signal: this.#script.signal, asksAhead },
        claim,
      ),
    )
  }

  /** Gives a script what it needs to be stopped from outside. */
  async #guarded(work: (context: RunContext) => Promise<RunEnd>): Promise<RunEnd> {
    if (this.#stop.signal.aborted) return { kind: 'stopped' }
    this.#script = new AbortController()
    const end = await work({
      ...this.#context,
      signal: this.#script.signal,
      journals: this.#context.memory,
      onStarted: (logId) => {
        this.#logId = logId
      },
    })
    this.#logId = undefined
    return end
  }

  get #duties(): Duties {
    return this.#context.duties?.() ?? allDuties(this.#context.config)
  }

  async #handBackLost(claim: Claim): Promise<RunEnd> {
    const settlements = claim.lost.map((id) => givenBack(id, null, null))
    const isOurs = await persist(this.#stop.signal, () => settle(this.#context, claim, null, settlements))
    return { kind: isOurs ? 'ran' : 'lost-lane' }
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
      await persist(this.#stop.signal, () => settle(this.#context, claim, null, settlements))
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

function workOf({ openLogs, lost, looks, operations, regenerations }: Claim): LaneWork {
  return openLogs.length + lost.length + looks.length + operations.length + regenerations.length > 0
    ? 'changes'
    : 'inspection'
}

/** What keeps a lane from going on. */
function obstacleOf(end: RunEnd): { outcome: Outcome; reason: string } | undefined {
  switch (end.kind) {
    case 'lost-lane':
      return { outcome: 'unknown', reason: 'another worker has run scripts on this server' }
    case 'blocked':
      return { outcome: 'unreachable', reason: end.reason }
    case 'unknown':
      return { outcome: 'unknown', reason: end.reason }
    case 'ran':
    case 'stopped':
      return undefined
  }
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
