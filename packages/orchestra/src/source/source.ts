import type { CaptureReport, CaptureStatus, InstallOptions, WatchedModel } from '../capture/index.ts'
import type { Key, LoaderContext, Model } from '../config/model.ts'
import type { Changes } from './changes.ts'

/**
 * The application's database: what has changed there, and what it has now. All that Orchestra asks of it, or does to it, goes this
 * way, and no statement names things of it beside things of the store, so that it may be another database.
 *
 * Who reads both reads the source first: a change becomes work of the store in the transaction that takes it away here, so what is not
 * here any more is there.
 */
export interface Source extends Rows {
  /** By statements of their own; `changesIn` has those of a transaction. */
  readonly changes: Changes
  readonly capture: Capture
}

/** What a row that was not found means: it is gone, or it may be where nobody looked. */
export type Absence = { kind: 'gone' } | { kind: 'unknown'; reason: string }

/** Rows by their keys. */
export interface FoundRows {
  /** By key, as `formatKey` writes it; every value to its last digit. */
  rows: ReadonlyMap<string, Record<string, unknown>>
  /** Columns that hold numbers of any size. */
  numbers: ReadonlySet<string>
  /** Of all that were not found. */
  absence: Absence
}

/** Why a model's rows cannot be read at all: its table is not there, or rows of it may be hidden from Orchestra. */
export type Unreadable = 'missing' | 'hidden'

/**
 * The rows that an application has now. Reading writes nothing and runs none of the application's code. Keys are texts, as capture
 * writes them. Models that no table holds have no rows: ask nothing of them.
 */
export interface Rows {
  /**
   * Rows with these keys; how many is the caller's to bound. A key that its column cannot have is no row's.
   * @throws OrchestraError ORC_LOADER_FAILED when there is no such table, or it has no such key
   */
  byKeys(model: Model, keys: readonly Key[]): Promise<FoundRows>
  /** Which of the keys have a row. The same, without its columns. */
  existing(model: Model, keys: readonly Key[]): Promise<{ existing: ReadonlySet<string>; absence: Absence }>
  /**
   * The next keys after one, or from the first, at most `size`; fewer are the last ones. In one order, which is the source's own. Begins
   * anew after a key that its column cannot have any more.
   * @throws OrchestraError ORC_LOADER_FAILED
   */
  keysAfter(model: Model, after: Key | null, size: number): Promise<Key[]>
  /** About how many rows there are. */
  count(model: Model): Promise<number>
  /** Those of the models whose rows cannot be read, and why. */
  unreadable(models: readonly Model[]): Promise<Map<Model, Unreadable>>
  /** Tables of the models, those that belong to them included, of which rows may be hidden, and from which role. */
  hidden(models: readonly Model[]): Promise<{ table: string; role: string }[]>
  /** A statement of the application's own, as its loaders send it. */
  query: LoaderContext['query']
}

/** What makes the source tell of changes. */
export interface Capture {
  /**
   * Captures the models' tables, and no others. What stands already costs nothing, and a model that cannot be captured keeps no other
   * from it.
   */
  install(models: readonly WatchedModel[], options?: InstallOptions): Promise<CaptureReport>
  /** For every watched table and kind of change whether it is captured. Reads only. */
  status(models: readonly WatchedModel[]): Promise<CaptureStatus[]>
  /** What there is of it, by names for people. Reads only. */
  standing(): Promise<string[]>
  /** Takes all of it away; answers what `standing` did. */
  remove(): Promise<string[]>
}
