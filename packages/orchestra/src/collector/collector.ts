import type { Config } from '../config/config.ts'
import { formatKey } from '../config/key.ts'
import { messageOf } from '../errors.ts'
import { isTransient } from '../logs/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import {
  dueFailures,
  placementsOf,
  postpone,
  type RetriedObject,
  reachesBound,
  type StoredChange,
  waitingChanges,
} from './changes.ts'
import type { Change } from './coalesce.ts'
import type { World } from './decide.ts'
import { look } from './look.ts'
import { record, type Seen, type UnitRow } from './record.ts'

/** Any constant: it only has to be the same in every process. */
const COLLECTOR_LOCK = 7_355_610

export interface CollectorOptions {
  store: Store
  config: Config
  /** Routes as they are now; awaited once a look. */
  router(): Promise<World['route']>
  onError(error: unknown): void
}

/** What one look found. */
export type Look =
  | { kind: 'idle' }
  /** Another worker is collecting. */
  | { kind: 'elsewhere' }
  /** `more`: a bound was met, so a further look may find something that no notification tells of. */
  | { kind: 'collected'; serverIds: readonly number[]; more: boolean }

/**
 * Turns committed changes into operations, one process at a time: two that looked at one object at once could write down
 * its states in the wrong order.
 */
export class Collector {
  readonly #options: CollectorOptions
  /** Looks that take one change at a time, after one that broke: the change that breaks it must not stop the others. */
  #cautious = 0

  constructor(options: CollectorOptions) {
    this.#options = options
  }

  /** One look at everything that waits, up to a bound. Call again while it answers `more`. */
  async look(): Promise<Look> {
    const { store } = this.#options
    // The embedded database has one session, which a loader must be able to use, and one worker: nothing to lock out.
    if (store.kind === 'pglite') return this.#collect(store, (work) => store.transaction(work))
    return store.transaction(async (tx) => {
      const [lock] = await tx.query<{ taken: boolean }>('select pg_try_advisory_xact_lock($1) as taken', [
        COLLECTOR_LOCK,
      ])
      return lock?.taken ? this.#collect(tx, (work) => work(tx)) : { kind: 'elsewhere' }
    })
  }

  async #collect(
    db: Queryable,
    write: <Result>(work: (tx: Queryable) => Promise<Result>) => Promise<Result>,
  ): Promise<Look> {
    const careful = this.#cautious > 0
    const changes = careful ? await waitingChanges(db, 1) : await waitingChanges(db)
    const failures = careful ? [] : await dueFailures(db)
    this.#cautious = changes.length === 0 ? 0 : Math.max(0, this.#cautious - 1)
    if (changes.length === 0 && failures.length === 0) return { kind: 'idle' }
    const { store, config } = this.#options
    const all = [...failures.map((failure) => asChange(failure, config)), ...changes]
    try {
      const decisions = await look(all, {
        config,
        keyring: store.keyring,
        route: await this.#options.router(),
        query: (text, values) => store.query(text, values),
        placements: (objects) => placementsOf(db, objects),
      })
      const serverIds = await write((tx) =>
        record(
          tx,
          {
            decisions,
            changeIds: changes.map((change) => change.id),
            units: unitsOf(changes),
            attempts: new Map(
              failures.map((failure) => [`${failure.model}:${formatKey(failure.key)}`, failure.attempt]),
            ),
            seen: seenObjects(all),
          },
          { keyring: store.keyring, backoff: config.worker.backoff.operation },
        ),
      )
      return { kind: 'collected', serverIds, more: careful || reachesBound(changes, failures) }
    } catch (error) {
      await this.#isolate(changes, error)
      throw error
    }
  }

  async #isolate(changes: readonly StoredChange[], error: unknown): Promise<void> {
    const [first, second] = changes
    if (first === undefined || isTransient(error)) return
    if (second !== undefined) {
      this.#cautious = changes.length
      return
    }
    const { store, config, onError } = this.#options
    await postpone(store, first.id, messageOf(error), config.worker.backoff.operation).catch(onError)
  }
}

function asChange({ unitId, model, action, key, payload }: RetriedObject, config: Config): Change {
  // What has a table is read there: it may have been corrected since.
  const isGiven = config.models.get(model)?.table === null
  return { unitId, model, action, keys: [key], payload: isGiven ? payload : null }
}

function unitsOf(changes: readonly StoredChange[]): UnitRow[] {
  const units = new Map<string, UnitRow>()
  for (const { unitId: id, actor, source, at } of changes) {
    if (!units.has(id)) units.set(id, { id, actor, source, createdAt: at })
  }
  return [...units.values()]
}

function seenObjects(changes: readonly Change[]): Seen[] {
  const seen = new Map<string, Seen>()
  for (const { model, keys, action: asked } of changes) {
    const action = asked === 'delete' ? 'save' : asked
    for (const key of keys) {
      const name = formatKey(key)
      seen.set(`${action} ${model}:${name}`, { model, object_key: name, action })
    }
  }
  return [...seen.values()]
}
