import { formatKey } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { PLACE_COLUMNS, type PlaceRow, type Stored, toStored } from '../places/index.ts'
import { often, type Queryable } from '../store/index.ts'

export type PlacementState = 'pending' | 'applied' | 'failed' | 'deleting' | 'kept'

/** A name under which an object stands or may stand in part, and the object as it was then. */
export interface Previous {
  identity: string
  snapshot: unknown
  /** It stands since before everything was marked on its server. */
  unmarked?: boolean
}

/** What stands of one object in one place. */
export interface Placed extends Stored {
  backend: string
  serverId: number
  identity: string
  snapshot: unknown
  state: PlacementState
  /** Hash of what was rendered; null before the first success. */
  revision: string | null
  /** Whether it was ever applied. */
  applied: boolean
  /** Whether anything of it may stand there: it was applied, or a try did something before it failed. */
  touched: boolean
  /** Its data is on another server: it was to come from there and has not, or it has gone there. */
  hollow: boolean
  /** Why somebody protected it from removal; null when nobody did. */
  protection: string | null
  /** It stands since before everything was marked on its server, which trusts that. */
  unmarked: boolean
}

/** What stands of these objects on servers that are still registered, by `model:key`. */
export async function placementsOf(
  db: Queryable,
  objects: readonly { model: string; key: Key }[],
): Promise<Map<string, Placed[]>> {
  if (objects.length === 0) return new Map()
  const rows = await db.query<Row>(often(PLACED), [
    JSON.stringify(objects.map(({ model, key }) => ({ model, object_key: formatKey(key) }))),
  ])
  return Map.groupBy(rows.map(toPlaced), ({ place }) => place.object)
}

type Row = PlaceRow & Pick<Placed, 'snapshot' | 'state' | 'revision' | 'hollow'>

function toPlaced({ snapshot, state, revision, hollow, ...row }: Row): Placed {
  const { backend, server_id: serverId, identity, applied, protection, unmarked, names } = row
  const touched = names.length > 0
  return {
    ...toStored(row),
    ...{
      backend,
      serverId,
      identity,
      snapshot,
      state,
      revision,
      applied,
      touched,
      hollow,
      protection,
      unmarked,
    },
  }
}

/** SQL for whether the data of a placement is elsewhere, or was to come from there. */
export function isHollow(alias: string): string {
  return `(${alias}.data = 'gone' or (${alias}.data = 'awaits' and exists (
    select from orchestra.placement giver where giver.key_hash = ${alias}.key_hash and giver.model = ${alias}.model
      and giver.backend = ${alias}.backend and giver.data = 'own' and giver.names <> '[]'
      and (${alias}.want = 'leave' or giver.policy = 'migrate'))))`
}

const PLACED = `
select ${PLACE_COLUMNS}, p.snapshot, p.state, p.revision, ${isHollow('p')} as hollow
from jsonb_to_recordset($1::jsonb) as asked(model text, object_key text)
join orchestra.placement p on p.key_hash = md5(asked.object_key)::uuid and p.model = asked.model
join orchestra.server s on s.id = p.server_id and s.removed_at is null
order by p.server_id, p.backend`
