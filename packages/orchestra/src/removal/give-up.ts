import type { Queryable } from '../store/index.ts'

/** Places of objects: all that fit what is given. */
export interface PlaceSelector {
  serverId: number | null
  backend: string | null
  object: { model: string; key: string } | null
}

/** What Orchestra knew of places and does no longer. */
export interface GivenUp {
  placements: number
  /** Of these: copies that were kept although their objects belong elsewhere. */
  kept: number
  /** Copies under earlier names. */
  remnants: number
  /** Operations that waited and are revoked. */
  operations: number
  /** Transfers of data that are cancelled. */
  transfers: number
  findings: number
}

/** Gives places up without touching what stands there: nothing is known of it afterwards, and nothing waits for it. */
export async function giveUp(tx: Queryable, place: PlaceSelector, reason: string): Promise<GivenUp> {
  const values = valuesOf(place)
  await lockLanes(tx, values)
  const [given] = await tx.query<GivenUp>(GIVE_UP, [...values, reason])
  return given ?? { placements: 0, kept: 0, remnants: 0, operations: 0, transfers: 0, findings: 0 }
}

/** Names of some objects that stand in these places, in order, and how many do. */
export async function placedIn(
  db: Queryable,
  place: PlaceSelector,
  limit: number,
): Promise<{ count: number; names: string[] }> {
  const rows = await db.query<{ count: number; name: string }>(PLACED, [...valuesOf(place), limit])
  return { count: rows[0]?.count ?? 0, names: rows.map((row) => row.name) }
}

function valuesOf({ serverId, backend, object }: PlaceSelector): unknown[] {
  return [serverId, backend, object?.model ?? null, object?.key ?? null]
}

/** In the order in which all who write operations of several lanes lock them. */
async function lockLanes(tx: Queryable, values: readonly unknown[]): Promise<void> {
  await tx.query(
    `select from orchestra.lane where server_id in (
       select x.server_id from orchestra.placement x where ${isIn('x')}
       union select x.server_id from orchestra.operation x where x.state = 'waiting' and ${isIn('x')})
     order by server_id for no key update`,
    values,
  )
}

function isObject(alias: string): string {
  return `($3::text is null or (${alias}.model = $3 and ${alias}.object_key = $4::text
    and md5(${alias}.object_key) = md5($4)))`
}

/** Both columns and hash, so that an index can be used whichever there is. */
function isIn(alias: string): string {
  return `($1::int is null or ${alias}.server_id = $1) and ($2::text is null or ${alias}.backend = $2)
    and ($3::text is null or (${alias}.model = $3 and ${alias}.key_hash = md5($4::text)::uuid))`
}

function isAnywhereIn(alias: string): string {
  return `($1::int is null or ${alias}.server_id = $1) and ($2::text is null or ${alias}.backend = $2)
    and ${isObject(alias)}`
}

const GIVE_UP = `
with placements as (
  delete from orchestra.placement x where ${isIn('x')} returning x.state
), remnants as (
  delete from orchestra.remnant x where ${isAnywhereIn('x')} returning 1
), operations as (
  update orchestra.operation x set state = 'done', outcome = 'revoked', error = $5::text, ended_at = clock_timestamp()
  where x.state = 'waiting' and ${isIn('x')} and (x.server_id is not null or $1::int is null) returning 1
), transfers as (
  update orchestra.transfer x set outcome = 'cancelled', error = $5::text, ended_at = now()
  where x.ended_at is null and ($1::int is null or $1 in (x.from_server, x.to_server))
    and ($2::text is null or x.backend = $2) and ${isObject('x')}
  returning x.key_hash, x.model, x.backend, x.to_server
), left_alone as (
  update orchestra.placement p set hollow = false from transfers t
  where p.key_hash = t.key_hash and p.model = t.model and p.backend = t.backend and p.server_id = t.to_server
    and p.server_id is distinct from $1::int
), findings as (
  delete from orchestra.finding x where ${isAnywhereIn('x')} returning 1
)
select (select count(*) from placements) as placements,
  (select count(*) from placements where state = 'kept') as kept,
  (select count(*) from remnants) as remnants, (select count(*) from operations) as operations,
  (select count(*) from transfers) as transfers, (select count(*) from findings) as findings`

const PLACED = `
select count(*) over () as count, x.model || ':' || x.object_key as name
from orchestra.placement x where ${isIn('x')}
group by x.model, x.object_key
order by x.model, x.object_key limit $5`
