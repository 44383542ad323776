import { setTimeout as sleep } from 'node:timers/promises'
import type { Listener, Store } from './store.ts'

/** Milliseconds after which a waiting reader looks again even when nothing rang: a notification can be lost. */
const LOOK_AGAIN = 500

/** Rings when operations were settled or cancelled, whichever process did it. One connection for all who wait. */
export class Bell {
  readonly #store: Store
  #listener: Listener | undefined
  #next = Promise.withResolvers<void>()

  constructor(store: Store) {
    this.#store = store
  }

  /** Resolves at the next ring, or when it is time to look again. */
  async wait(): Promise<void> {
    this.#listener ??= this.#store.listen(['orchestra_settled'], () => {
      this.#next.resolve()
      this.#next = Promise.withResolvers()
    })
    await Promise.race([this.#next.promise, sleep(LOOK_AGAIN, undefined, { ref: false })])
  }

  async close(): Promise<void> {
    await this.#listener?.close()
  }
}
