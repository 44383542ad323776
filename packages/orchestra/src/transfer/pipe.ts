import type { Timeouts } from '../config/backend.ts'
import type { Job } from '../methods/index.ts'
import type { AbsorbScript, EmitScript, TransferScript } from '../script/index.ts'
import type { CopyLimits } from '../script/transfer.ts'
import type { AnswerReader, Exchange } from '../talk/index.ts'
import { Conduit } from './conduit.ts'
import { Framer, MarkedOutput, MarkSearch } from './frames.ts'

/** How a side's script is run, and who takes what it prints. */
export interface Part extends Pick<Job, 'timeouts' | 'signal' | 'input'> {
  onStart?: Job['onStart']
  push: AnswerReader<never>['push']
}

export interface PipeSide<Script extends TransferScript> {
  script: Script
  run(part: Part): Promise<Exchange<never>>
  /** What it tells people: all it prints but the data. */
  onOutput(stream: 'stdout' | 'stderr', bytes: Uint8Array): void
}

export interface PipeOptions {
  from: PipeSide<EmitScript>
  to: PipeSide<AbsorbScript>
  /** `idle` is the silence of both sides together. */
  timeouts: Timeouts
  limits: CopyLimits
  signal: AbortSignal
  /** So many bytes of data have come from the first side. */
  onBytes(total: number): void
}

/** How both sides ended; null where one was not begun. Only when both exited with 0 and it is whole, all data has arrived. */
export interface Piped {
  from: Exchange<never> | null
  to: Exchange<never>
  isWhole: boolean
  /** Why it was ended here, or ended itself on the new server; null where neither is so. `idle`: nothing moved for too long. */
  ended: PipeBound | null
}

export type PipeBound = 'idle' | 'bytes' | 'free' | 'total'

/**
 * Streams what one script prints into another, both wherever they run, at the pace of the slower. When one side fails, the
 * other is ended on its server. The receiving command never sees the end of data that is not whole.
 */
export function pipe(options: PipeOptions): Promise<Piped> {
  return new Pipe(options).run()
}

class Pipe {
  readonly #options: PipeOptions
  readonly #conduit = new Conduit(() => this.#moved())
  readonly #framer = new Framer()
  readonly #output: MarkedOutput
  readonly #stopFrom = new AbortController()
  readonly #stopTo = new AbortController()
  readonly #noRoom: MarkSearch
  readonly #begunAt = Date.now()
  #movedAt = Date.now()
  #bytes = 0
  #ending: PipeBound | null = null

  constructor(options: PipeOptions) {
    this.#options = options
    this.#output = new MarkedOutput(options.from.script.mark)
    this.#noRoom = new MarkSearch(options.to.script.mark)
  }

  async run(): Promise<Piped> {
    const timer = this.#watch()
    try {
      return await this.#run()
    } finally {
      clearInterval(timer)
      this.#conduit.destroy()
    }
  }

  /** The receiver first: what it cannot take need not be read. */
  async #run(): Promise<Piped> {
    const begun = Promise.withResolvers<null>()
    const receiving = this.#receive(() => begun.resolve(null)).finally(() => this.#receiverEnded())
    const early = await Promise.race([begun.promise, receiving])
    if (early !== null) return this.#ended(null, early)
    const sending = this.#send()
      .then((end) => this.#senderEnded(end))
      .catch((error) => this.#senderFailed(error))
    const [from, to] = await Promise.allSettled([sending, receiving])
    if (from.status === 'rejected') throw from.reason
    if (to.status === 'rejected') throw to.reason
    return this.#ended(from.value, to.value)
  }

  #send(): Promise<Exchange<never>> {
    const { from } = this.#options
    return from.run({
      ...this.#partOf(this.#stopFrom.signal),
      push: (stream, bytes) => (stream === 'stdout' ? this.#take(bytes) : this.#tell(from, stream, bytes)),
    })
  }

  #receive(onStart: () => void): Promise<Exchange<never>> {
    const { to } = this.#options
    return to.run({
      ...this.#partOf(this.#stopTo.signal),
      input: this.#conduit,
      onStart,
      push: (stream, bytes) => {
        if (stream === 'stdout') this.#noRoom.push(bytes)
        this.#tell(to, stream, bytes)
      },
    })
  }

  #partOf(stop: AbortSignal): Omit<Part, 'push'> {
    return {
      // Each side may rest while the other works; the silence that counts is watched here.
      timeouts: { ...this.#options.timeouts, idle: Number.POSITIVE_INFINITY },
      signal: AbortSignal.any([this.#options.signal, stop]),
    }
  }

  #take(bytes: Uint8Array): Promise<void> | undefined {
    this.#moved()
    const data = this.#output.push(bytes)
    for (const piece of data) this.#bytes += piece.length
    this.#options.onBytes(this.#bytes)
    if (this.#bytes > this.#options.limits.bytes) this.#end('bytes')
    return this.#conduit.put(data.flatMap((piece) => this.#framer.push(piece)))
  }

  #tell(side: PipeSide<TransferScript>, stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    this.#moved()
    side.onOutput(stream, bytes)
  }

  #senderEnded(end: Exchange<never>): Exchange<never> {
    if (end.exit !== 0 || !this.#output.isWhole) this.#stopTo.abort()
    else {
      this.#conduit.put(this.#framer.end())
      this.#conduit.push(null)
    }
    return end
  }

  #senderFailed(error: unknown): never {
    this.#stopTo.abort()
    throw error
  }

  #receiverEnded(): void {
    this.#conduit.destroy()
    this.#stopFrom.abort()
  }

  #ended(from: Exchange<never> | null, to: Exchange<never>): Piped {
    return { from, to, isWhole: this.#output.isWhole, ended: this.#noRoom.isFound ? 'free' : this.#ending }
  }

  #moved(): void {
    this.#movedAt = Date.now()
  }

  #watch(): NodeJS.Timeout {
    const { timeouts, limits } = this.#options
    return setInterval(
      () => {
        if (Date.now() - this.#movedAt >= timeouts.idle) this.#end('idle')
        if (Date.now() - this.#begunAt >= limits.total) this.#end('total')
      },
      Math.min(1_000, timeouts.idle / 4, limits.total / 4),
    )
  }

  #end(bound: PipeBound): void {
    this.#ending ??= bound
    this.#stopFrom.abort()
    this.#stopTo.abort()
  }
}
