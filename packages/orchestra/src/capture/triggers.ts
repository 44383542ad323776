import { isOrchestraError, messageOf, OrchestraError } from '../errors.ts'
import type { Queryable, Store } from '../store/index.ts'
import { type FoundTrigger, readCatalog } from './catalog.ts'
import { noticeGaps } from './continuity.ts'
import { type CaptureStatus, type Examined, examine } from './examine.ts'
import { quoteIdentifier } from './table-name.ts'
import { createFunction, createTrigger, qualifiedFunction, triggerName } from './trigger-sql.ts'
import { type Watch, type WatchedModel, watchesOf } from './watch.ts'

/** What installing changed. */
export interface CaptureReport {
  /** Triggers that were made, replaced or enabled. */
  installed: CaptureStatus[]
  /** Names of the triggers of models or tables that are watched no more, as `trigger on table`. */
  removed: string[]
  /** Models whose triggers were not the ones that stood here before: their objects are compared with what is placed. */
  compared: string[]
}

/** Any constant: it only has to be the same in every process. */
const INSTALL_LOCK = 7_355_609

/** Milliseconds. A waiting DDL statement makes every later writer wait behind it, so give way soon and come again. */
const LOCK_TIMEOUT = 2_000
const PATIENCE = 30_000

export interface InstallOptions {
  /** Milliseconds to go on trying while other transactions have a table locked; default 30,000. */
  patience?: number
}

/**
 * Makes the database record every change of the models' tables, and of no others: triggers of models that are not given
 * are removed. Does nothing, and takes no lock, where all stands already.
 * @throws OrchestraError ORC_CAPTURE_TABLE, ORC_CAPTURE_COLUMN, ORC_CAPTURE_LOCKED, ORC_CAPTURE_DENIED
 */
export async function installCapture(
  store: Store,
  models: readonly WatchedModel[],
  { patience = PATIENCE }: InstallOptions = {},
): Promise<CaptureReport> {
  const watches = models.flatMap(watchesOf)
  const examined = await examineAll(store, watches)
  for (const { statuses } of examined) assertCapturable(statuses)
  const installed: CaptureStatus[] = []
  for (const { watch, statuses } of examined) {
    if (statuses.every(({ state }) => state === 'ok')) continue
    installed.push(...(await lockedTransaction(store, patience, (tx) => installWatch(tx, watch))))
  }
  const removed = await removeExcept(store, watches, patience)
  return { installed, removed, compared: await noticeGaps(store, watches) }
}

/** For every watched table and kind of change whether it is captured. Reads only. */
export async function captureStatus(
  store: Queryable,
  models: readonly WatchedModel[],
): Promise<CaptureStatus[]> {
  const examined = await examineAll(store, models.flatMap(watchesOf))
  return examined.flatMap(({ statuses }) => statuses)
}

/** Removes every trigger and function of capture; answers the triggers, as `trigger on table`. */
export function removeCapture(store: Store): Promise<string[]> {
  return removeExcept(store, [], PATIENCE)
}

async function examineAll(db: Queryable, watches: readonly Watch[]): Promise<Examined[]> {
  const catalog = await readCatalog(db, watches)
  return watches.map((watch, index) => examine(watch, catalog.tables[index] ?? [], catalog))
}

function assertCapturable(statuses: readonly CaptureStatus[]): void {
  for (const { state, model, detail } of statuses) {
    if (state === 'column missing') {
      throw new OrchestraError('ORC_CAPTURE_COLUMN', `Model ${model} cannot be captured: ${detail}`, {
        hint: 'Correct the names in key, ignore or references (upper and lower case count), or migrate the table first',
      })
    }
    if (state === 'table missing' || state === 'table unsupported') {
      throw new OrchestraError('ORC_CAPTURE_TABLE', `Model ${model} cannot be captured: ${detail}`, {
        hint: 'Name an ordinary or partitioned table (upper and lower case count), or migrate the database first',
      })
    }
  }
}

/** Examines again under the lock, because another process may have installed it meanwhile. */
async function installWatch(tx: Queryable, watch: Watch): Promise<CaptureStatus[]> {
  const [examined] = await examineAll(tx, [watch])
  if (examined === undefined) return []
  assertCapturable(examined.statuses)
  const wrong = examined.statuses.filter(({ state }) => state !== 'ok')
  if (wrong.length > 0) await tx.query(createFunction(watch, examined.body, examined.fixedText))
  for (const status of wrong) await installTrigger(tx, watch, status)
  return wrong
}

async function installTrigger(tx: Queryable, watch: Watch, status: CaptureStatus): Promise<void> {
  if (status.event === undefined) return
  if (status.state === 'disabled') {
    const name = quoteIdentifier(triggerName(watch.name, status.event))
    await tx.query(`alter table ${status.table} enable trigger ${name}`)
  }
  await tx.query(createTrigger(watch, status.event, status.table))
}

async function removeExcept(store: Store, watches: readonly Watch[], patience: number): Promise<string[]> {
  const wanted = new Set(watches.map(({ name }) => name))
  const { triggers, functions } = await readCatalog(store, [])
  const stale = [...functions.keys()].filter((name) => !wanted.has(name))
  const removed: string[] = []
  for (const name of stale) {
    const its = triggers.filter((trigger) => trigger.function === name)
    await lockedTransaction(store, patience, (tx) => removeFunction(tx, name, its))
    removed.push(...its.map((trigger) => `${trigger.name} on ${trigger.tableName}`))
  }
  return removed
}

async function removeFunction(tx: Queryable, name: string, triggers: readonly FoundTrigger[]): Promise<void> {
  for (const trigger of triggers) {
    await tx.query(`drop trigger if exists ${quoteIdentifier(trigger.name)} on ${trigger.tableName}`)
  }
  await tx.query(`drop function if exists ${qualifiedFunction(name)}()`)
}

/** One installer at a time; each table's lock is held for its own statements only. */
async function lockedTransaction<Result>(
  store: Store,
  patience: number,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> {
  const deadline = performance.now() + patience
  for (;;) {
    try {
      return await store.transaction(async (tx) => {
        await tx.query('select pg_advisory_xact_lock($1)', [INSTALL_LOCK])
        await tx.query(`set local lock_timeout = ${Math.min(LOCK_TIMEOUT, patience)}`)
        return work(tx)
      })
    } catch (error) {
      if (!hasState(error, LOCK_NOT_AVAILABLE) || performance.now() >= deadline) throw explain(error)
    }
  }
}

const LOCK_NOT_AVAILABLE = '55P03'

function hasState(error: unknown, state: string): boolean {
  return error instanceof Error && 'code' in error && error.code === state
}

function explain(error: unknown): unknown {
  if (hasState(error, LOCK_NOT_AVAILABLE)) {
    return new OrchestraError('ORC_CAPTURE_LOCKED', `Triggers cannot be installed: ${messageOf(error)}`, {
      hint: 'A long transaction has the table open (see pg_stat_activity); end it and try again',
      cause: error,
    })
  }
  if (isOrchestraError(error, 'ORC_STORE_DENIED')) {
    return new OrchestraError('ORC_CAPTURE_DENIED', `Triggers cannot be installed: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    })
  }
  return error
}
