import { isReplacing } from '../collector/former.ts'
import { changesOfUnit, look, placementsOf, type World } from '../collector/index.ts'
import type { Config } from '../config/config.ts'
import { formatObject } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { PLACE_COLUMNS, type PlaceRow, type Stored, toStored } from '../places/index.ts'
import type { ScriptedOperation } from '../recording/scripts.ts'
import { listServers } from '../server/index.ts'
import { type Change, type Rows, rowsWithin } from '../source/index.ts'
import type { Connection, Queryable, Store } from '../store/index.ts'
import type { SyncSelector } from '../sync/index.ts'
import { entriesOf, type FailedObject, HELD, type Plan, refuseFailures, renderPlan } from './plan.ts'
import { type Entry, stepsOf } from './steps.ts'

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
  const context = { db, source: rowsWithin(db), config, route, keyring: store.keyring }
  const { operations, failures } = await decideChanges(changes, context)
  // By the transaction's own connection: the embedded database has no second one while it is open.
  const servers = await serverNames(db)
  const steps = { config, keyring: store.keyring, servers }
  const planned = await stepsOf(db, operations, steps)
  return refuseFailures(renderPlan(planned, failures, { ...steps, scripts: true }))
}

interface DecideContext {
  /** Where placements are. */
  db: Queryable
  source: Rows
  config: Config
  route: World['route']
  keyring: Store['keyring']
}

export async function decideChanges(changes: readonly Change[], { db, ...context }: DecideContext) {
  const placements = (objects: Parameters<typeof placementsOf>[1]) => placementsOf(db, objects)
  return entriesOf(db, await look(changes, { ...context, placements }), context)
}

export async function serverNames(db: Queryable): Promise<Map<number, string>> {
  return new Map((await listServers(db)).map((server) => [server.id, server.name]))
}

type WaitingRow = PlaceRow & {
  id: number
  snapshot: unknown
  server_held: boolean
  obstacle: string | null
}

/** What there is to do in places, and what was asked for beside them. */
export async function waitingOperations(db: Queryable): Promise<Entry[]> {
  const rows = await db.query<WaitingRow>(WAITING)
  return [...rows.map(toEntry), ...(await errands(db))]
}

const WAITING = `
select ${PLACE_COLUMNS}, o.id, o.snapshot, s.held_at is not null as server_held,
  coalesce(case when o.outcome in ('failure', 'timeout') then o.error end, f.detail -> 'differences' -> 0 ->> 'reason') as obstacle
from orchestra.placement p
join orchestra.operation o on o.id = p.operation_id
join orchestra.server s on s.id = p.server_id
left join orchestra.finding f on f.state = 'unowned' and f.model = p.model and f.object_key = p.object_key
  and f.backend = p.backend and f.server_id = p.server_id and f.identity = p.identity and p.applied_at is null
where p.open order by o.id`

function toEntry({ id, snapshot, server_held: serverHeld, obstacle, ...row }: WaitingRow): Entry {
  const stored = toStored(row)
  const { want } = stored.place
  return {
    id,
    stored,
    kind: kindOf(stored),
    backend: row.backend,
    serverId: row.server_id,
    action: want.kind === 'stand' ? 'save' : 'delete',
    model: row.model,
    object_key: row.object_key,
    keys: row.keys,
    snapshot,
    identity: want.kind === 'stand' ? want.identity : row.identity,
    previous: [],
    previousIdentity: null,
    revision: null,
    differences: null,
    does: 'run',
    waitsFor: row.held ? HELD : serverHeld ? SERVER_HELD : null,
    obstacle,
  }
}

function kindOf({ row, place: { want, ...place } }: Stored): Entry['kind'] {
  if (want.kind === 'leave') return 'delete'
  if (isReplacing({ row })) return 'replace'
  const isOther = place.names.some((name) => name.state !== 'left' && name.identity !== want.identity)
  return isOther ? 'rename' : row.applied ? 'update' : 'create'
}

const SERVER_HELD = 'the server is held'

interface Errand extends ScriptedOperation {
  server_id: number
  held: boolean
  server_held: boolean
  obstacle: string | null
}

async function errands(db: Queryable): Promise<Entry[]> {
  const rows = await db.query<Errand>(
    `select o.id, o.backend, o.server_id, o.action, o.model, o.object_key, o.keys, o.snapshot, o.identity, '[]'::jsonb as previous,
       o.held, s.held_at is not null as server_held, case when o.outcome in ('failure', 'timeout') then o.error end as obstacle
     from orchestra.operation o join orchestra.server s on s.id = o.server_id
     where o.state in ('waiting', 'running') and o.backend is not null and o.action not in ('save', 'delete') order by o.id`,
  )
  return rows.map(({ server_id: serverId, held, server_held: serverHeld, ...row }) => ({
    ...row,
    stored: undefined,
    serverId,
    kind: 'action',
    previousIdentity: null,
    revision: null,
    differences: null,
    does: 'run',
    waitsFor: held ? HELD : serverHeld ? SERVER_HELD : null,
  }))
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

/** Those of selected objects. An object of which no place could be told is of the servers where something of it is. */
export async function failuresOf(
  db: Queryable,
  failures: readonly FailedObject[],
  selector: SyncSelector,
  known: Known,
): Promise<FailedObject[]> {
  const selected = failures.filter((one) => matches(one, selector, known))
  if (selector.server === undefined) return selected
  const placeless = selected.filter(({ serverId }) => serverId === null)
  const there = await placedOn(db, placeless, selector.server)
  return selected.filter(({ serverId, object }) => serverId !== null || there.has(object))
}

async function placedOn(db: Queryable, failures: readonly FailedObject[], server: string) {
  if (failures.length === 0) return new Set<string>()
  const rows = await db.query<{ object: string }>(
    `select distinct asked.object from jsonb_to_recordset($1::jsonb) as asked(object text, model text, object_key text)
     join orchestra.placement p on p.key_hash = md5(asked.object_key)::uuid and p.model = asked.model
       and p.object_key = asked.object_key
     join orchestra.server s on s.id = p.server_id and s.name = $2 and s.removed_at is null`,
    [JSON.stringify(failures.map(({ object, model }) => keyed(object, model))), server],
  )
  return new Set(rows.map(({ object }) => object))
}

function keyed(object: string, model: string) {
  return { object, model, object_key: object.slice(model.length + 1) }
}

export function sameObject({ backend, serverId, model, object_key: key, action }: Entry): string {
  return JSON.stringify([backend, serverId, model, key, action === 'delete' ? 'save' : action])
}

/** An object, and where it is to be; null where that could not be told. */
interface PlannedPlace {
  object: string
  model: string
  backend: string | null
  serverId: number | null
}

interface Known {
  config: Config
  servers: ReadonlyMap<number, string>
}

/** Whether a place is selected; what could not be told may be what is meant. */
export function matches(
  { object, model, backend, serverId }: PlannedPlace,
  selector: SyncSelector,
  { config, servers }: Known,
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
