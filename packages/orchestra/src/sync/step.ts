import type { World } from '../collector/decide.ts'
import { placementsOf } from '../collector/placed.ts'
import { type Collected, record } from '../collector/record.ts'
import type { Config } from '../config/config.ts'
import { formatKey, formatObject } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import type { Duties } from '../generation/index.ts'
import { type Cursor, firstCursor } from '../request/cursor.ts'
import { requestSync } from '../request/request.ts'
import { type Selection, selectionOf } from '../request/selection.ts'
import {
  addCounts,
  type Counts,
  isWhole,
  noCounts,
  SYNC_COLUMNS,
  type SyncRow,
  toSyncRow,
} from '../request/sync.ts'
import { sourceOf } from '../source/index.ts'
import { type Queryable, refreshStatistics, type Store, storable } from '../store/index.ts'
import { type CompareContext, type Compared, compare, type Discrepancy } from './compare.ts'
import { countOf } from './judge.ts'
import { type LeftOut, leftOutText, withoutUnreadable } from './left-out.ts'
import { countKeys, type NamedKey, PAGE_SIZE, type PageContext, readPage } from './pages.ts'
import { proceed } from './proceed.ts'
import { isNoted, isRemoval, notedRemovals, noteRemovals } from './removals.ts'

export interface StepContext {
  store: Store
  config: Config
  route: World['route']
  /** Where this look of the collector reads Orchestra's own tables. */
  db: Queryable
  /** Runs what belongs together: one page is recorded with the place where the next begins. */
  write: <Result>(work: (tx: Queryable) => Promise<Result>) => Promise<Result>
  /** Backends that other workers compare. */
  foreign: readonly string[]
}

/**
 * The oldest synchronization that is this worker's to compare; undefined when there is none. Of a backend or a model it is that of who
 * has it, and of everything that of the newest configuration.
 */
export async function comparingSync(
  db: Queryable,
  { rank, foreign, foreignModels }: Duties,
): Promise<SyncRow | undefined> {
  const [row] = await db.query<SyncRow>(
    `select ${SYNC_COLUMNS} from orchestra.sync where ended_at is null and state = 'comparing' and case
       when backend is not null then backend <> all($1::text[])
       when model is not null then model <> all($2::text[])
       else $3 end
     order by id limit 1`,
    [foreign, foreignModels, rank === 'newest'],
  )
  return row === undefined ? undefined : toSyncRow(row)
}

/**
 * Nobody joins a synchronization that has begun. To be called, and awaited, before the routes are read: who joined before has
 * committed theirs. What other workers alone have is asked of them.
 */
export async function beginSync(store: Store, sync: SyncRow, duties: Duties): Promise<void> {
  if (sync.cursor !== null) return
  if (sync.backend === null && sync.objectKey === null)
    await store.transaction((tx) => askOthers(tx, sync, othersOf(sync, duties)))
  await begin(store, sync)
}

function othersOf({ model }: SyncRow, { foreign, beside }: Duties): readonly string[] {
  return model === null ? foreign : Object.keys(beside).filter((backend) => beside[backend] === model)
}

async function askOthers(tx: Queryable, sync: SyncRow, backends: readonly string[]): Promise<void> {
  const { id, mode, model, serverId, allowDeletes, inspects, actor, source } = sync
  const [begun] = await tx.query<{ server: string | null }>(
    `select (select name from orchestra.server where id = $2) as server from orchestra.sync
     where id = $1 and started_at is null for no key update`,
    [id, serverId],
  )
  if (begun === undefined) return
  const asked = {
    mode,
    model: model ?? undefined,
    server: begun.server ?? undefined,
    inspects,
    actor,
    source,
  }
  for (const backend of backends)
    await requestSync(tx, { ...asked, backend, allowDeletes: allowDeletes ?? undefined })
}

async function begin(db: Queryable, { id }: SyncRow): Promise<void> {
  await db.query('update orchestra.sync set started_at = now() where id = $1 and started_at is null', [id])
}

/** What one page came to. */
interface ComparedPage {
  compared: Compared
  /** Noted, to be recorded when all of them are known. */
  removals: readonly Discrepancy[]
  next: Cursor | null
}

const nothing: Compared = { differences: [], settled: [], counts: noCounts }

/**
 * One page of a synchronization's comparison: reads it, and records its operations together with the cursor, so that a restart
 * loses nothing and repeats nothing. Answers the servers that have work now.
 */
export async function stepSync(row: SyncRow, context: StepContext): Promise<number[]> {
  const { store, config, db } = context
  const { selection, leftOut } = await withoutUnreadable(selectionOf(config, row), {
    source: sourceOf(store),
    db,
  })
  const sync = withError(row, leftOut)
  const cursor = sync.cursor ?? firstCursor(selection)
  // A check asks the servers only.
  if (sync.mode === 'check') return finishStep(sync, { compared: nothing, removals: [], next: null }, context)
  const step =
    cursor.pass === 'removals'
      ? await removePage(sync, cursor.after, selection, context)
      : await comparePage(sync, cursor, selection, context)
  return finishStep(sync, step, context)
}

/** It goes on with all other models and says at its end what it left out, even if that can be read by then. */
function withError(sync: SyncRow, leftOut: readonly LeftOut[]): SyncRow {
  if (leftOut.length === 0 || sync.error !== null) return sync
  return { ...sync, error: storable(leftOut.map(leftOutText).join(' ')) }
}

async function comparePage(
  sync: SyncRow,
  cursor: Exclude<Cursor, { pass: 'removals' }>,
  selection: Selection,
  context: StepContext,
): Promise<ComparedPage> {
  if (sync.cursor === null) await refreshStatistics(context.store)
  const pages = pagesOf(selection, context)
  const page = await readPage(cursor, pages)
  const total = sync.cursor === null ? await countKeys(pages) : 0
  const { differences, settled, counts } = await compare(page.objects, contextOf(sync, selection, context))
  const differing = differences.filter((one) => one.verdict === 'differs')
  const due = await withoutChanged(context.db, differing)
  const removals = due.filter(isRemoval)
  const deferred = new Set(withArrivals(removals, due))
  const recorded = new Set(due.filter((one) => !deferred.has(one)))
  const left = differing.filter((one) => !recorded.has(one))
  return {
    compared: {
      differences: [...recorded],
      settled: withoutObjectsOf(settled, left),
      counts: addCounts(addCounts(counts, { seen: page.seen, total }), countsOf([...deferred], -1)),
    },
    removals,
    next: page.next ?? { pass: 'removals', after: 0 },
  }
}

/**
 * Leaves out objects of which a committed change waits: the collector does for their own unit what this would do twice. A change
 * that asks for something else, or is about one place only, does not. Asked after the rows were read, so that whoever sees a row
 * sees its change too.
 */
async function withoutChanged(db: Queryable, differences: readonly Discrepancy[]): Promise<Discrepancy[]> {
  if (differences.length === 0) return []
  const asked = differences.map(({ decision }) => ({ model: decision.model, keys: decision.key }))
  const changed = await db.query<{ model: string; keys: Key }>(
    `select distinct c.model, key.value as keys from orchestra.change c
     cross join lateral jsonb_array_elements(c.keys) as key
     join jsonb_to_recordset($1::jsonb) as asked(model text, keys jsonb)
       on asked.model = c.model and asked.keys = key.value
     where c.action in ('save', 'delete') and c.backend is null`,
    [JSON.stringify(asked)],
  )
  const names = new Set(changed.map(({ model, keys }) => formatObject(model, keys)))
  return differences.filter(({ decision }) => !names.has(formatObject(decision.model, decision.key)))
}

/** What was to be removed when it was noted is looked at again: it may be wanted by now. */
async function removePage(
  sync: SyncRow,
  after: number,
  selection: Selection,
  context: StepContext,
): Promise<ComparedPage> {
  const noted = await notedRemovals(context.db, sync.id, after, PAGE_SIZE)
  const last = noted.at(-1)
  const { differences } = await compare(noted, contextOf(sync, selection, context))
  const differing = differences.filter((one) => one.verdict === 'differs')
  const due = withArrivals(differing.filter(isRemoval).filter(isNoted(noted)), differing)
  return {
    compared: { differences: due, settled: [], counts: countsOf(due, 1) },
    removals: [],
    next: last === undefined || noted.length < PAGE_SIZE ? null : { pass: 'removals', after: last.id },
  }
}

/**
 * Removals, and what is to be made of the same objects where their data goes: made before it is known that the data comes, it would
 * begin with data of its own.
 */
function withArrivals(removals: readonly Discrepancy[], all: readonly Discrepancy[]): Discrepancy[] {
  const moving = new Set(removals.filter((one) => one.decision.transferTo !== null).map(objectOf))
  const arrivals = moving.size === 0 ? [] : all.filter((one) => !isRemoval(one) && moving.has(objectOf(one)))
  return [...removals, ...arrivals]
}

function objectOf({ decision: { model, key } }: Discrepancy): string {
  return formatObject(model, key)
}

function countsOf(differences: readonly Discrepancy[], weight: 1 | -1): Counts {
  const counts = { ...noCounts }
  for (const { decision, verdict } of differences) {
    const name = countOf(decision, verdict)
    if (name !== undefined) counts[name] += weight
  }
  return counts
}

/** Their objects are not done with: of what failed before, what is still to be done may be what comes instead. */
function withoutObjectsOf(objects: readonly NamedKey[], undone: readonly Discrepancy[]): NamedKey[] {
  const names = new Set(undone.map(({ decision: { model, key } }) => formatObject(model, key)))
  return objects.filter(({ model, key }) => !names.has(formatObject(model, key)))
}

function pagesOf(selection: Selection, { store, db }: StepContext): PageContext {
  return { db, source: sourceOf(store), selection }
}

function contextOf(
  { unitId }: SyncRow,
  selection: Selection,
  { store, config, route, db, foreign }: StepContext,
): CompareContext {
  return {
    config,
    route,
    keyring: store.keyring,
    source: sourceOf(store),
    placements: (objects) => placementsOf(db, objects),
    db,
    selection,
    unitId,
    foreign,
  }
}

async function finishStep(sync: SyncRow, step: ComparedPage, context: StepContext): Promise<number[]> {
  return context.write(async (tx) => {
    const open = await tx.query(
      `select from orchestra.sync where id = $1 and state = 'comparing' for no key update`,
      [sync.id],
    )
    // Somebody cancelled it meanwhile.
    if (open.length === 0) return []
    const serverIds = await recordDifferences(tx, sync, step.compared, context)
    await noteRemovals(tx, sync.id, step.removals)
    const counts = addCounts(sync.counts, step.compared.counts)
    return [...serverIds, ...(await proceed(tx, { ...sync, counts }, step.next, context))]
  })
}

async function recordDifferences(
  tx: Queryable,
  sync: SyncRow,
  { differences, settled }: Compared,
  { store, config }: StepContext,
): Promise<number[]> {
  if (differences.length + settled.length === 0) return []
  const collected: Collected = {
    decisions: differences.map((one) => one.decision),
    changeIds: [],
    units:
      differences.length === 0
        ? []
        : [{ id: sync.unitId, actor: sync.actor, source: sync.source, createdAt: new Date(), logins: [] }],
    attempts: new Map(),
    seen: isWhole(sync)
      ? settled.map(({ model, key }) => ({
          model,
          object_key: formatKey(key),
          action: 'save',
          backend: null,
        }))
      : [],
  }
  return record(tx, collected, { keyring: store.keyring, backoff: config.worker.backoff.operation })
}
