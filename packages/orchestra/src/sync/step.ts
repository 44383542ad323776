import type { Collected } from '../collector/collected.ts'
import { placementsOf } from '../collector/placed.ts'
import { record } from '../collector/record.ts'
import { spend, type Ticket } from '../collector/tickets.ts'
import type { World } from '../collector/world.ts'
import type { Config } from '../config/config.ts'
import { formatKey, formatObject } from '../config/key.ts'
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
import { routesRevision } from '../router/index.ts'
import { changesIn, sourceOf } from '../source/index.ts'
import { type Queryable, refreshStatistics, type Store, storable } from '../store/index.ts'
import { type CompareContext, type Compared, compare, type Discrepancy } from './compare.ts'
import { countOf } from './judge.ts'
import { type LeftOut, leftOutText, withoutUnreadable } from './left-out.ts'
import { countKeys, type NamedKey, PAGE_SIZE, type Page, type PageContext, readPage } from './pages.ts'
import { proceed } from './proceed.ts'
import { isNoted, isRemoval, type NotedRemoval, notedRemovals, noteRemovals } from './removals.ts'

export interface StepContext {
  store: Store
  config: Config
  route: World['route']
  /** Of the routes. */
  revision: number
  /** Backends that other workers compare. */
  foreign: readonly string[]
  /** Takes a ticket for the page, of which these are the objects; undefined while others have it, or some of them. */
  claim(objects: readonly NamedKey[]): Promise<Ticket | undefined>
}

/** What came of a page. */
export type SyncStep =
  /** It is recorded; with the servers that have work now. */
  | { kind: 'stepped'; serverIds: readonly number[] }
  /** It is to be asked for again: others decide some of it. */
  | { kind: 'waits' }
  /** Nothing was recorded: it was cancelled, another was quicker, or routes have changed. */
  | { kind: 'refused' }

/**
 * The oldest synchronization that is this worker's to compare; undefined when there is none. Of a backend or a model it is that of who
 * has it, and of everything that of the newest configuration.
 */
export async function comparingSync(
  db: Queryable,
  { rank, backends, foreign, models, foreignModels }: Duties,
): Promise<SyncRow | undefined> {
  const [row] = await db.query<SyncRow>(
    `select ${SYNC_COLUMNS} from orchestra.sync where ended_at is null and state = 'comparing' and case
       when backend is not null then backend = any($1::text[]) or backend <> all($2::text[]) and ${IS_NOBODYS}
       when model is not null then model = any($3::text[]) or model <> all($4::text[]) and ${IS_NOBODYS}
       else $5 end
     order by id limit 1`,
    [backends, foreign, models, foreignModels, rank === 'newest'],
  )
  return row === undefined ? undefined : toSyncRow(row)
}

/** A worker asks for what it is the first to have before it is among the others. What nobody has must end all the same. */
const IS_NOBODYS = `created_at < now() - interval '10 seconds'`

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
 * loses nothing and repeats nothing.
 */
export async function stepSync(row: SyncRow, context: StepContext): Promise<SyncStep> {
  const { store, config, claim } = context
  const { selection, leftOut } = await withoutUnreadable(selectionOf(config, row), {
    source: sourceOf(store),
    db: store,
  })
  const sync = withError(row, leftOut)
  const cursor = sync.cursor ?? firstCursor(selection)
  const page = await pageAt(sync, cursor, selection, context)
  const ticket = await claim(page.objects)
  if (ticket === undefined) return { kind: 'waits' }
  if (!(await isStillAt(store, sync))) return { kind: 'refused' }
  return finishStep(sync, await page.compare(), ticket, context)
}

/** The objects of a page, and what to do with them once nobody else decides about them. */
interface KnownPage {
  objects: readonly NamedKey[]
  compare(): Promise<ComparedPage>
}

async function pageAt(
  sync: SyncRow,
  cursor: Cursor,
  selection: Selection,
  context: StepContext,
): Promise<KnownPage> {
  // A check asks the servers only.
  if (sync.mode === 'check')
    return { objects: [], compare: async () => ({ compared: nothing, removals: [], next: null }) }
  if (cursor.pass === 'removals') {
    const noted = await notedRemovals(context.store, sync.id, cursor.after, PAGE_SIZE)
    return { objects: noted, compare: () => removePage(sync, noted, selection, context) }
  }
  if (sync.cursor === null) await refreshStatistics(context.store)
  const page = await readPage(cursor, pagesOf(selection, context))
  return { objects: page.objects, compare: () => comparePage(sync, page, selection, context) }
}

/** Nobody has compared this page since the row was read. */
async function isStillAt(db: Queryable, { id, cursor }: SyncRow, lock = ''): Promise<boolean> {
  const rows = await db.query(
    `select from orchestra.sync where id = $1 and state = 'comparing' and cursor is not distinct from $2::jsonb ${lock}`,
    [id, cursor === null ? null : JSON.stringify(cursor)],
  )
  return rows.length > 0
}

/** It goes on with all other models and says at its end what it left out, even if that can be read by then. */
function withError(sync: SyncRow, leftOut: readonly LeftOut[]): SyncRow {
  if (leftOut.length === 0 || sync.error !== null) return sync
  return { ...sync, error: storable(leftOut.map(leftOutText).join(' ')) }
}

async function comparePage(
  sync: SyncRow,
  page: Page,
  selection: Selection,
  context: StepContext,
): Promise<ComparedPage> {
  const total = sync.cursor === null ? await countKeys(pagesOf(selection, context)) : 0
  const { differences, settled, counts } = await compare(page.objects, contextOf(sync, selection, context))
  const differing = differences.filter((one) => one.verdict === 'differs')
  const due = await withoutChanged(context.store, differing)
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
  const changed = await changesIn(db).objectsAmong(differences.map(({ decision }) => decision))
  const names = new Set(changed.map(({ model, key }) => formatObject(model, key)))
  return differences.filter(({ decision }) => !names.has(formatObject(decision.model, decision.key)))
}

/** What was to be removed when it was noted is looked at again: it may be wanted by now. */
async function removePage(
  sync: SyncRow,
  noted: readonly NotedRemoval[],
  selection: Selection,
  context: StepContext,
): Promise<ComparedPage> {
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
  const moving = new Set(removals.filter((one) => one.decision.leave === 'migrate').map(objectOf))
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

function pagesOf(selection: Selection, { store }: StepContext): PageContext {
  return { db: store, source: sourceOf(store), selection }
}

function contextOf(
  { unitId }: SyncRow,
  selection: Selection,
  { store, config, route, foreign }: StepContext,
): CompareContext {
  return {
    config,
    route,
    keyring: store.keyring,
    source: sourceOf(store),
    placements: (objects) => placementsOf(store, objects),
    db: store,
    selection,
    unitId,
    foreign,
  }
}

/** One page is recorded with the place where the next begins. */
async function finishStep(
  sync: SyncRow,
  step: ComparedPage,
  ticket: Ticket,
  context: StepContext,
): Promise<SyncStep> {
  return context.store.transaction(async (tx) => {
    const isGood =
      (await spend(tx, ticket)) &&
      (await routesRevision(tx)) === context.revision &&
      (await isStillAt(tx, sync, 'for no key update'))
    if (!isGood) return { kind: 'refused' }
    const serverIds = await recordDifferences(tx, sync, step.compared, context)
    await noteRemovals(tx, sync.id, step.removals)
    const counts = addCounts(sync.counts, step.compared.counts)
    const woken = await proceed(tx, { ...sync, counts }, step.next, context)
    return { kind: 'stepped', serverIds: [...serverIds, ...woken] }
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
  return record(tx, collected, { keyring: store.keyring, config, backoff: config.worker.backoff.operation })
}
