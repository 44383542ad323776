import { setTimeout as sleep } from 'node:timers/promises'
import type { EventCursor } from '../events/index.ts'
import type { HappeningPage, WorkEvent } from '../placements/index.ts'

/** Milliseconds until what happens is asked for again after that failed. */
const AGAIN = 1_000

/** Follows what happens since a cursor, until the signal. */
export type Following = (
  after: EventCursor | undefined,
  signal: AbortSignal,
) => Promise<AsyncIterable<HappeningPage>>

/** Tells what happens on all servers, whichever worker does it, until it is closed. */
export class LiveView {
  readonly #follow: Following
  readonly #onEvents: (events: readonly WorkEvent[]) => void
  readonly #leaving = new AbortController()
  #telling: Promise<void> | undefined

  constructor(follow: Following, onEvents: (events: readonly WorkEvent[]) => void) {
    this.#follow = follow
    this.#onEvents = onEvents
  }

  /** What happens after that is told. */
  async open(): Promise<void> {
    const pages = await this.#follow(undefined, this.#leaving.signal)
    this.#telling = this.#tell(pages)
  }

  /** Tells what is left, then nothing more. */
  async close(): Promise<void> {
    this.#leaving.abort()
    await this.#telling
  }

  /** The view can do without an answer; the worker itself reports a store that fails. */
  async #tell(first: AsyncIterable<HappeningPage>): Promise<void> {
    const { signal } = this.#leaving
    let after: EventCursor | undefined
    for (let pages: AsyncIterable<HappeningPage> | undefined = first; ; ) {
      try {
        pages ??= await this.#follow(after, signal)
        for await (const page of pages) {
          if (page.events.length > 0) this.#onEvents(page.events)
          after = page.next
        }
        return
      } catch {
        if (signal.aborted) return
        await sleep(AGAIN, undefined, { signal }).catch(() => undefined)
        pages = undefined
      }
    }
  }
}
