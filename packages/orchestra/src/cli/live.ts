import type { Listener, Store } from '../store/index.ts'
import { type WorkEvent, WorkEvents } from './live-events.ts'

/** Milliseconds between looks: at most so many when much happens, at least so many when nothing rings. */
const SHORTEST = 100
const LONGEST = 1_000

/** Tells what happens on all servers, whichever worker does it, until it is closed. */
export class LiveView {
  readonly #events: WorkEvents
  readonly #onEvents: (events: readonly WorkEvent[]) => void
  readonly #store: Store
  #listener: Listener | undefined
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #rung = false
  #closed = false

  constructor(store: Store, onEvents: (events: readonly WorkEvent[]) => void) {
    this.#store = store
    this.#events = new WorkEvents(store)
    this.#onEvents = onEvents
  }

  async open(): Promise<void> {
    await this.#events.begin()
    this.#listener = this.#store.listen(['orchestra_log', 'orchestra_settled', 'orchestra_wake'], () =>
      this.#ring(),
    )
    this.#wait(LONGEST)
  }

  /** Tells what is left, then nothing more. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#listener?.close()
    await this.#looking
    await this.#tell()
  }

  #ring(): void {
    if (this.#rung || this.#closed || this.#looking !== undefined) return
    this.#rung = true
    this.#wait(SHORTEST)
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#look(), ms)
  }

  #look(): void {
    this.#rung = false
    this.#looking = this.#tell().finally(() => {
      this.#looking = undefined
      if (!this.#closed) this.#wait(LONGEST)
    })
  }

  /** The view can do without an answer; the worker itself reports a store that is away. */
  async #tell(): Promise<void> {
    const events = await this.#events.next().catch(() => [])
    if (events.length > 0) this.#onEvents(events)
  }
}
