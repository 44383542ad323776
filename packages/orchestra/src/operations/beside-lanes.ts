interface Running {
  stop: AbortController
  done: Promise<void>
}

export interface BesideLanesOptions {
  /** Claims what is due and begins it, as far as there is room. */
  claim(): Promise<void>
  onError(error: unknown): void
}

/** What one worker is at beside its lanes, by number: it holds no lane and no turn, so that other work goes on. */
export class BesideLanes {
  readonly #options: BesideLanesOptions
  readonly #running = new Map<number, Running>()
  #claiming: Promise<void> | undefined
  #isFinishing = false

  constructor(options: BesideLanesOptions) {
    this.#options = options
  }

  /** Whether nothing more is taken. */
  get isFinishing(): boolean {
    return this.#isFinishing
  }

  get ids(): number[] {
    return [...this.#running.keys()]
  }

  /** Claims once at a time, whoever asks for it meanwhile. */
  poll(): Promise<void> {
    this.#claiming ??= this.#options.claim().finally(() => {
      this.#claiming = undefined
    })
    return this.#claiming
  }

  begin(id: number, work: (signal: AbortSignal) => Promise<void>): void {
    const stop = new AbortController()
    const done = work(stop.signal)
      .catch(this.#options.onError)
      .finally(() => this.#running.delete(id))
    this.#running.set(id, { stop, done })
  }

  abort(id: number, reason: string): void {
    this.#running.get(id)?.stop.abort(reason)
  }

  /** Takes nothing more; resolves when all that runs has ended. */
  async finish(): Promise<void> {
    this.#isFinishing = true
    await this.#claiming
    await Promise.all([...this.#running.values()].map(({ done }) => done))
  }

  /** Takes nothing more, and ends what runs. */
  stop(reason: string): void {
    this.#isFinishing = true
    for (const id of this.ids) this.abort(id, reason)
  }
}
