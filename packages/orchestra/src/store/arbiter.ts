/**
 * PGlite is one database session. Everyone who talks to it shares its transaction and its unnamed prepared statement, so a
 * client must have the session for itself from its first message until the session is idle again. `@electric-sql/pglite-socket`
 * hands it over after every message, and lets one client's Bind meet another's Parse; hence this turnstile.
 */
export class Arbiter<Holder> {
  #holder: Holder | undefined
  #queue: { holder: Holder; enter: () => void }[] = []

  get holder(): Holder | undefined {
    return this.#holder
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** Resolves when `holder` has the session; at once when it has it already. */
  enter(holder: Holder): Promise<void> {
    if (this.#holder === holder) return Promise.resolve()
    if (this.#holder === undefined) {
      this.#holder = holder
      return Promise.resolve()
    }
    return new Promise((enter) => this.#queue.push({ holder, enter }))
  }

  leave(holder: Holder): void {
    this.#queue = this.#queue.filter((entry) => entry.holder !== holder)
    if (this.#holder !== holder) return
    const next = this.#queue.shift()
    this.#holder = next?.holder
    next?.enter()
  }
}
