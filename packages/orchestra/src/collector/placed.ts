import { formatKey } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import type { Queryable } from '../store/index.ts'

export type PlacementState = 'pending' | 'applied' | 'failed' | 'deleting' | 'kept'

/** A name under which an object stands or may stand in part, and the object as it was then. */
export interface Previous {
  identity: string
  snapshot: unknown
  /** It stands since before everything was marked on its server. */
  unmarked?: boolean
}

/** What stands of one object in one place. */
export interface Placed {
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
  /** Names of renames that did not succeed. */
  tried: readonly Previous[]
  /** Where its data goes: the server that an open transfer from here leads to. */
  transferTo: number | null
  /** Its data has not come yet: an open transfer leads here. */
  awaitsData: boolean
  /** Its data is on another server: it was to come from there and has not, or it has gone there. */
  hollow: boolean
  /** Why somebody protected it from removal; null when nobody did. */
  protection: string | null
  /** It stands since before everything was marked on its server, which trusts that. */
  unmarked?: boolean
}

/** What stands of these objects on servers that are still registered, by `model:key`. */
export async function placementsOf(
  db: Queryable,
  objects: readonly { model: string; key: Key }[],
): Promise<Map<string, Placed[]>> {
  const placed = new Map<string, Placed[]>()
  if (objects.length === 0) return placed
  const rows = await db.query<Placed & { model: string; object_key: string }>(PLACED, [
    JSON.stringify(objects.map(({ model, key }) => ({ model, object_key: formatKey(key) }))),
  ])
  for (const { model, object_key: key, ...row } of rows) {
    const name = `${model}:${key}`
    const places = placed.get(name)
    if (places === undefined) placed.set(name, [row])
    else places.push(row)
  }
  return placed
}

const transferOf = `orchestra.transfer t
    where t.key_hash = p.key_hash and t.model = p.model and t.backend = p.backend`

/**
 * Every part is one probe of an index for each placement; where there is neither a transfer nor a protection at all, as on most
 * days, they are asked for once instead, which takes a third of the time.
 */
const PLACED = `
select p.model, p.object_key, p.backend, p.server_id as "serverId", p.identity, p.snapshot, p.state, p.revision,
  p.applied_at is not null as applied, p.applied_at is not null or p.log_id is not null as touched,
  coalesce(p.tried, '[]') as tried,
  case when anything.transfers then
    (select t.to_server from ${transferOf} and t.from_server = p.server_id and t.ended_at is null) end as "transferTo",
  anything.transfers and
    exists (select from ${transferOf} and t.to_server = p.server_id and t.ended_at is null) as "awaitsData",
  p.hollow, p.unmarked,
  case when anything.protections then (select 'protected by ' || x.actor || coalesce(': ' || x.reason, '') from orchestra.protection x
    where (coalesce(x.backend, ''), coalesce(x.model, ''), md5(coalesce(x.object_key, ''))) in (
      ('', p.model, md5(p.object_key)), (p.backend, p.model, md5(p.object_key)), (p.backend, '', md5('')))
    limit 1) end as protection
from (
  select exists (select from orchestra.transfer where ended_at is null) as transfers,
    exists (select from orchestra.protection) as protections
) anything
cross join jsonb_to_recordset($1::jsonb) as asked(model text, object_key text)
join orchestra.placement p on p.key_hash = md5(asked.object_key)::uuid and p.model = asked.model
join orchestra.server s on s.id = p.server_id and s.removed_at is null
order by p.server_id, p.backend`

/** Other names than this one under which the object stands there, wholly or in part, oldest first. */
export function previousNames(placed: Placed | undefined, identity: string): Previous[] {
  if (placed === undefined || !placed.touched) return []
  const { identity: known, snapshot } = placed
  return [{ identity: known, snapshot }, ...placed.tried].filter(
    (one) => one.identity !== identity && one.snapshot !== null,
  )
}
