import { randomUUID } from 'node:crypto'
import { cancelledSince } from '../collector/cancelled-since.ts'
import {
  asChange,
  dueFailures,
  keysOf,
  postponeFailure,
  type RetriedObject,
  reachesBound,
} from '../collector/changes.ts'
import { type Seen, seenObjects, unitsOf } from '../collector/collected.ts'
import type { Decision } from '../collector/decision.ts'
import { FIRST_KEYS, keysOfNextLook } from '../collector/keys-a-look.ts'
import { observe } from '../collector/look.ts'
import { placementsOf } from '../collector/placed.ts'
import { record } from '../collector/record.ts'
import { aboutFailures, seenAgain } from '../collector/repeated.ts'
import { shareOf } from '../collector/share.ts'
import { stillFailing } from '../collector/still-failing.ts'
import { type Company, type Taken, takeWaiting, type Waiting } from '../collector/taking.ts'
import { hasCompany, spend, Tickets } from '../collector/tickets.ts'
import { isTruncation, spreadTruncations } from '../collector/truncated.ts'
import { traceUnits } from '../collector/unit-spans.ts'
import { writeUnits } from '../collector/units.ts'
import type { Config } from '../config/config.ts'
import { formatKey } from '../config/key.ts'
import { messageOf } from '../errors.ts'
import { allDuties, type Duties } from '../generation/index.ts'
import { isTransient } from '../logs/index.ts'
import { replacedModels } from '../request/replaced.ts'
import { routesRevision } from '../router/index.ts'
import { changesIn, type IdRange, type StoredChange, sourceOf } from '../source/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { Comparison } from './comparison.ts'
import type { CurrentRoutes } from './route.ts'

/** Milliseconds that a new synchronization may wait behind changes. */
const ASK_INTERVAL = 1_000
/** Of so many the first that nobody else has is looked at alone. */
const CAREFUL_CHOICE = 20

/** Behind a look at so many there may be more, which others are to have a part of. */
const MANY_KEYS = 100
const LOOKS_BESIDE = 10

export interface CollectorOptions {
  store: Store
  config: Config
  /** Routes as they are now; awaited once a look. */
  router(): Promise<CurrentRoutes>
  /** Who has its tickets, for people; default nobody. */
  owner?: string
  /** What it decides beside other workers, asked once a look; default all that its configuration has. */
  duties?(db: Queryable): Promise<Duties>
  onError(error: unknown): void
}

/** What one look found. */
export type Look =
  | { kind: 'idle' }
  /** Others decide about all that waits. */
  | { kind: 'elsewhere' }
  /** `more`: a bound was met, so a further look may find something that no notification tells of. */
  | { kind: 'collected'; serverIds: readonly number[]; more: boolean }

/**
 * Turns committed changes into what is wanted. Any number may do so beside each other: each has tickets for the objects that it looks
 * at, because two that looked at one object at once could write down its states in the wrong order.
 */
export class Collector {
  readonly #options: CollectorOptions
  readonly #tickets: Tickets
  readonly #comparison: Comparison
  /** Looks that take one change or one failure at a time, after one that broke: what breaks it must not stop the others. */
  #cautious = 0
  /** A page was compared, so there may be another. */
  #isComparing = false
  /** The next look asks for a page before it looks for changes. */
  #isPageNext = false
  #askedAt = 0
  #bound = { keys: FIRST_KEYS }
  /** Looks for which others are reckoned with: between two of theirs they have nothing. */
  #beside = 0
  #duties: Duties

  constructor(options: CollectorOptions) {
    this.#options = options
    this.#duties = allDuties(options.config)
    this.#tickets = new Tickets(options.owner ?? randomUUID())
    this.#comparison = new Comparison({ ...options, tickets: this.#tickets })
  }

  /** One look at everything that waits, up to a bound. Call again while it answers `more`. */
  async look(): Promise<Look> {
    try {
      return await this.#turn()
    } catch (error) {
      await this.#comparison.giveUp(error)
      throw error
    }
  }

  /** Keeps what it decides right now from being taken over. */
  renew(db: Queryable): Promise<void> {
    return this.#tickets.renew(db)
  }

  /** Changes come first, and a synchronization gets every other turn, so that a stream of them never keeps it waiting. */
  async #turn(): Promise<Look> {
    this.#duties = (await this.#options.duties?.(this.#options.store)) ?? this.#duties
    const page = this.#isPageNext ? await this.#compare() : undefined
    this.#isPageNext = false
    if (page?.kind === 'collected') return page
    const collected = await this.#collect()
    if (collected.kind === 'idle') return page ?? this.#compare()
    if (collected.kind === 'elsewhere') return page ?? aside(await this.#compare())
    this.#isPageNext = this.#isComparing || performance.now() - this.#askedAt > ASK_INTERVAL
    return { ...collected, more: collected.more || this.#isComparing }
  }

  async #compare(): Promise<Look> {
    this.#isComparing = false
    this.#askedAt = performance.now()
    const step = await this.#comparison.step(this.#duties)
    if (step === undefined) return { kind: 'idle' }
    if (step.kind === 'waits') return { kind: 'elsewhere' }
    this.#isComparing = true
    return { kind: 'collected', serverIds: step.kind === 'stepped' ? step.serverIds : [], more: true }
  }

  async #collect(): Promise<Look> {
    const taken = await this.#take()
    if (taken.kind !== 'taken') return taken
    const careful = this.#cautious > 0
    this.#cautious = Math.max(0, this.#cautious - 1)
    const bound = this.#bound
    const { changes, failures, ticket, isAlone, isAll } = taken
    try {
      const serverIds = await this.#decide(taken, careful)
      const isRest = isAlone && isAll && serverIds !== undefined
      const more = careful || !isRest || reachesBound(changes, failures, bound)
      return { kind: 'collected', serverIds: serverIds ?? [], more }
    } catch (error) {
      await this.#isolate(changes, failures, error)
      await this.#tickets.release(this.#options.store, ticket).catch(this.#options.onError)
      throw error
    }
  }

  /** A change or a failure at a time, in turns: neither kind keeps what breaks a look among the other from being found. */
  async #take(): Promise<Taken> {
    const { store } = this.#options
    const isFailureFirst = this.#cautious % 2 === 0
    const careful = this.#cautious > 0
    const taken = await takeWaiting(
      store,
      this.#tickets,
      async (except) => {
        const most = careful ? CAREFUL_CHOICE : undefined
        const [changes, failures] = await Promise.all([
          this.#changes(except, most),
          dueFailures(store, this.#duties, most),
        ])
        return { changes, failures }
      },
      (free) => (careful ? oneOf(free, isFailureFirst) : shareOf(free, this.#deciders)),
      this.#company,
    )
    if (taken.kind === 'idle') this.#beside = 0
    if (taken.kind === 'idle') this.#cautious = 0
    return taken
  }

  /** Answers the servers that have work now; undefined when somebody else was quicker, or routes have changed meanwhile. */
  async #decide(
    { changes, failures, ticket, isAlone }: Extract<Taken, { kind: 'taken' }>,
    careful: boolean,
  ): Promise<readonly number[] | undefined> {
    const { store, config, router } = this.#options
    const traced = traceUnits(unitsOf(changes))
    // Beside each other: what is written below is written by the routes that are read here, or not at all.
    const [{ route, revision }, decideBy] = await Promise.all([
      router(),
      observe([...failures.map((failure) => asChange(failure, config)), ...changes], {
        config,
        keyring: store.keyring,
        source: sourceOf(store),
        placements: (objects) => placementsOf(store, objects),
        replaced: () => replacedModels(store),
      }),
      writeUnits(store, traced.units),
    ])
    const decided = decideBy(route)
    if (!careful) {
      const keys = keysOf(changes) + failures.length
      const hasMet = !isAlone || (keys >= MANY_KEYS && (await hasCompany(store, ticket)))
      this.#beside = hasMet ? LOOKS_BESIDE : Math.max(0, this.#beside - 1)
      this.#bound = { keys: keysOfNextLook(keys, decided.length) }
    }
    const write = async (tx: Queryable) => {
      const [isSpent, current] = await Promise.all([spend(tx, ticket), routesRevision(tx)])
      if (!isSpent || current !== revision) return undefined
      return this.#write(tx, { changes, failures }, this.#own(decided))
    }
    // A ticket that was given up for nothing is taken once more.
    const serverIds = await store.transaction(write, { first: 'harmless' })
    this.#tickets.spent(ticket)
    traced.end()
    return serverIds
  }

  get #company(): Company {
    return this.#beside > 0 ? 'others' : 'alone'
  }

  get #deciders(): number {
    return Math.max(this.#duties.alike, this.#company === 'others' ? 2 : 1)
  }

  async #write(tx: Queryable, { changes, failures }: Waiting, own: readonly Decision[]): Promise<number[]> {
    const { store, config } = this.#options
    const changeIds = changes.map((change) => change.id)
    await changesIn(tx).leave(changeIds, this.#duties.beside)
    const still = await stillFailing(tx, failures, own)
    const collected = {
      decisions: aboutFailures(own, failures, changes, still, await cancelledSince(tx, still, own)),
      changeIds,
      units: [],
      attempts: new Map(still.map(({ model, key, attempt }) => [`${model}:${formatKey(key)}`, attempt])),
      seen: this.#ownSeen([...seenObjects(changes), ...seenAgain(still)]),
    }
    return record(tx, collected, {
      keyring: store.keyring,
      config,
      backoff: config.worker.backoff.operation,
    })
  }

  async #changes(except: readonly IdRange[], most?: number): Promise<StoredChange[]> {
    const { store } = this.#options
    const bound = { ...this.#bound, most, except }
    const changes = await changesIn(store).due(this.#duties, bound)
    if (!changes.some(isTruncation)) return changes
    await store.transaction(spreadTruncations)
    return changesIn(store).due(this.#duties, bound)
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
    for (const { id } of changes) await changesIn(store).postpone(id, reason, backoff).catch(onError)
    for (const { operationId } of failures)
      await postponeFailure(store, operationId, reason, backoff).catch(onError)
  }
}

/** What others have may be over at any time, so nobody has to say that it is. */
function aside(look: Look): Look {
  return look.kind === 'idle' ? { kind: 'elsewhere' } : look
}

function oneOf({ changes, failures }: Waiting, isFailureFirst: boolean): Waiting {
  const isFailure = failures.length > 0 && (isFailureFirst || changes.length === 0)
  return isFailure
    ? { changes: [], failures: failures.slice(0, 1) }
    : { changes: changes.slice(0, 1), failures: [] }
}
