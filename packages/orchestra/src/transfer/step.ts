import { createHash, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { fromSnapshot } from '../collector/snapshot.ts'
import type { Backend, Timeouts, Transfer as TransferCommands } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import { messageOf } from '../errors.ts'
import type { Methods } from '../methods/index.ts'
import { renderAbsorb, renderEmit, renderPut, type TransferTry } from '../script/index.ts'
import type { CopyLimits } from '../script/transfer.ts'
import type { Store } from '../store/index.ts'
import { Framer } from './frames.ts'
import { limitText } from './limits.ts'
import { type PipeBound, pipe } from './pipe.ts'
import { Side } from './side.ts'
import type { Transfer } from './transfer.ts'
import type { SideTrouble } from './trouble.ts'
import { differenceOf, EmittedText } from './verify.ts'

/** How a step ended. */
export type StepEnd =
  /** With what the copy is for. */
  | { kind: 'done'; copiedFor: string }
  /** The target has another name or place than the copy was made for. */
  | { kind: 'elsewhere'; copiedFor: null }
  | SideTrouble
  /** What was copied is not what was to be copied. */
  | { kind: 'different'; reason: string }

type Trouble = Exclude<StepEnd, { kind: 'done' | 'elsewhere' }>

export interface TransferContext {
  store: Store
  config: Config
  methods: Methods
  signal: AbortSignal
  onBytes(total: number): void
}

/** Seconds that the switch waits for a script of the lane. */
const LOCK_WAIT = 60

/** Does the step that a transfer stands at. */
export async function runStep(context: TransferContext, transfer: Transfer): Promise<StepEnd> {
  const backend = context.config.backends.get(transfer.backend)
  if (backend?.transfer === undefined) {
    return { kind: 'failed', reason: `Backend "${transfer.backend}" is not defined, or has no \`transfer\`` }
  }
  if (transfer.original === null) {
    return { kind: 'failed', reason: `nothing is known of what stands on ${transfer.from.name}` }
  }
  // It stands there no more, or is being saved anew: the transfer is due again when that is done.
  if (transfer.placed === null) return { kind: 'stopped' }
  try {
    return await new StepRun(context, transfer, backend, backend.transfer).run()
  } catch (error) {
    return { kind: 'failed', reason: messageOf(error) }
  }
}

class StepRun {
  readonly #context: TransferContext
  readonly #transfer: Transfer
  readonly #commands: TransferCommands<unknown>
  readonly #backend: Backend
  readonly #original: unknown
  readonly #placed: unknown

  constructor(
    context: TransferContext,
    transfer: Transfer,
    backend: Backend,
    commands: TransferCommands<never>,
  ) {
    this.#context = context
    this.#transfer = transfer
    this.#backend = backend
    // Snapshots hold objects of the backend's own model.
    this.#commands = commands as TransferCommands<unknown>
    const seal = context.store.keyring.for(transfer.model, transfer.object_key)
    this.#original = fromSnapshot(transfer.original, seal)
    this.#placed = fromSnapshot(transfer.placed, seal)
  }

  async run(): Promise<StepEnd> {
    const { step, copied_for } = this.#transfer
    const copiedFor = this.#destination()
    if (step !== 'copy' && copied_for !== copiedFor) return { kind: 'elsewhere', copiedFor: null }
    const trouble = await this.#do()
    return trouble ?? { kind: 'done', copiedFor }
  }

  /**
   * The claim on its name, and a sum of the commands that know where the copy is: it lies beside the place of its object, and so elsewhere
   * once that has another name or path. None of them would find it there, and a switch that finds nothing takes its work for done. A
   * name that was given up in between is claimed anew: who renamed it took away what lay beside it.
   */
  #destination(): string {
    const { restore, verify, switch: put } = this.#commands
    const commands = [restore, verify?.restored, put].map(
      (command) => command?.(this.#placed).rendered.masked,
    )
    return `${this.#transfer.claim} ${createHash('sha256').update(JSON.stringify(commands)).digest('hex')}`
  }

  #do(): Promise<Trouble | null> {
    switch (this.#transfer.step) {
      case 'copy':
        return this.#copy()
      case 'verify':
        return this.#verify()
      case 'switch':
      case 'done':
        return this.#switch()
    }
  }

  async #copy(): Promise<Trouble | null> {
    const dump = renderEmit(this.#try('from'), this.#commands.dump(this.#original))
    const restore = renderAbsorb(this.#try('to'), this.#commands.restore(this.#placed), this.#limits)
    const from = this.#side('dump', 'from', dump)
    const to = this.#side('restore', 'to', restore)
    const timeouts = { ...this.#timeouts, total: Number.POSITIVE_INFINITY }
    const { signal, onBytes } = this.#context
    const piped = await pipe({ from, to, timeouts, limits: this.#limits, signal, onBytes })
    const troubles = [await from.conclude(piped.from), await to.conclude(piped.to)]
    if (signal.aborted) return { kind: 'stopped' }
    const end = this.#endOf(piped.ended, [from, to])
    if (end?.kind === 'limited') await this.#makeRoom()
    if (end !== null) return end
    const trouble = worst(troubles)
    if (trouble !== null) return trouble
    return piped.isWhole ? null : { kind: 'failed', reason: `${from.name} broke off` }
  }

  /** What a copy that was ended comes to; null where none of its bounds was reached. */
  #endOf(ended: PipeBound | null, sides: readonly Side[]): SideTrouble | null {
    if (ended === 'idle') return idle(this.#timeouts)
    if (ended !== null) {
      const said =
        ended === 'free'
          ? `: ${sides
              .map((side) => side.lastWords)
              .join(' ')
              .trim()}`
          : ''
      return { kind: 'limited', reason: `${limitText('the copy', ended, this.#limits)}${said}` }
    }
    return this.#tooLoud(sides)
  }

  #tooLoud(sides: readonly Side[]): SideTrouble | null {
    const loud = sides.find((side) => side.isTooLoud)
    return loud === undefined ? null : { kind: 'limited', reason: limitText(loud.name, 'said', this.#limits) }
  }

  /** `restore` begins with removing what an earlier try left; without data it does nothing more. That it fails then is no news. */
  async #makeRoom(): Promise<void> {
    const nothing = renderAbsorb(this.#try('to'), this.#commands.restore(this.#placed), this.#limits)
    const side = this.#side('restore', 'to', nothing)
    const input = Readable.from([Buffer.concat([...new Framer().end()])])
    await side.conclude(await side.runAlone(this.#timeouts, { input }))
  }

  async #verify(): Promise<Trouble | null> {
    const { verify } = this.#commands
    if (verify === undefined) return null
    const original = renderEmit(this.#try('from'), verify.original(this.#original))
    const restored = renderEmit(this.#try('to'), verify.restored(this.#placed))
    const texts = [new EmittedText(original), new EmittedText(restored)] as const
    const sides = [this.#side('verify', 'from', original), this.#side('verify', 'to', restored)] as const
    const troubles = await Promise.all(
      sides.map(async (side, index) =>
        side.conclude(await side.runAlone(this.#silent, { reader: texts[index as 0 | 1] })),
      ),
    )
    if (this.#context.signal.aborted) return { kind: 'stopped' }
    const trouble = this.#tooLoud(sides) ?? worst(troubles)
    if (trouble !== null) return trouble
    const difference = differenceOf(...texts, this.#transfer)
    return difference === null ? null : { kind: 'different', reason: difference }
  }

  async #switch(): Promise<Trouble | null> {
    const script = renderPut(this.#try('to'), this.#commands.switch(this.#placed), LOCK_WAIT)
    const side = this.#side('switch', 'to', script)
    return side.conclude(await side.runAlone(this.#silent))
  }

  #try(side: 'from' | 'to'): TransferTry {
    const { id, attempt } = this.#transfer
    return { transferId: id, attempt, side, runId: randomUUID() }
  }

  #side<Script extends Side['script']>(what: string, at: 'from' | 'to', script: Script): Side<Script> {
    const { store, methods, signal } = this.#context
    const { attempt } = this.#transfer
    return new Side({
      store,
      methods,
      signal,
      what,
      server: this.#transfer[at],
      backend: this.#backend,
      attempt,
      script,
    })
  }

  get #limits(): CopyLimits {
    return { ...this.#context.config.worker.copy, ...this.#commands.limits }
  }

  get #timeouts(): Timeouts {
    return { ...this.#context.config.worker.timeouts, ...this.#backend.timeouts }
  }

  /** Checksums of much data are silent for long. */
  get #silent(): Timeouts {
    return { ...this.#timeouts, idle: this.#timeouts.total }
  }
}

/** A side that ended by itself explains more than the one that was ended because of it. */
function worst(troubles: readonly (SideTrouble | null)[]): SideTrouble | null {
  const bad = troubles.filter((trouble) => trouble !== null)
  return bad.find((trouble) => trouble.kind !== 'stopped') ?? bad[0] ?? null
}

function idle({ idle: milliseconds }: Timeouts): SideTrouble {
  const reason = `no data moved for ${Math.round(milliseconds / 1000)} s; \`timeouts.idle\` of the backend allows more`
  return { kind: 'failed', reason }
}
