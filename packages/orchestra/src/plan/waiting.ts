import { waitingChanges } from '../collector/changes.ts'
import type { Change } from '../collector/index.ts'
import { changesOfUnit, placementsOf, type World } from '../collector/index.ts'
import type { Config } from '../config/config.ts'
import { formatObject } from '../config/key.ts'
import type { Key, LoaderContext } from '../config/model.ts'
import { listServers } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { type Plan, type Plannable, planChanges, refuseFailures, renderPlan } from './plan.ts'

/** Narrows a plan to what matches all that is given. */
export interface PlanSelector {
  server?: string
  backend?: string
  /** `model:key`. */
  object?: string
}

/** What the lanes will do: operations that wait, and committed changes that are not operations yet. Contacts no server. */
export async function planWaiting(
  store: Store,
  config: Config,
  route: World['route'],
  selector: PlanSelector = {},
): Promise<Plan> {
  const servers = await serverNames(store)
  const fresh = await decideChanges(await waitingChanges(store), {
    db: store,
    config,
    route,
    keyring: store.keyring,
  })
  const overruled = new Set(fresh.operations.map(sameObject))
  const stored = (await waitingOperations(store)).filter((operation) => !overruled.has(sameObject(operation)))
  const failures = [...(await waitingFailures(store)), ...fresh.failures]
  const wanted = (operation: Plannable) => matches(operation, servers.get(operation.serverId), selector)
  const selected = [...stored, ...fresh.operations].filter(wanted)
  const context = { config, keyring: store.keyring, servers }
  const about = failures.filter(
    (failure) => selector.object === undefined || failure.object === selector.object,
  )
  return renderPlan(selected, about, context)
}

/**
 * What the changes of one unit will do, seen from inside its open transaction.
 * @throws OrchestraError ORC_OBJECT_INVALID when an object of it cannot be applied
 */
export async function planUnit(
  store: Store,
  db: Queryable,
  config: Config,
  route: World['route'],
  unitId: string,
): Promise<Plan> {
  const changes = await changesOfUnit(db, unitId)
  const { operations, failures } = await decideChanges(changes, { db, config, route, keyring: store.keyring })
  // By the transaction's own connection: the embedded database has no second one while it is open.
  const servers = await serverNames(db)
  return refuseFailures(renderPlan(operations, failures, { config, keyring: store.keyring, servers }))
}

interface DecideContext {
  db: Queryable
  config: Config
  route: World['route']
  keyring: Store['keyring']
}

function decideChanges(changes: readonly Change[], { db, config, route, keyring }: DecideContext) {
  const query: LoaderContext['query'] = (text, values) => db.query(text, values)
  return planChanges(
    changes,
    { config, route, query, keyring, placements: (objects) => placementsOf(db, objects) },
    keyring,
  )
}

async function serverNames(db: Queryable): Promise<Map<number, string>> {
  return new Map((await listServers(db)).map((server) => [server.id, server.name]))
}

interface WaitingRow {
  id: number
  backend: string
  server_id: number
  action: string
  model: string
  object_key: string
  keys: Key
  snapshot: unknown
  held: boolean
  server_held: boolean
}

async function waitingOperations(db: Queryable): Promise<Plannable[]> {
  const rows = await db.query<WaitingRow>(
    `select o.id, o.backend, o.server_id, o.action, o.model, o.object_key, o.keys, o.snapshot, o.held,
       s.held_at is not null as server_held
     from orchestra.operation o join orchestra.server s on s.id = o.server_id
     where o.state in ('waiting', 'running') and o.backend is not null order by o.id`,
  )
  return rows.map(({ server_id: serverId, held, server_held: serverHeld, ...row }) => ({
    ...row,
    serverId,
    identity: null,
    waitsFor: held ? 'only disabled routes lead there' : serverHeld ? 'the server is held' : null,
  }))
}

async function waitingFailures(db: Queryable): Promise<Plan['failures']> {
  const rows = await db.query<{ model: string; keys: Key; error: string | null }>(
    `select model, keys, error from orchestra.operation where state = 'waiting' and server_id is null order by id`,
  )
  return rows.map(({ model, keys, error }) => ({ object: formatObject(model, keys), reason: error ?? '' }))
}

function sameObject({ backend, serverId, model, object_key: key, action }: Plannable): string {
  return JSON.stringify([backend, serverId, model, key, action === 'delete' ? 'save' : action])
}

function matches(operation: Plannable, server: string | undefined, selector: PlanSelector): boolean {
  return (
    (selector.server === undefined || selector.server === server) &&
    (selector.backend === undefined || selector.backend === operation.backend) &&
    (selector.object === undefined || selector.object === `${operation.model}:${operation.object_key}`)
  )
}
