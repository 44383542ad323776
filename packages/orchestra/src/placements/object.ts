import { formatKey, formatObject } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { isCancelled } from '../operations/cancelled.ts'
import { listProtections, type ProtectionView } from '../removal/index.ts'
import { changesIn } from '../source/index.ts'
import { type Narrowing, narrowed, type Queryable } from '../store/index.ts'
import { listTransfers, type TransferView } from '../transfer/index.ts'
import type { Knowing } from './asked.ts'
import { type OperationView, readOperations } from './operation.ts'
import { listPlacements, type PlacementView } from './placement.ts'

/** One object on one server, for one backend. */
export interface ObjectPlace {
  backend: string
  server: string
  /** Null where nothing was placed: the first save still waits, or only an action ran. */
  placement: PlacementView | null
  /** What has not ended there, or was cancelled and is still to be done; the oldest first. */
  pending: OperationView[]
  /** Earlier names under which copies were left there on purpose. */
  remnants: string[]
}

export interface ObjectStatus {
  /** `model:key` */
  object: string
  places: ObjectPlace[]
  /** Waiting, but the object cannot be loaded or routed: nobody knows where to. */
  undecided: OperationView[]
  /** Committed changes that the collector has not looked at yet. */
  uncollected: number
  /** Why it, or all of a backend, may not be removed. */
  protections: ProtectionView[]
  /** Data of it on its way between servers. */
  transfers: TransferView[]
}

/** An object has at most one for each of its places. */
const MOST_TRANSFERS = 1_000

/** What stands where of one object, and what waits for what. */
export async function objectStatus(
  store: Queryable,
  model: string,
  key: Key,
  knowing?: Knowing,
  visible?: Narrowing,
): Promise<ObjectStatus> {
  const object = formatObject(model, key)
  const uncollected = await changesIn(store).countOf(model, key)
  const placements = await listPlacements(store, { object, visible })
  const values: unknown[] = [formatKey(key), model]
  const seen = narrowed(visible, 'operation', 'operation', values)
  const open = `${OPEN_OPERATIONS} and ${seen} order by operation.id`
  const operations = await readOperations(store, open, values, knowing)
  const isDecided = (operation: OperationView) => operation.server !== null && operation.backend !== null
  return {
    object,
    places: placesOf(
      placements,
      operations.filter(isDecided),
      await remnantsOf(store, { model, key, visible }),
    ),
    undecided: operations.filter((operation) => !isDecided(operation)),
    uncollected,
    protections: await listProtections(store, { model, key }),
    transfers: await listTransfers(store, { limit: MOST_TRANSFERS, object, visible }),
  }
}

interface Remnant {
  backend: string
  server: string
  identity: string
}

function remnantsOf(
  store: Queryable,
  { model, key, visible }: { model: string; key: Key; visible: Narrowing | undefined },
): Promise<Remnant[]> {
  const values: unknown[] = [model, formatKey(key)]
  const seen = narrowed(visible, 'placement', 'p', values)
  return store.query<Remnant>(`${REMNANTS} and ${seen} order by p.backend, server.name`, values)
}

function placesOf(
  placements: readonly PlacementView[],
  operations: readonly OperationView[],
  remnants: readonly Remnant[],
): ObjectPlace[] {
  const places = new Map<string, ObjectPlace>()
  const placeOf = (backend: string, server: string) => {
    const name = `${backend} ${server}`
    const place = places.get(name) ?? { backend, server, placement: null, pending: [], remnants: [] }
    places.set(name, place)
    return place
  }
  for (const placement of placements) placeOf(placement.backend, placement.server).placement = placement
  for (const operation of operations)
    placeOf(operation.backend ?? '', operation.server ?? '').pending.push(operation)
  for (const { backend, server, identity } of remnants) placeOf(backend, server).remnants.push(identity)
  return [...places.values()]
}

const REMNANTS = `
select p.backend, server.name as server, n.one ->> 'identity' as identity
from orchestra.placement p join orchestra.server on server.id = p.server_id
cross join lateral jsonb_array_elements(p.names) as n(one)
where p.model = $1 and p.key_hash = md5($2::text)::uuid and n.one ->> 'state' = 'left' and n.one ->> 'identity' <> p.identity`

const OPEN_OPERATIONS = `
  operation.key_hash = md5($1)::uuid and operation.object_key = $1 and operation.model = $2
  and (operation.state in ('waiting', 'running') or ${isCancelled('operation')})`
