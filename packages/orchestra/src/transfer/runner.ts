import type { Backend } from '../config/backend.ts'
import type { Backoff, Config } from '../config/config.ts'
import { persist } from '../logs/persist.ts'
import type { Methods } from '../methods/index.ts'
import { delayAfter } from '../operations/backoff.ts'
import { BesideLanes } from '../operations/beside-lanes.ts'
import type { Queryable, Store } from '../store/index.ts'
import { runStep, type StepEnd } from './step.ts'
import {
  advance,
  beginSwitch,
  claimTransfers,
  finish,
  giveUpSwitch,
  postpone,
  readTransfer,
  recordBytes,
  renewTransfers,
  type Transfer,
  type TransferStep,
} from './transfer.ts'

/** Milliseconds between records of how much was copied. */
const RECORD_INTERVAL = 1_000
/** Milliseconds until it is asked again whether the target may receive data. */
const LATER = 5_000

export interface RunnerOptions {
  store: Store
  config: Config
  methods: Methods
  owner: string
  /** Whose data it carries beside other workers; default that of all that its configuration has. */
  backends?: () => readonly string[]
  onError(error: unknown): void
}

/** The transfers of one worker: other work on both servers goes on. */
export class TransferRunner {
  readonly #options: RunnerOptions
  readonly #running: BesideLanes

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#running = new BesideLanes({ claim: () => this.#claim(), onError: options.onError })
  }

  /** Begins what is due, as far as there is room. */
  poll(): Promise<void> {
    return this.#running.poll()
  }

  /** Keeps what runs here, and stops what was cancelled or is another worker's by now. */
  async renew(db: Queryable): Promise<void> {
    const { ids } = this.#running
    if (ids.length === 0) return
    const kept = await renewTransfers(db, this.#options.owner, ids)
    for (const id of ids) if (!kept.includes(id)) this.#running.abort(id, 'lost')
  }

  /** Takes nothing more; resolves when all that runs has ended. */
  finish(): Promise<void> {
    return this.#running.finish()
  }

  /** Ends what runs on its servers and gives it back. */
  stop(): void {
    this.#running.stop('shutdown')
  }

  async #claim(): Promise<void> {
    const { store, config, owner } = this.#options
    const { ids, isFinishing } = this.#running
    const room = config.worker.transfers - ids.length
    if (isFinishing || room <= 0) return
    const backends = this.#options.backends?.() ?? [...config.backends.keys()]
    for (const id of await claimTransfers(store, owner, room, ids, backends))
      this.#running.begin(id, (signal) => this.#work(id, signal))
  }

  /** Step after step, each recorded before the next. */
  async #work(id: number, signal: AbortSignal): Promise<void> {
    const { store, owner } = this.#options
    for (;;) {
      const transfer = await persist(signal, () => readTransfer(store, id, owner))
      if (transfer === undefined) return
      if (signal.aborted || this.#running.isFinishing) return this.#giveBack(id, signal)
      const begun = await this.#begun(transfer, signal)
      if (begun === undefined) return this.#giveBack(id, signal, LATER)
      const end = await this.#runStep(begun, signal)
      if (end.kind !== 'done' && end.kind !== 'elsewhere') return this.#postpone(begun, end, signal)
      if (end.kind === 'elsewhere') await this.#leaveTarget(begun, signal)
      const next = end.kind === 'done' ? stepAfter[begun.step] : 'copy'
      if (next === 'done') return this.#end(begun, signal)
      if (!(await persist(signal, () => advance(store, id, owner, next, end.copiedFor)))) return
    }
  }

  /** At the switch the target is the transfer's, so that no lane works at it or changes it. */
  async #begun(transfer: Transfer, signal: AbortSignal): Promise<Transfer | undefined> {
    const { store, owner } = this.#options
    if (transfer.step !== 'switch') return transfer
    return persist(signal, () => beginSwitch(store, transfer, owner, this.#backendOf(transfer)))
  }

  async #end(transfer: Transfer, signal: AbortSignal): Promise<void> {
    const { store, owner } = this.#options
    const isEnded = await persist(signal, () => finish(store, transfer, owner, this.#backendOf(transfer)))
    if (!isEnded) await this.#giveBack(transfer.id, signal, LATER)
  }

  #backendOf({ backend }: Transfer): Backend | undefined {
    return this.#options.config.backends.get(backend)
  }

  async #runStep(transfer: Transfer, signal: AbortSignal): Promise<StepEnd> {
    const { store, owner, onError } = this.#options
    let bytes: number | null = null
    const record = async () => {
      if (bytes !== null) await recordBytes(store, transfer.id, owner, bytes).catch(onError)
    }
    const timer = setInterval(() => void record(), RECORD_INTERVAL)
    const onBytes = (total: number) => {
      bytes = total
    }
    try {
      return await runStep({ ...this.#options, signal, onBytes }, transfer)
    } finally {
      clearInterval(timer)
      await record()
    }
  }

  #giveBack(id: number, signal: AbortSignal, delay = 0): Promise<void> {
    const { store, owner } = this.#options
    return persist(signal, () => postpone(store, id, owner, { delay, error: null }))
  }

  async #postpone(
    transfer: Transfer,
    end: Exclude<StepEnd, { kind: 'done' | 'elsewhere' }>,
    signal: AbortSignal,
  ): Promise<void> {
    if (end.kind === 'stopped') return this.#giveBack(transfer.id, signal)
    const { store, owner } = this.#options
    const delay = delayAfter(transfer.attempt, this.#backoffAfter(end.kind))
    // Of what did not answer nobody knows whether it was done: the target stays the transfer's.
    if (end.kind !== 'unreachable') await this.#leaveTarget(transfer, signal)
    const step = end.kind === 'different' ? ({ step: 'copy' } as const) : {}
    await persist(signal, () => postpone(store, transfer.id, owner, { delay, error: end.reason, ...step }))
  }

  async #leaveTarget(transfer: Transfer, signal: AbortSignal): Promise<void> {
    if (transfer.step !== 'switch') return
    const { store, owner } = this.#options
    await persist(signal, () => giveUpSwitch(store, transfer, owner, this.#backendOf(transfer)))
  }

  #backoffAfter(kind: 'failed' | 'unreachable' | 'different' | 'limited'): Backoff {
    const { operation, server } = this.#options.config.worker.backoff
    if (kind === 'limited') return limitBackoff
    return kind === 'unreachable' ? server : operation
  }
}

/** Every try of what is too large fills the new server anew. Who has made room, or allowed more, asks for one. */
const limitBackoff: Backoff = { base: 3_600_000, cap: 86_400_000 }

const stepAfter: Readonly<Record<TransferStep, TransferStep>> = {
  copy: 'verify',
  verify: 'switch',
  switch: 'done',
  done: 'done',
}
