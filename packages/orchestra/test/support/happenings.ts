import { type EventCursor, eventsFromNow } from '../../src/events/index.ts'
import { readHappenings, type WorkEvent } from '../../src/placements/index.ts'
import type { Queryable } from '../../src/store/index.ts'

/** Reads what happened since it was asked last. */
export class Happenings {
  readonly #db: Queryable
  #cursor: EventCursor | undefined

  constructor(db: Queryable) {
    this.#db = db
  }

  async begin(): Promise<void> {
    this.#cursor = await eventsFromNow(this.#db)
  }

  /** A page that cannot be read is read the next time. */
  async next(): Promise<WorkEvent[]> {
    const page = await readHappenings(this.#db, this.#cursor)
    this.#cursor = page.next
    const events = page.events.map(({ cursor: _, ...event }) => event as WorkEvent)
    return page.more ? [...events, ...(await this.next().catch(() => []))] : events
  }
}
