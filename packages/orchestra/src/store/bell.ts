import { setTimeout as sleep } from 'node:timers/promises'
import type { Listener, Store } from './store.ts'

const LOOK_AGAIN = 500

/** Rings when operations were settled or cancelled, or what else channels tell of, whichever process did it. One connection for all who wait. */
export class Bell {
  readonly #store: Store
  readonly #channels: readonly string[]
  readonly #longest: number
  #listener: Listener | undefined
  #next = Promise.withResolvers<void>()

  /** @param longest milliseconds after which a waiting reader looks again even when nothing rang: a notification can be lost */
  constructor(store: Store, channels: readonly string[] = ['orchestra_settled'], longest = LOOK_AGAIN) {
    this.#store = store
    this.#channels = channels
    this.#longest = longest
  }

  /** Resolves at the next ring, or when it is time to look again. */
  async wait(): Promise<void> {
    this.#listener ??= this.#store.listen(this.#channels, () => {
      this.#next.resolve()
      this.#next = Promise.withResolvers()
    })
    await Promise.race([this.#next.promise, sleep(this.#longest, undefined, { ref: false })])
  }

  async close(): Promise<void> {
    await this.#listener?.close()
  }
}
