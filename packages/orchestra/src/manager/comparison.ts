import type { Ticket, Tickets } from '../collector/tickets.ts'
import type { Config } from '../config/config.ts'
import { formatObject } from '../config/key.ts'
import type { Duties } from '../generation/index.ts'
import { isTransient } from '../logs/index.ts'
import type { SyncRow } from '../request/sync.ts'
import type { Store } from '../store/index.ts'
import { beginSync, comparingSync, failSync, type NamedKey, type SyncStep, stepSync } from '../sync/index.ts'
import type { CurrentRoutes } from './route.ts'

export interface ComparisonOptions {
  store: Store
  config: Config
  router(): Promise<CurrentRoutes>
  tickets: Tickets
  onError(error: unknown): void
}

/** Compares the pages of synchronizations, one worker at a time those of each. */
export class Comparison {
  readonly #options: ComparisonOptions
  /** The synchronization of which a page is compared right now. */
  #comparing: SyncRow | undefined
  /** The ticket for a page of one, that others may still have something of. */
  #queued: { sync: number; ticket: Ticket } | undefined

  constructor(options: ComparisonOptions) {
    this.#options = options
  }

  /** A page of the oldest synchronization that is this worker's; undefined when there is none. */
  async step(duties: Duties): Promise<SyncStep | undefined> {
    const { store, config, router } = this.#options
    const sync = await comparingSync(store, duties)
    if (this.#queued?.sync !== sync?.id) await this.#release()
    if (sync === undefined) return undefined
    this.#comparing = sync
    await beginSync(store, sync, duties)
    const { route, revision } = await router()
    const step = await stepSync(sync, {
      store,
      config,
      route,
      revision,
      foreign: duties.foreign,
      claim: (objects) => this.#claim(sync, objects),
    })
    this.#comparing = undefined
    await this.#end(step)
    return step
  }

  /** A page that cannot be read or recorded ends its synchronization, and nothing else. */
  async giveUp(error: unknown): Promise<void> {
    const sync = this.#comparing
    this.#comparing = undefined
    if (sync === undefined) return
    const { store, onError } = this.#options
    await this.#release().catch(onError)
    if (!isTransient(error)) await failSync(store, sync, error).catch(onError)
  }

  async #claim({ id }: SyncRow, objects: readonly NamedKey[]): Promise<Ticket | undefined> {
    const { store, tickets } = this.#options
    const names = objects.map(({ model, key }) => formatObject(model, key))
    const models = [...new Set(objects.map(({ model }) => model))]
    const queued = await tickets.queue(store, `sync ${id}`, { names, models })
    if (queued.kind === 'elsewhere') {
      await this.#release()
      return undefined
    }
    this.#queued = { sync: id, ticket: queued.ticket }
    return queued.kind === 'taken' ? queued.ticket : undefined
  }

  /** Whoever waits for a page keeps its place. */
  async #end({ kind }: SyncStep): Promise<void> {
    if (kind === 'waits') return
    if (kind === 'refused') return this.#release()
    if (this.#queued !== undefined) this.#options.tickets.spent(this.#queued.ticket)
    this.#queued = undefined
  }

  async #release(): Promise<void> {
    const queued = this.#queued
    this.#queued = undefined
    if (queued !== undefined) await this.#options.tickets.release(this.#options.store, queued.ticket)
  }
}
