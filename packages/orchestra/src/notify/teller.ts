import type { Store } from '../store/index.ts'
import { deliverNext, dueChannels } from './deliver.ts'
import { handOn } from './hand-on.ts'
import { beatOne, dueBeats } from './heartbeat.ts'

/** Tells each channel at a pace of its own: one that is slow or dead keeps neither another nor whoever asks waiting. */
export class Teller {
  readonly #store: Store
  readonly #onError: (error: unknown) => void
  readonly #telling = new Map<string, Promise<void>>()
  #isEnding = false

  constructor(store: Store, onError: (error: unknown) => void) {
    this.#store = store
    this.#onError = onError
  }

  /** Begins to tell what is to be told by now, and waits for none of it. */
  async poll(): Promise<void> {
    await handOn(this.#store)
    for (const channel of await dueChannels(this.#store))
      this.#begin(`channel ${channel}`, () => this.#tell(channel))
    for (const beat of await dueBeats(this.#store))
      this.#begin(`beat ${beat.id}`, () => beatOne(this.#store, beat))
  }

  /** Begins nothing more; resolves when all that was begun has arrived or not. */
  async end(): Promise<void> {
    this.#isEnding = true
    await Promise.all(this.#telling.values())
  }

  #begin(name: string, work: () => Promise<void>): void {
    if (this.#isEnding || this.#telling.has(name)) return
    const telling = work()
      .catch(this.#onError)
      .finally(() => this.#telling.delete(name))
    this.#telling.set(name, telling)
  }

  /** One message after the other, as they happened. Where one did not arrive, the others are tried when it is asked again. */
  async #tell(channel: number): Promise<void> {
    while (!this.#isEnding && (await deliverNext(this.#store, channel)) === 'sent');
  }
}
