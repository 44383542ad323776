import { isOrchestraError, OrchestraError } from '../errors.ts'
import { livingGenerations } from '../generation/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { giveToRole, prepareRole } from './capture-role.ts'
import { readCatalog } from './catalog.ts'
import { noticeGaps } from './continuity.ts'
import { type CaptureStatus, type Examined, examine, isUncapturable } from './examine.ts'
import { installing } from './install-lock.ts'
import { removeFunctions } from './remove.ts'
import { createFunction, createTrigger, qualifiedFunction } from './trigger-sql.ts'
import { functionPrefix, type Watch, type WatchedModel, watchesOf } from './watch.ts'

/** What installing changed. */
export interface CaptureReport {
  /** Triggers that were made, replaced or enabled. */
  installed: CaptureStatus[]
  /** Names of the triggers of models or tables that are watched no more, as `trigger on table`. */
  removed: string[]
  /** Models whose objects are compared with what is placed, because changes of them may have gone unnoticed. */
  compared: string[]
  /** What could not be captured, and why. All else is. */
  failed: CaptureFailure[]
  /** Models whose table took the name of another that has their triggers too. */
  replaced: CaptureStatus[]
}

export interface CaptureFailure {
  /** Null where it is about what no model watches any more. */
  model: string | null
  /** What its table is like; null where that is not the reason. */
  status: CaptureStatus | null
  error: OrchestraError
}

const PATIENCE = 30_000

export interface InstallOptions {
  /** Milliseconds to go on trying while other transactions have a table locked; default 30,000. */
  patience?: number
  /** Number of the configuration that the models are of; models of newer ones that workers have are left alone. Default: it is the newest. */
  generation?: number
}

/**
 * Makes the database record every change of the models' tables, and of no others: triggers of models that are not given
 * are removed. Does nothing, and takes no lock, where all stands already. A model that cannot be captured keeps no other from it.
 * What workers of other configurations have captured stays: of a model that two know, the newer one tells what its triggers are.
 */
export async function installCapture(
  store: Store,
  models: readonly WatchedModel[],
  { patience = PATIENCE, generation = Number.POSITIVE_INFINITY }: InstallOptions = {},
): Promise<CaptureReport> {
  const others = await modelsOfOthers(store, models, generation)
  const { watches, failed } = readWatches(models.filter(({ name }) => !others.has(name)))
  const owner = await prepareRole(store, patience)
  const installed: CaptureStatus[] = []
  const all = await examineAll(store, watches, owner)
  const replaced = all.flatMap(({ statuses }) => statuses.filter(({ state }) => state === 'table replaced'))
  for (const examined of all) {
    const failure =
      problemOf(examined) ?? (await installWatch(store, examined, { patience, owner, installed }))
    if (failure !== undefined) failed.push(failure)
  }
  const failing = new Set(failed.flatMap(({ model }) => model ?? []))
  const removed = await removeExcept(store, watches, new Set([...failing, ...others]), patience).catch(
    (error: unknown) => {
      failed.push(failureOf(null, error))
      return []
    },
  )
  const standing = watches.filter(({ model }) => !failing.has(model))
  return { installed, removed, compared: await noticeGaps(store, watches, standing), failed, replaced }
}

/** Models that workers of newer configurations know, and those that other workers alone know. */
async function modelsOfOthers(
  db: Queryable,
  models: readonly WatchedModel[],
  generation: number,
): Promise<Set<string>> {
  const living = await livingGenerations(db)
  const own = new Set(models.map(({ name }) => name))
  return new Set(
    living
      .filter(({ number }) => number !== generation)
      .flatMap((other) => other.models.filter((name) => other.number > generation || !own.has(name))),
  )
}

/** For every watched table and kind of change whether it is captured. Reads only. */
export async function captureStatus(
  store: Queryable,
  models: readonly WatchedModel[],
): Promise<CaptureStatus[]> {
  const examined = await examineAll(store, models.flatMap(watchesOf), undefined)
  return examined.flatMap(({ statuses }) => statuses)
}

/** The triggers that there are, as `trigger on table`. Reads only. */
export async function captureStanding(db: Queryable): Promise<string[]> {
  const { triggers } = await readCatalog(db, [])
  return triggers.map(({ name, tableName }) => `${name} on ${tableName}`)
}

/** Removes every trigger and function of capture; answers the triggers, as `trigger on table`. */
export function removeCapture(store: Store): Promise<string[]> {
  return removeFunctions(store, () => true, PATIENCE)
}

function readWatches(models: readonly WatchedModel[]): { watches: Watch[]; failed: CaptureFailure[] } {
  const watches: Watch[] = []
  const failed: CaptureFailure[] = []
  for (const model of models) {
    try {
      watches.push(...watchesOf(model))
    } catch (error) {
      failed.push(failureOf(model.name, error))
    }
  }
  return { watches, failed }
}

async function examineAll(
  db: Queryable,
  watches: readonly Watch[],
  owner: string | undefined,
): Promise<Examined[]> {
  const catalog = await readCatalog(db, watches)
  return watches.map((watch, index) => examine(watch, catalog.tables[index] ?? [], catalog, owner))
}

function problemOf({ watch, statuses }: Examined): CaptureFailure | undefined {
  const status = statuses.find(isUncapturable)
  if (status === undefined) return undefined
  const code = status.state === 'column missing' ? 'ORC_CAPTURE_COLUMN' : 'ORC_CAPTURE_TABLE'
  const message = `Model ${watch.model} cannot be captured: ${status.detail}`
  const error = new OrchestraError(code, message, {
    hint: status.hint ?? '`orchestra doctor` checks all models',
  })
  return { model: watch.model, status, error }
}

interface Installation {
  patience: number
  owner: string | undefined
  installed: CaptureStatus[]
}

/** The function, then one table after the other, each in a transaction of its own. */
async function installWatch(
  store: Store,
  { watch, statuses }: Examined,
  { patience, owner, installed }: Installation,
): Promise<CaptureFailure | undefined> {
  const tables = new Set(wrongOf(statuses).map(({ table }) => table))
  try {
    for (const table of tables)
      installed.push(...(await installing(store, patience, (tx) => installTable(tx, watch, table, owner))))
    return undefined
  } catch (error) {
    return failureOf(watch.model, error)
  }
}

/** Triggers that are not as they have to be. */
function wrongOf(statuses: readonly CaptureStatus[]): CaptureStatus[] {
  return statuses.filter(({ event, state }) => event !== undefined && state !== 'ok')
}

/** Examines again under the lock, because another process may have installed it meanwhile. */
async function installTable(
  tx: Queryable,
  watch: Watch,
  table: string,
  owner: string | undefined,
): Promise<CaptureStatus[]> {
  const [examined] = await examineAll(tx, [watch], owner)
  if (examined === undefined || problemOf(examined) !== undefined) return []
  const wrong = wrongOf(examined.statuses)
  if (wrong.length === 0) return []
  await tx.query(createFunction(watch, examined.body, examined.fixedText))
  if (owner !== undefined) await giveToRole(tx, qualifiedFunction(watch.name))
  const own = wrong.filter((one) => one.table === table)
  // Replacing a trigger enables it again, and takes no owner of the table.
  for (const { event } of own) if (event !== undefined) await tx.query(createTrigger(watch, event, table))
  return own
}

/** What a model has that cannot be captured as it is defined now stays as it was, and so does what is others'. */
function removeExcept(
  store: Store,
  watches: readonly Watch[],
  spared: ReadonlySet<string>,
  patience: number,
): Promise<string[]> {
  const wanted = new Set(watches.map(({ name }) => name))
  const kept = [...spared].map(functionPrefix)
  const isStale = (name: string) => !wanted.has(name) && !kept.some((prefix) => name.startsWith(prefix))
  return removeFunctions(store, isStale, patience)
}

/** What Orchestra has no word for is no model's fault. */
function failureOf(model: string | null, error: unknown): CaptureFailure {
  if (isOrchestraError(error)) return { model, status: null, error }
  throw error
}
