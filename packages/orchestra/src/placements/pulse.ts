import { setTimeout as sleep } from 'node:timers/promises'
import { type EventCursor, eventsFromNow, readEvents } from '../events/index.ts'
import { Bell, type Store } from '../store/index.ts'

/** Milliseconds between looks: at most so many when much happens, at least so many when nothing rings. */
const SHORTEST = 100
const LONGEST = 1_000

const CHANNELS = ['orchestra_log', 'orchestra_settled', 'orchestra_wake']

/** Of each database that this process is connected to. */
const pulses = new WeakMap<Store['pool'], Pulse>()

/**
 * Tells all who follow what happens that something has: one looks for all of them, so that thousands who only wait cost nothing.
 */
export class Pulse {
  readonly #store: Store
  readonly #read = new Map<string, Promise<unknown>>()
  #followers = 0
  #leave: AbortController | undefined
  #next = Promise.withResolvers<void>()

  private constructor(store: Store) {
    this.#store = store
  }

  static of(store: Store): Pulse {
    const pulse = pulses.get(store.pool) ?? new Pulse(store)
    pulses.set(store.pool, pulse)
    return pulse
  }

  /** Whoever joins leaves. */
  join(): void {
    this.#followers += 1
    if (this.#leave !== undefined) return
    this.#leave = new AbortController()
    void this.#beat(this.#leave.signal)
  }

  leave(): void {
    this.#followers -= 1
    if (this.#followers > 0) return
    this.#read.clear()
    this.#leave?.abort()
    this.#leave = undefined
  }

  /** Resolves when something has happened that nobody had told of when this was asked. */
  get next(): Promise<void> {
    return this.#next.promise
  }

  /**
   * What several read alike is read once until something happens. Whoever reads asks for `next` before: what was read earlier lacks nothing
   * but what that will tell of.
   */
  once<Value>(name: string, read: () => Promise<Value>): Promise<Value> {
    const known = this.#read.get(name) as Promise<Value> | undefined
    const reading = known ?? read()
    this.#read.set(name, reading)
    reading.catch(() => this.#read.delete(name))
    return reading
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const left = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    const bell = new Bell(this.#store, CHANNELS, LONGEST)
    let cursor: EventCursor | undefined
    while (!signal.aborted) {
      const rung = bell.wait()
      cursor = await this.#look(cursor)
      await Promise.race([Promise.all([rung, sleep(SHORTEST, undefined, { ref: false })]), left])
    }
    await bell.close()
  }

  /** Where it cannot look, those who follow look themselves, and find out why. */
  async #look(cursor: EventCursor | undefined): Promise<EventCursor | undefined> {
    try {
      if (cursor === undefined) return await eventsFromNow(this.#store).finally(() => this.#move())
      const { events, next, more } = await readEvents(this.#store, cursor)
      if (events.length > 0 || more) this.#move()
      return next
    } catch {
      this.#move()
      return cursor
    }
  }

  #move(): void {
    this.#read.clear()
    this.#next.resolve()
    this.#next = Promise.withResolvers()
  }
}
