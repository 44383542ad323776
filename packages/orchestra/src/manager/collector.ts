import {
  dueFailures,
  keysOf,
  leaveToOthers,
  postpone,
  postponeFailure,
  type RetriedObject,
  reachesBound,
  type StoredChange,
  waitingChanges,
} from '../collector/changes.ts'
import type { Change } from '../collector/coalesce.ts'
import type { Decision, World } from '../collector/decide.ts'
import { FIRST_KEYS, keysOfNextLook } from '../collector/keys-a-look.ts'
import { look } from '../collector/look.ts'
import { placementsOf } from '../collector/placed.ts'
import { COLLECTOR_LOCK, record, type Seen, type UnitRow } from '../collector/record.ts'
import { aboutFailures, seenAgain } from '../collector/repeated.ts'
import { isTruncation, spreadTruncations } from '../collector/truncated.ts'
import type { Config } from '../config/config.ts'
import { formatKey } from '../config/key.ts'
import { messageOf } from '../errors.ts'
import { allDuties, type Duties } from '../generation/index.ts'
import { isTransient } from '../logs/index.ts'
import { replacedModels } from '../request/replaced.ts'
import type { SyncRow } from '../request/sync.ts'
import { sourceOf } from '../source/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { beginSync, comparingSync, failSync, stepSync } from '../sync/index.ts'

/** Milliseconds that a new synchronization may wait behind changes. */
const ASK_INTERVAL = 1_000

export interface CollectorOptions {
  store: Store
  config: Config
  /** Routes as they are now; awaited once a look. */
  router(): Promise<World['route']>
  /** What it decides beside other workers, asked once a look; default all that its configuration has. */
  duties?(db: Queryable): Promise<Duties>
  onError(error: unknown): void
}

/** Runs writes that belong together. */
type Write = <Result>(work: (tx: Queryable) => Promise<Result>) => Promise<Result>

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
  /** Looks that take one change or one failure at a time, after one that broke: what breaks it must not stop the others. */
  #cautious = 0
  /** The synchronization of which a page is compared right now. */
  #comparing: SyncRow | undefined
  /** A page was compared, so there may be another. */
  #isComparing = false
  /** The next look asks for a page before it looks for changes. */
  #isPageNext = false
  #askedAt = 0
  #bound = { keys: FIRST_KEYS }
  #duties: Duties

  constructor(options: CollectorOptions) {
    this.#options = options
    this.#duties = allDuties(options.config)
  }

  /** One look at everything that waits, up to a bound. Call again while it answers `more`. */
  async look(): Promise<Look> {
    const { store } = this.#options
    try {
      // The embedded database has one session, which a loader must be able to use, and one worker: nothing to lock out.
      if (store.kind === 'pglite') return await this.#turn(store, (work) => store.transaction(work))
      return await store.transaction(async (tx) => {
        const [lock] = await tx.query<{ taken: boolean }>('select pg_try_advisory_xact_lock($1) as taken', [
          COLLECTOR_LOCK,
        ])
        return lock?.taken ? this.#turn(tx, (work) => work(tx)) : { kind: 'elsewhere' }
      })
    } catch (error) {
      await this.#giveUp(error)
      throw error
    }
  }

  /** Changes come first, and a synchronization gets every other turn, so that a stream of them never keeps it waiting. */
  async #turn(db: Queryable, write: Write): Promise<Look> {
    this.#duties = (await this.#options.duties?.(db)) ?? this.#duties
    const page = this.#isPageNext ? await this.#compare(db, write) : undefined
    this.#isPageNext = false
    if (page !== undefined && page.kind !== 'idle') return page
    const collected = await this.#collect(db, write)
    if (collected.kind !== 'collected') return page ?? this.#compare(db, write)
    this.#isPageNext = this.#isComparing || performance.now() - this.#askedAt > ASK_INTERVAL
    return { ...collected, more: collected.more || this.#isComparing }
  }

  async #compare(db: Queryable, write: Write): Promise<Look> {
    const { store, config, router } = this.#options
    this.#isComparing = false
    this.#askedAt = performance.now()
    const sync = await comparingSync(db, this.#duties)
    if (sync === undefined) return { kind: 'idle' }
    this.#comparing = sync
    await beginSync(store, sync, this.#duties)
    const serverIds = await stepSync(sync, {
      store,
      config,
      route: await router(),
      db,
      write,
      foreign: this.#duties.foreign,
    })
    this.#comparing = undefined
    this.#isComparing = true
    return { kind: 'collected', serverIds, more: true }
  }

  /** A page that cannot be read or recorded ends its synchronization, and nothing else. */
  async #giveUp(error: unknown): Promise<void> {
    const sync = this.#comparing
    this.#comparing = undefined
    if (sync === undefined || isTransient(error)) return
    const { store, onError } = this.#options
    await failSync(store, sync, error).catch(onError)
  }

  async #collect(db: Queryable, write: Write): Promise<Look> {
    const careful = this.#cautious > 0
    const { changes, failures } = careful
      ? await this.#one(db, write)
      : { changes: await this.#changes(db, write), failures: await dueFailures(db, this.#duties) }
    this.#cautious = changes.length + failures.length === 0 ? 0 : Math.max(0, this.#cautious - 1)
    if (changes.length === 0 && failures.length === 0) return { kind: 'idle' }
    const { store, config } = this.#options
    const all = [...failures.map((failure) => asChange(failure, config)), ...changes]
    const bound = this.#bound
    try {
      const decided = await look(all, {
        config,
        keyring: store.keyring,
        route: await this.#options.router(),
        source: sourceOf(store),
        placements: (objects) => placementsOf(db, objects),
        replaced: () => replacedModels(db),
      })
      if (!careful) this.#bound = { keys: keysOfNextLook(keysOf(changes) + failures.length, decided.length) }
      const changeIds = changes.map((change) => change.id)
      const serverIds = await write(async (tx) => {
        await leaveToOthers(tx, changeIds, this.#duties.beside)
        return record(
          tx,
          {
            decisions: aboutFailures(this.#own(decided), failures, changes),
            changeIds,
            units: unitsOf(changes),
            attempts: new Map(
              failures.map((failure) => [`${failure.model}:${formatKey(failure.key)}`, failure.attempt]),
            ),
            seen: this.#ownSeen([...seenObjects(changes), ...seenAgain(failures)]),
          },
          { keyring: store.keyring, backoff: config.worker.backoff.operation },
        )
      })
      return { kind: 'collected', serverIds, more: careful || reachesBound(changes, failures, bound) }
    } catch (error) {
      await this.#isolate(changes, failures, error)
      throw error
    }
  }

  /** A change or a failure, in turns: neither kind keeps what breaks a look among the other from being found. */
  async #one(db: Queryable, write: Write): Promise<{ changes: StoredChange[]; failures: RetriedObject[] }> {
    const isFailureFirst = this.#cautious % 2 === 0
    const first = isFailureFirst ? await dueFailures(db, this.#duties, 1) : []
    const changes = first.length > 0 ? [] : await this.#changes(db, write, 1)
    const isNothing = first.length + changes.length === 0
    return {
      changes,
      failures: isNothing && !isFailureFirst ? await dueFailures(db, this.#duties, 1) : first,
    }
  }

  async #changes(db: Queryable, write: Write, most?: number): Promise<StoredChange[]> {
    const bound = { ...this.#bound, most }
    const changes = await waitingChanges(db, this.#duties, bound)
    if (!changes.some(isTruncation)) return changes
    await write(spreadTruncations)
    return waitingChanges(db, this.#duties, bound)
  }

  /** Others decide what becomes of what they have. */
  #own(decisions: readonly Decision[]): Decision[] {
    const foreign = new Set(this.#duties.foreign)
    return decisions.filter(({ backend }) => backend === null || !foreign.has(backend))
  }

  #ownSeen(seen: readonly Seen[]): Seen[] {
    const { backends, foreign } = this.#duties
    if (foreign.length === 0) return [...seen]
    return seen.flatMap((one) =>
      one.backend === null ? [...backends, ''].map((backend) => ({ ...one, backend })) : one,
    )
  }

  async #isolate(
    changes: readonly StoredChange[],
    failures: readonly RetriedObject[],
    error: unknown,
  ): Promise<void> {
    if (isTransient(error)) return
    if (changes.length + failures.length > 1) {
      this.#cautious = changes.length + failures.length
      return
    }
    const { store, config, onError } = this.#options
    const { operation: backoff } = config.worker.backoff
    const reason = messageOf(error)
    for (const { id } of changes) await postpone(store, id, reason, backoff).catch(onError)
    for (const { operationId } of failures)
      await postponeFailure(store, operationId, reason, backoff).catch(onError)
  }
}

function asChange({ unitId, model, action, key, payload }: RetriedObject, config: Config): Change {
  // What has a table is read there: it may have been corrected since.
  const isGiven = config.models.get(model)?.table === null
  return { unitId, model, action, keys: [key], payload: isGiven ? payload : null, scope: null }
}

function unitsOf(changes: readonly StoredChange[]): UnitRow[] {
  const units = new Map<string, UnitRow>()
  for (const { unitId: id, actor, source, login, at } of changes) {
    const unit = units.get(id) ?? { id, actor, source, createdAt: at, logins: [] }
    const isNew = login !== null && !unit.logins.includes(login)
    units.set(id, isNew ? { ...unit, logins: [...unit.logins, login].sort() } : unit)
  }
  return [...units.values()]
}

function seenObjects(changes: readonly Change[]): Seen[] {
  const seen = new Map<string, Seen>()
  for (const { model, keys, action: asked, scope } of changes) {
    // A look at one place says nothing of what failed elsewhere.
    if (scope !== null) continue
    const action = asked === 'delete' ? 'save' : asked
    for (const key of keys) {
      const name = formatKey(key)
      seen.set(`${action} ${model}:${name}`, { model, object_key: name, action, backend: null })
    }
  }
  return [...seen.values()]
}
