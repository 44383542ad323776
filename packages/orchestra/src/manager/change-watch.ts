import { randomUUID } from 'node:crypto'
import { type Changes, changesIn } from '../source/index.ts'
import type { Queryable } from '../store/index.ts'
import { afterLook, type ChangeReading, type Movement, movementOf, type Watched } from './change-reading.ts'

/** Milliseconds between readings while a transaction is open that may have written changes: the first, and the longest. */
const OPEN_INTERVAL = 10
const LONGEST_OPEN_INTERVAL = 100
/** Milliseconds between readings where nobody can be woken. */
const DEAF_INTERVAL = 75

export interface ChangeWatchOptions {
  store: Queryable
  /** Looks at everything that waits. */
  look(): Promise<void>
  onError(error: unknown): void
}

/**
 * Decides when to look for changes. Writers wake a worker that says that it sleeps, and only then, because a notification makes
 * them wait for each other. A worker says so first and reads the number of the newest change then; a writer takes a number first
 * and asks then whether somebody sleeps. So one of the two always sees the other.
 *
 * Where no notification arrives (behind a pooler that shares sessions), or writers must not send any (a transaction that did cannot
 * be prepared for two-phase commit), it reads the number now and then: one row, whatever lies in the table.
 */
export class ChangeWatch {
  readonly #options: ChangeWatchOptions
  readonly #changes: Changes
  readonly #echo = randomUUID()
  #watched: Watched | undefined
  #running: Promise<void> | undefined
  #isAsked = false
  #timer: NodeJS.Timeout | undefined
  #interval = OPEN_INTERVAL
  #hears = false
  #mayBeCalled = false
  #isClosed = false

  constructor(options: ChangeWatchOptions) {
    this.#options = options
    this.#changes = changesIn(options.store)
  }

  /** The listener has a connection, anew: whether it hears anything there shows when its own voice comes back. */
  async connected(): Promise<void> {
    this.#hears = false
    const [row] = await this.#options.store.query<{ prepares: boolean }>(
      `select current_setting('max_prepared_transactions')::int > 0 as prepares, pg_notify('orchestra_control', $1)`,
      [`echo:${this.#echo}`],
    )
    this.#mayBeCalled = row?.prepares === false
    this.ask()
  }

  /** Takes a notification's payload; answers whether it was this one's own voice. */
  heard(payload: string): boolean {
    if (!payload.startsWith('echo:')) return false
    if (payload === `echo:${this.#echo}`) {
      this.#hears = true
      this.ask()
    }
    return true
  }

  /** Looks, at once or as soon as the present look has ended. */
  ask(): void {
    this.#isAsked = true
    this.#run()
  }

  /** Says again that this worker sleeps, if it does. */
  async renew(): Promise<void> {
    if (this.#running === undefined && this.#sleeps && !this.#isClosed) await this.#announce(true)
  }

  /** Ends after the present look, and lets nobody call any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#running
    if (!this.#sleeps) return
    await this.#announce(false)
    // Another worker may sleep, and has to say so itself from now on.
    await this.#options.store.query(`select pg_notify('orchestra_change', '')`)
  }

  get #sleeps(): boolean {
    return this.#hears && this.#mayBeCalled
  }

  #run(): void {
    if (this.#running !== undefined || this.#isClosed) return
    clearTimeout(this.#timer)
    this.#running = this.#watch()
      .catch((error) => {
        // Whoever sweeps asks again.
        this.#isAsked = false
        this.#options.onError(error)
      })
      .finally(() => {
        this.#running = undefined
        if (this.#isAsked) this.#run()
      })
  }

  /** Reads and looks until there is nothing that was not seen, or nothing to do but wait. */
  async #watch(): Promise<void> {
    while (!this.#isClosed) {
      const reading = await this.#read()
      const movement = movementOf(this.#watched, reading)
      if (this.#isAsked || movement !== 'quiet') await this.#look(reading, movement)
      else if (!this.#sleeps) return this.#again(DEAF_INTERVAL)
      else if (reading.isAnnounced) return
      else if (!(await this.#announce(true))) return this.#again(DEAF_INTERVAL)
      if (movement === 'open') return this.#again(this.#interval)
    }
  }

  async #look(reading: ChangeReading, movement: Movement): Promise<void> {
    // Several at a time: then there will be more, and none of them has to call.
    if (movement === 'moved' && reading.isAnnounced && this.#isBusy(reading)) await this.#announce(false)
    this.#interval = movement === 'open' ? Math.min(this.#interval * 2, LONGEST_OPEN_INTERVAL) : OPEN_INTERVAL
    this.#isAsked = false
    await this.#options.look()
    this.#watched = afterLook(this.#watched, reading, movement)
  }

  #isBusy({ last }: ChangeReading): boolean {
    return this.#watched !== undefined && (last ?? 0) - (this.#watched.last ?? 0) > 1
  }

  #again(interval: number): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => this.#run(), interval)
  }

  /** The number first: only then everybody who has one is among the transactions that are told of. */
  async #read(): Promise<ChangeReading> {
    const { last, isAnnounced } = await this.#changes.movements()
    const isMoved = this.#watched?.last !== last
    // Where nothing moved and nobody writes any more, whoever else writes matters to nobody.
    if (!isMoved && this.#watched?.isClosed === true) return { last, isAnnounced, oldest: 0n, next: 0n }
    return { last, isAnnounced, ...(await this.#changes.writers(isMoved)) }
  }

  /** Answers whether writers can know now. */
  #announce(sleeps: boolean): Promise<boolean> {
    return this.#changes.announce(sleeps)
  }
}
