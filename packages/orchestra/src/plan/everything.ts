import { waitingChanges } from '../collector/changes.ts'
import { type Decision, placementsOf, type World } from '../collector/index.ts'
import { withTruncated } from '../collector/truncated.ts'
import type { Config } from '../config/config.ts'
import { formatKey, formatObject, parseObject } from '../config/key.ts'
import { withHint } from '../errors.ts'
import { type Description, describeSteps } from '../script/index.ts'
import { getServer } from '../server/index.ts'
import { type Source, sourceOf, sourceWithin } from '../source/index.ts'
import { type Connection, type Queryable, refreshStatistics, type Store } from '../store/index.ts'
import {
  asNamed,
  checkSelector,
  compare,
  type Difference,
  exceedsBound,
  firstCursor,
  guardError,
  isRemoval,
  type LeftOut,
  leftOutText,
  NAMED,
  type Removals,
  readPage,
  replacedModels,
  type Selection,
  type SyncSelector,
  selectionOf,
  withoutUnreadable,
} from '../sync/index.ts'
import { diffRendered } from './difference.ts'
import { type Plan, type Plannable, renderPlan, type Want } from './plan.ts'
import { type SavedOperation, toSavedOperation } from './saved.ts'
import {
  decideChanges,
  matches,
  sameObject,
  serverNames,
  waitingFailures,
  waitingOperations,
} from './waiting.ts'

export interface PlanRequest {
  selector: SyncSelector
  /** Whether the scripts are rendered too. */
  scripts: boolean
  /** Of how many objects the differences are shown at most. */
  differences: number
  /** How many objects of one backend on one server may go; default the usual bound. */
  allowDeletes?: number | undefined
}

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
  onPage: (differences: readonly Difference[]) => Promise<void>,
): Promise<LeftOut[]> {
  const source = sourceBeside(store, db)
  await refreshStatistics(store.kind === 'pglite' ? db : store)
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

/** A transaction of the embedded database has it to itself. */
function sourceBeside(store: Store, db: Connection): Source {
  return store.kind === 'pglite' && db !== store ? sourceWithin(db) : sourceOf(store)
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
  const found = new Found(servers, request)
  const leftOut = await compareAll(context, selector, (differences) => found.take(db, differences))
  found.takeFailures(leftOut.map((one) => ({ object: one.model.name, reason: leftOutText(one) })))
  const { operations, failures } = await alreadyAsked(context)
  const known = { config, servers }
  const nameOf = ({ model, keys }: Plannable) => formatObject(model, keys)
  found.takeWaiting(operations.filter((one) => matches({ ...one, object: nameOf(one) }, selector, known)))
  found.takeFailures(failures.filter((one) => matches(one, selector, known)))
  const plan = renderPlan(found.operations, found.failures, {
    config,
    keyring: store.keyring,
    servers,
    scripts: request.scripts,
  })
  const guard = await guardOf(db, found.removals, request.allowDeletes)
  return { ...plan, guard, saved: found.saved }
}

/** What waits as operations, and what changes ask for that nobody has looked at. */
async function alreadyAsked({ store, config, route, db = store }: PlanContext) {
  const fresh = await decideChanges(await withTruncated(db, await waitingChanges(db)), {
    db,
    source: sourceBeside(store, db),
    config,
    route,
    keyring: store.keyring,
  })
  const overruled = new Set(fresh.operations.map(sameObject))
  const stored = (await waitingOperations(db)).filter((one) => !overruled.has(sameObject(one)))
  return {
    operations: [...stored, ...fresh.operations],
    failures: [...fresh.failures, ...(await waitingFailures(db))],
  }
}

/** Why so many removals would not be recorded; null when they would. */
export async function guardOf(
  db: Queryable,
  removals: readonly Want[],
  allowDeletes: number | undefined,
): Promise<string | null> {
  const exceeding = await exceedingOf(db, removals, allowDeletes)
  if (exceeding.length === 0) return null
  return withHint(guardError(exceeding))
}

export async function exceedingOf(
  db: Queryable,
  removals: readonly Want[],
  allowDeletes: number | undefined,
): Promise<Removals[]> {
  const exceeding: Removals[] = []
  const replaced = await replacedModels(db)
  for (const own of Map.groupBy(removals, (one) => `${one.backend} ${one.serverId}`).values()) {
    const [first] = own
    if (first === undefined) continue
    const { backend, serverId, server } = first
    const [row] = await db.query<{ placements: number }>(
      'select count(*) as placements from orchestra.placement where server_id = $1 and backend = $2',
      [serverId, backend],
    )
    const objects = own.slice(0, NAMED).map((one) => one.object)
    const isReplaced = own.some(({ object }) => replaced.has(parseObject(object)?.model ?? ''))
    const placements = row?.placements ?? 0
    const counted = { backend, server, deletes: own.length, placements, objects, isReplaced }
    if (exceedsBound(counted, allowDeletes ?? null)) exceeding.push(counted)
  }
  return exceeding
}

/** Gathers what a plan shows. */
class Found {
  readonly operations: Plannable[] = []
  readonly removals: Want[] = []
  readonly failures: Plan['failures'] = []
  /** What a file keeps of it. */
  readonly saved: SavedOperation[] = []
  readonly #places = new Map<string, Plannable>()
  readonly #servers: ReadonlyMap<number, string>
  readonly #request: PlanRequest

  constructor(servers: ReadonlyMap<number, string>, request: PlanRequest) {
    this.#servers = servers
    this.#request = request
  }

  async take(db: Queryable, differences: readonly Difference[]): Promise<void> {
    const room = this.#request.differences - this.operations.length
    const shown = differences.slice(0, Math.max(0, room))
    const applied = await renderedOf(db, shown)
    for (const [index, difference] of differences.entries()) {
      const { decision } = difference
      if (decision.fate.kind === 'failed') this.#fail(decision, decision.fate.reason)
      else this.#add(difference, index < shown.length ? applied : undefined)
    }
  }

  /** Why an operation waits that is there already is known better than what it is about. */
  takeWaiting(operations: readonly Plannable[]): void {
    for (const operation of operations) {
      const known = this.#places.get(sameObject(operation))
      if (known === undefined) this.operations.push(operation)
      else known.waitsFor = operation.waitsFor ?? known.waitsFor
    }
  }

  takeFailures(failures: Plan['failures']): void {
    const known = new Set(this.failures.map(({ object, reason }) => `${object} ${reason}`))
    this.failures.push(...failures.filter(({ object, reason }) => !known.has(`${object} ${reason}`)))
  }

  #fail({ model, key }: Decision, reason: string): void {
    this.failures.push({ object: formatObject(model, key), reason })
  }

  #add(
    difference: Difference,
    applied: ReadonlyMap<string, readonly Description[] | null> | undefined,
  ): void {
    const plannable = this.#toPlannable(difference, applied)
    if (plannable === undefined) return
    this.operations.push(plannable)
    this.saved.push(toSavedOperation(difference, this.#servers))
    this.#places.set(sameObject(plannable), plannable)
    if (isRemoval(difference) && difference.verdict === 'differs')
      this.removals.push(wantOf(difference.decision, this.#servers))
  }

  #toPlannable(
    { decision, snapshot, rendered, placed }: Difference,
    applied: ReadonlyMap<string, readonly Description[] | null> | undefined,
  ): Plannable | undefined {
    const { backend, serverId, model, key, fate } = decision
    if (backend === null || serverId === null) return undefined
    const name = placeName(decision)
    // What was never applied differs from nothing at all.
    const before = placed?.applied === true ? (applied?.get(name) ?? null) : []
    return {
      id: -this.operations.length - 1,
      kind: decision.kind,
      backend,
      serverId,
      action: decision.action,
      model,
      object_key: formatKey(key),
      keys: key,
      identity: decision.identity,
      previous: decision.previous,
      previousIdentity: decision.previousIdentity,
      snapshot,
      revision: rendered?.revision ?? null,
      differences:
        rendered === null || applied === undefined
          ? null
          : diffRendered(before, describeSteps(rendered.recording)),
      does: fate.kind === 'kept' ? 'keep' : fate.kind === 'nothing' ? 'forget' : 'run',
      waitsFor: this.#waitsFor(decision),
    }
  }

  #waitsFor({ fate, gate, transferTo }: Decision): string | null {
    if (fate.kind === 'held') return 'only disabled routes lead there'
    if ('reason' in fate) return fate.reason
    const name = (id: number) => this.#servers.get(id) ?? `server ${id}`
    if (transferTo !== null) return `its data goes to ${name(transferTo)} first`
    return gate === null || gate.length === 0 ? null : `it comes to ${gate.map(name).join(', ')} first`
  }
}

/** What somebody wants to be done in one place, by name. */
export function wantOf(
  { model, key, backend, serverId }: Decision,
  servers: ReadonlyMap<number, string>,
): Want {
  return {
    object: formatObject(model, key),
    backend: backend ?? '',
    serverId: serverId ?? 0,
    server: servers.get(serverId ?? 0) ?? `server ${serverId}`,
  }
}

/** What was rendered when these were applied last, by place. */
async function renderedOf(
  db: Queryable,
  differences: readonly Difference[],
): Promise<Map<string, readonly Description[] | null>> {
  const asked = differences
    .filter((one) => one.rendered !== null && one.placed?.applied === true)
    .map(({ decision: { model, key, backend, serverId } }) => ({
      model,
      object_key: formatKey(key),
      backend,
      server_id: serverId,
    }))
  if (asked.length === 0) return new Map()
  const rows = await db.query<{ name: string; rendered: Description[] | null }>(
    `select p.backend || ' ' || p.server_id || ' ' || p.model || ':' || p.object_key as name, p.rendered
     from jsonb_to_recordset($1::jsonb) as asked(model text, object_key text, backend text, server_id int)
     join orchestra.placement p on p.key_hash = md5(asked.object_key)::uuid and p.model = asked.model
       and p.backend = asked.backend and p.server_id = asked.server_id`,
    [JSON.stringify(asked)],
  )
  return new Map(rows.map(({ name, rendered }) => [name, rendered]))
}

function placeName({ backend, serverId, model, key }: Decision): string {
  return `${backend} ${serverId} ${formatObject(model, key)}`
}
