import { formatKey, formatObject } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import type { Queryable } from '../store/index.ts'
import { type OperationView, readOperations } from './operation.ts'
import { listPlacements, type PlacementView } from './placement.ts'

/** One object on one server, for one backend. */
export interface ObjectPlace {
  backend: string
  server: string
  /** Null where nothing was placed: the first save still waits, or only an action ran. */
  placement: PlacementView | null
  /** What has not ended there, oldest first. */
  pending: OperationView[]
}

export interface ObjectStatus {
  /** `model:key` */
  object: string
  places: ObjectPlace[]
  /** Waiting, but the object cannot be loaded or routed: nobody knows where to. */
  undecided: OperationView[]
  /** Committed changes that the collector has not looked at yet. */
  uncollected: number
}

/** What stands where of one object, and what waits for what. */
export async function objectStatus(store: Queryable, model: string, key: Key): Promise<ObjectStatus> {
  const object = formatObject(model, key)
  const placements = await listPlacements(store, { object })
  const operations = await readOperations(store, OPEN_OPERATIONS, [formatKey(key), model])
  const [changes] = await store.query<{ count: number }>(COUNT_CHANGES, [model, JSON.stringify(key)])
  const isDecided = (operation: OperationView) => operation.server !== null && operation.backend !== null
  return {
    object,
    places: placesOf(placements, operations.filter(isDecided)),
    undecided: operations.filter((operation) => !isDecided(operation)),
    uncollected: changes?.count ?? 0,
  }
}

function placesOf(placements: readonly PlacementView[], operations: readonly OperationView[]): ObjectPlace[] {
  const places = new Map<string, ObjectPlace>()
  const placeOf = (backend: string, server: string) => {
    const name = `${backend} ${server}`
    const place = places.get(name) ?? { backend, server, placement: null, pending: [] }
    places.set(name, place)
    return place
  }
  for (const placement of placements) placeOf(placement.backend, placement.server).placement = placement
  for (const operation of operations)
    placeOf(operation.backend ?? '', operation.server ?? '').pending.push(operation)
  return [...places.values()]
}

const OPEN_OPERATIONS = `
  operation.key_hash = md5($1)::uuid and operation.object_key = $1 and operation.model = $2
  and operation.state in ('waiting', 'running')
order by operation.id`

const COUNT_CHANGES = `
select count(*) as count
from orchestra.change
where model = $1 and exists (select from jsonb_array_elements(keys) as key where key = $2::jsonb)`
