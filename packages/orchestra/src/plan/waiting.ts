import type { Change } from '../collector/index.ts'
import { changesOfUnit, type Previous, placementsOf, type World } from '../collector/index.ts'
import type { Config } from '../config/config.ts'
import { formatObject } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { previousNames } from '../operations/previous.ts'
import { listServers } from '../server/index.ts'
import { type Source, sourceWithin } from '../source/index.ts'
import type { Connection, Queryable, Store } from '../store/index.ts'
import type { SyncSelector } from '../sync/index.ts'
import {
  type FailedObject,
  type Plan,
  type Plannable,
  planChanges,
  refuseFailures,
  renderPlan,
} from './plan.ts'

/**
 * What the changes of one unit will do, seen from inside its open transaction.
 * @throws OrchestraError ORC_OBJECT_INVALID when an object of it cannot be applied
 */
export async function planUnit(
  store: Store,
  db: Connection,
  config: Config,
  route: World['route'],
  unitId: string,
): Promise<Plan> {
  const changes = await changesOfUnit(db, unitId)
  const source = sourceWithin(db)
  const { operations, failures } = await decideChanges(changes, {
    db,
    source,
    config,
    route,
    keyring: store.keyring,
  })
  // By the transaction's own connection: the embedded database has no second one while it is open.
  const servers = await serverNames(db)
  return refuseFailures(
    renderPlan(operations, failures, { config, keyring: store.keyring, servers, scripts: true }),
  )
}

interface DecideContext {
  /** Where placements are. */
  db: Queryable
  source: Source
  config: Config
  route: World['route']
  keyring: Store['keyring']
}

export function decideChanges(changes: readonly Change[], { db, ...context }: DecideContext) {
  const placements = (objects: Parameters<typeof placementsOf>[1]) => placementsOf(db, objects)
  return planChanges(changes, { ...context, placements }, context.keyring)
}

export async function serverNames(db: Queryable): Promise<Map<number, string>> {
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
  identity: string | null
  previous: readonly Previous[]
  held: boolean
  server_held: boolean
  applied: boolean
  placed_as: string | null
  obstacle: string | null
}

export async function waitingOperations(db: Queryable): Promise<Plannable[]> {
  const rows = await db.query<WaitingRow>(
    `select o.id, o.backend, o.server_id, o.action, o.model, o.object_key, o.keys, o.snapshot, o.identity,
       ${previousNames('o')} as previous, o.held, s.held_at is not null as server_held,
       p.applied_at is not null as applied, p.identity as placed_as,
       coalesce(case when o.outcome in ('failure', 'timeout') then o.error end, f.detail -> 'differences' -> 0 ->> 'reason') as obstacle
     from orchestra.operation o join orchestra.server s on s.id = o.server_id
     left join orchestra.placement p on p.key_hash = o.key_hash and p.model = o.model and p.backend = o.backend
       and p.server_id = o.server_id
     left join orchestra.finding f on f.state = 'unowned' and f.model = o.model and f.object_key = o.object_key
       and f.backend = o.backend and f.server_id = o.server_id and f.identity = p.identity and p.applied_at is null
     where o.state in ('waiting', 'running') and o.backend is not null order by o.id`,
  )
  return rows.map(({ server_id: serverId, held, server_held: serverHeld, applied, placed_as, ...row }) => ({
    ...row,
    serverId,
    kind: kindOf(row, applied),
    previousIdentity: row.previous.length > 0 ? placed_as : null,
    revision: null,
    differences: null,
    does: 'run',
    waitsFor: held ? 'only disabled routes lead there' : serverHeld ? 'the server is held' : null,
  }))
}

function kindOf(
  { action, previous }: Pick<WaitingRow, 'action' | 'previous'>,
  applied: boolean,
): Plannable['kind'] {
  if (action === 'delete') return 'delete'
  if (action !== 'save') return 'action'
  if (previous.length > 0) return 'rename'
  return applied ? 'update' : 'create'
}

export async function waitingFailures(db: Queryable): Promise<FailedObject[]> {
  const rows = await db.query<{ model: string; keys: Key; backend: string | null; error: string | null }>(
    `select model, keys, backend, error from orchestra.operation
     where state = 'waiting' and server_id is null order by id`,
  )
  return rows.map(({ model, keys, backend, error }) => ({
    object: formatObject(model, keys),
    reason: error ?? '',
    model,
    backend,
    serverId: null,
  }))
}

export function sameObject({ backend, serverId, model, object_key: key, action }: Plannable): string {
  return JSON.stringify([backend, serverId, model, key, action === 'delete' ? 'save' : action])
}

/** An object, and where it is to be; null where that could not be told. */
interface PlannedPlace {
  object: string
  model: string
  backend: string | null
  serverId: number | null
}

/** Whether a place is selected; what could not be told may be what is meant. */
export function matches(
  { object, model, backend, serverId }: PlannedPlace,
  selector: SyncSelector,
  { config, servers }: { config: Config; servers: ReadonlyMap<number, string> },
): boolean {
  const isOf = (selected: string | undefined, name: string | null | undefined) =>
    selected === undefined || name === null || name === selected
  const ofBackend =
    selector.backend === undefined ? undefined : config.backends.get(selector.backend)?.model.name
  return (
    isOf(selector.object, object) &&
    isOf(selector.model, model) &&
    isOf(ofBackend, model) &&
    isOf(selector.backend, backend) &&
    isOf(selector.server, serverId === null ? null : servers.get(serverId))
  )
}
