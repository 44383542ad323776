import type { Backoff } from '../config/config.ts'
import type { Key } from '../config/model.ts'
import type { Duties } from '../generation/index.ts'

/** One place of an object; without a server, all that a backend has of it. */
export interface Scope {
  backend: string
  serverId: number | null
}

/** One committed change: the objects that an action concerns. */
export interface Change {
  unitId: string
  model: string
  /** `truncate`: any object of the model; then without keys. */
  action: string
  keys: readonly Key[]
  /** The object itself, for what no table holds. */
  payload: unknown
  /** The only place to look at; null for all. */
  scope: Scope | null
}

export interface StoredChange extends Change {
  /** By which it is acknowledged. A higher one may be committed before a lower one. */
  id: number
  actor: string | null
  source: string | null
  /** Who was logged in; null for what Orchestra itself wrote. */
  login: string | null
  /** The span of the request that made it, as W3C Trace Context writes it. */
  trace?: string | null
  at: Date
}

/** A change that Orchestra asks for: objects are looked at once more. */
export interface AskedChange extends Pick<StoredChange, 'unitId' | 'actor' | 'source' | 'model' | 'action'> {
  /** As many as one likes. */
  keys: readonly Key[]
  /** The object itself as JSON, for what no table holds: read again its numbers would lose digits. */
  payload?: string | null
  scope?: Scope
}

/** What a worker is to look at, as opposed to others that have another configuration. */
export type Looking = Pick<Duties, 'models' | 'backends' | 'foreign'>

/** How much one look takes: changes until they have so many keys, and at most so many changes. */
export interface Bound {
  keys: number
  most?: number | undefined
  /** Changes to leave out; default none. */
  except?: readonly IdRange[] | undefined
}

/** Changes by their ids, both ends included. */
export interface IdRange {
  first: number
  last: number
}

/** What waits of one unit. */
export interface WaitingUnit {
  actor: string | null
  source: string | null
  logins: readonly string[]
  /** Of its first change. */
  at: Date
  /** Why one of its changes could not be looked at. */
  error: string | null
  /** A model of which something changed that could not be told. */
  untold: string | null
  /** Keys, of all its changes and of those that could not be looked at. */
  keys: number
  failing: number
}

/** What waits in all. */
export interface Backlog {
  keys: number
  /** Of the first change that can be looked at. */
  oldest: Date | null
  /** Why the newest of those that could not be looked at could not. */
  error: string | null
  /** Keys by model, without those that cannot be told. */
  models: readonly { model: string; keys: number }[]
}

/** What waits of one object. */
export interface WaitingObject {
  /** Of the change that came last. */
  at: Date
  /** Whether that takes the object away. */
  removes: boolean
  /** Whether one of its changes could not be looked at. */
  failing: boolean
}

/** What there is to know of changes at once, however many there are. */
export interface Movements {
  /** The number that the newest change got, committed or not; null when there never was one. */
  last: number | null
  /** Whether writers know that they have to wake somebody. */
  isAnnounced: boolean
}

/** Transactions that write, by numbers that only rise. */
export interface Writers {
  /** The oldest that is open. */
  oldest: bigint
  /** One above those that may have written changes. */
  next: bigint
}

/**
 * Committed changes that wait to become work of the store. A change is taken by reading it and acknowledging its id: read before the
 * rows, acknowledged when all that it leads to is recorded. In a source that shares the store's database both are in one transaction
 * of the store's; elsewhere the store commits first, and what is read twice then is decided alike.
 *
 * Where nothing else is said, changes of which a trigger could not tell more than the model are no changes: capture has the model
 * compared as soon as it can.
 */
export interface Changes {
  /** What is due and this worker's to decide, oldest first. */
  due(looking: Looking, bound: Bound): Promise<StoredChange[]>
  /** Of these changes, those that nobody has acknowledged or put off meanwhile. */
  stillDue(ids: readonly number[]): Promise<Set<number>>
  /** All of one unit, the caller's own uncommitted ones too. */
  ofUnit(unitId: string): Promise<StoredChange[]>
  /** Takes away exactly these. Inside the transaction that records what became of them. */
  acknowledge(ids: readonly number[]): Promise<void>
  /** Lets one that could not even be looked at wait, longer each time, with the reason. */
  postpone(id: number, reason: string, backoff: Backoff): Promise<void>
  /**
   * Writes those of the changes once more that others, who have other backends of their models, are to look at too. Before they are
   * acknowledged, in the same transaction.
   * @param beside by the name of each backend its model
   */
  leave(ids: readonly number[], beside: Duties['beside']): Promise<void>
  /**
   * Makes due truncations changes of objects, for their own units. Inside a transaction; of several who ask only one gets each.
   * @param known page by page, the objects that a truncated model may have had
   */
  spread(known: (model: string) => AsyncIterable<readonly Key[]>): Promise<void>
  /** Has objects looked at once more, and wakes whoever looks. */
  ask(changes: readonly AskedChange[]): Promise<void>

  /** How much waits, those included that only say that their model has to be compared. Reads all that waits. */
  backlog(): Promise<Backlog>
  /** When about the oldest was committed of what waits to be looked at; null when nothing does. Reads a few rows. */
  oldest(): Promise<Date | null>
  /** What waits of a unit, the same included; undefined when nothing does. */
  unit(unitId: string): Promise<WaitingUnit | undefined>
  /** Ids of units of which something waits, from one to another, in order. */
  unitsBetween(first: string, last: string, most: number): Promise<string[]>
  /** Those of the units of which something waits, the same included. */
  unitsAmong(unitIds: readonly string[]): Promise<Set<string>>
  /** How many changes of one object wait. */
  countOf(model: string, key: Key): Promise<number>
  /** What waits of each of the objects, in their order; null where nothing does. Of very many changes, those that came last are read. */
  waitingOf(objects: readonly { model: string; key: Key }[]): Promise<(WaitingObject | null)[]>
  /** Those of the objects that are to be looked at everywhere, as after a save. */
  objectsAmong(objects: readonly { model: string; key: Key }[]): Promise<{ model: string; key: Key }[]>

  /** One row, whatever waits. */
  movements(): Promise<Movements>
  /** @param isMoved whether changes have got numbers since this was last asked */
  writers(isMoved: boolean): Promise<Writers>
  /** Tells writers whether to wake somebody; for some seconds. Answers whether they can know. */
  announce(sleeps: boolean): Promise<boolean>
}
