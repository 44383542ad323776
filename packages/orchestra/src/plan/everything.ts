import { placementsOf, type World } from '../collector/index.ts'
import { MOST_KEYS } from '../collector/keys-a-look.ts'
import { withTruncated } from '../collector/truncated.ts'
import type { Config } from '../config/config.ts'
import { formatObject } from '../config/key.ts'
import { allDuties } from '../generation/index.ts'
import { getServer } from '../server/index.ts'
import { changesIn, type Rows, rowsWithin, sourceOf } from '../source/index.ts'
import {
  type Connection,
  hasOneSession,
  type Queryable,
  refreshStatistics,
  type Store,
} from '../store/index.ts'
import {
  asNamed,
  checkSelector,
  compare,
  type Discrepancy,
  firstCursor,
  type LeftOut,
  leftOutText,
  readPage,
  type Selection,
  type SyncSelector,
  selectionOf,
  withoutUnreadable,
} from '../sync/index.ts'
import { Found, type PlanRequest } from './found.ts'
import { guardOf } from './guard.ts'
import { type Plan, renderPlan } from './plan.ts'
import type { SavedOperation } from './saved.ts'
import { type Entry, stepsOf } from './steps.ts'
import {
  decideChanges,
  failuresOf,
  matches,
  sameObject,
  serverNames,
  waitingFailures,
  waitingOperations,
} from './waiting.ts'

/** A plan, and why recording it would stop; null when it would not. */
export interface WholePlan extends Plan {
  guard: string | null
}

export interface PlanContext {
  store: Store
  config: Config
  route: World['route']
  /** Where placements and operations are read; default the store. */
  db?: Connection
}

/**
 * The whole comparison, page by page. `onPage` gets the differences of each page while all is known of them.
 * @returns the models that could not be compared
 */
export async function compareAll(
  { store, config, route, db = store }: PlanContext,
  selector: SyncSelector,
  onPage: (differences: readonly Discrepancy[]) => Promise<void>,
): Promise<LeftOut[]> {
  const beside = await besideOf(store, db)
  const source = rowsBy(beside, store)
  await refreshStatistics(beside)
  const asked = await selectionFor(db, config, selector)
  const { selection, leftOut } = await withoutUnreadable(asked, { source, db })
  const context = {
    config,
    route,
    keyring: store.keyring,
    source,
    placements: (objects: Parameters<typeof placementsOf>[1]) => placementsOf(db, objects),
    db,
    selection,
    unitId: '00000000-0000-0000-0000-000000000000',
  }
  let cursor: ReturnType<typeof firstCursor> | null = firstCursor(selection)
  while (cursor !== null && cursor.pass !== 'removals') {
    const page = await readPage(cursor, { db, source, selection })
    await onPage((await compare(page.objects, context)).differences)
    cursor = page.next
  }
  return leftOut
}

/** What is asked while a transaction is open: another connection, or itself where there is no other. */
async function besideOf(store: Store, db: Connection): Promise<Connection> {
  return db !== store && (await hasOneSession(db)) ? db : store
}

function rowsBy(beside: Connection, store: Store): Rows {
  return beside === store ? sourceOf(store) : rowsWithin(beside)
}

async function selectionFor(db: Queryable, config: Config, selector: SyncSelector): Promise<Selection> {
  checkSelector(config, selector)
  const server = selector.server === undefined ? null : await getServer(db, selector.server)
  return selectionOf(config, { serverId: server?.id ?? null, ...asNamed(selector) })
}

/**
 * All that is to be done: what waits, what was changed and is not an operation yet, and what differs between the database and
 * what was placed. Writes nothing and contacts no server.
 * @throws OrchestraError ORC_SERVER_UNKNOWN, ORC_BACKEND_UNKNOWN, ORC_MODEL_UNKNOWN, ORC_USAGE
 */
export async function planAll(
  context: PlanContext,
  request: PlanRequest,
): Promise<WholePlan & { saved: SavedOperation[] }> {
  const { store, config, db = store } = context
  const { selector } = request
  const servers = await serverNames(db)
  const found = new Found(servers, request, config)
  const leftOut = await compareAll(context, selector, (differences) => found.take(db, differences))
  found.takeFailures(leftOut.map((one) => ({ object: one.model.name, reason: leftOutText(one) })))
  const { operations, failures } = await alreadyAsked(context)
  const known = { config, servers }
  const nameOf = ({ model, keys }: Entry) => formatObject(model, keys)
  found.takeWaiting(operations.filter((one) => matches({ ...one, object: nameOf(one) }, selector, known)))
  found.takeFailures(await failuresOf(db, failures, selector, known))
  const steps = { config, keyring: store.keyring, servers }
  const planned = await stepsOf(db, found.operations, steps)
  const plan = renderPlan(planned, found.failures, { ...steps, scripts: request.scripts })
  const guard = await guardOf(db, found.removals, request.allowDeletes)
  return { ...plan, guard, saved: found.saved }
}

/** What waits as operations, and what changes ask for that nobody has looked at. */
async function alreadyAsked({ store, config, route, db = store }: PlanContext) {
  const changes = await changesIn(db).due(allDuties(config), { keys: MOST_KEYS })
  const fresh = await decideChanges(await withTruncated(db, changes), {
    db,
    source: rowsBy(await besideOf(store, db), store),
    config,
    route,
    keyring: store.keyring,
  })
  const overruled = new Set(fresh.operations.map(sameObject))
  const waiting = await waitingOperations(db)
  const obstacles = new Map(waiting.map((one) => [sameObject(one), one.obstacle]))
  const stored = waiting.filter((one) => !overruled.has(sameObject(one)))
  return {
    operations: [
      ...stored,
      ...fresh.operations.map((one) => ({ ...one, obstacle: obstacles.get(sameObject(one)) ?? null })),
    ],
    failures: [...fresh.failures, ...(await waitingFailures(db))],
  }
}
