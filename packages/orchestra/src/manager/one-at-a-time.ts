/** Runs work that never runs beside itself: asked for meanwhile, it runs once more afterwards. */
export class OneAtATime {
  readonly #work: () => Promise<void>
  #running: Promise<void> | undefined
  #isAsked = false

  /** @param work reports its failures itself */
  constructor(work: () => Promise<void>) {
    this.#work = work
  }

  /** Sees to it that it runs after this call; answers when it has. */
  ask(): Promise<void> {
    this.#isAsked = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Runs it unless it runs already, as a clock asks for. */
  tick(): void {
    if (this.#running === undefined) void this.ask()
  }

  /** Answers when nothing of it runs any more. */
  async end(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#isAsked) {
      this.#isAsked = false
      await this.#work()
    }
  }
}
