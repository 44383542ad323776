import { transfersEnded } from '../events/index.ts'
import {
  crown,
  forget,
  forgetAtOnce,
  PLACE_COLUMNS,
  PLACE_ORDER,
  type PlaceRow,
  removePlaces,
  toRow,
  toStored,
  wakeWaiting,
  writePlaces,
} from '../places/index.ts'
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
  await lock(tx, values)
  const [rest] = await tx.query<Omit<GivenUp, keyof Counted>>(GIVE_UP, [...values, reason])
  // Behind the operations: with a place goes what waits there, as needless.
  const placed = await forgetPlaces(tx, values)
  const none = { operations: 0, transfers: 0, findings: 0 }
  return { ...placed, ...(rest ?? none) }
}

type Counted = Pick<GivenUp, 'placements' | 'kept' | 'remnants'>

/** Places that are forgotten together. */
const PORTION = 20_000

async function forgetPlaces(tx: Queryable, values: readonly unknown[]): Promise<Counted> {
  const counted: Counted = { placements: 0, kept: 0, remnants: 0 }
  for (;;) {
    const rows = await tx.query<ForgottenRow>(PLACES, values)
    await forgetAll(tx, rows)
    for (const { want, policy, names, identity } of rows) {
      counted.placements++
      if (want === 'leave' && policy === 'keep') counted.kept++
      counted.remnants += names.filter((one) => one.state === 'left' && one.identity !== identity).length
    }
    if (rows.length < PORTION) return counted
  }
}

/** `settles`: somebody tells what becomes of a run that is at it. */
type ForgottenRow = PlaceRow & { settles: boolean }

/** What a run is at goes when that is settled. */
async function forgetAll(tx: Queryable, rows: readonly ForgottenRow[]): Promise<void> {
  const ends = rows.map(({ settles, ...row }) => {
    const { place } = toStored(row)
    return { row, place: (settles ? forget(place) : forgetAtOnce(place))[0] }
  })
  const gone = ends.flatMap(({ row, place }) => (place === undefined ? [row] : []))
  await removePlaces(tx, gone)
  await writePlaces(
    tx,
    ends.flatMap(({ row, place }) => (place === undefined ? [] : [{ row: toRow({ row, place }) }])),
  )
  await crown(
    tx,
    gone.filter(({ data }) => data === 'own'),
  )
  await wakeWaiting(tx, { objects: gone, names: gone })
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

/** In the order in which everybody locks: lanes, then places, with the copies that may count when these are gone. */
async function lock(tx: Queryable, values: readonly unknown[]): Promise<void> {
  const [serverId, backend, model, key] = values
  await tx.query(
    `select from orchestra.lane where server_id in (select x.server_id from orchestra.placement x where ${isIn('x')})
     order by server_id for no key update`,
    values,
  )
  await tx.query(
    `select from orchestra.placement p where (p.key_hash, p.model, p.backend, p.server_id) in (
       select x.key_hash, x.model, x.backend, x.server_id from orchestra.placement x where ${isIn('x')}
       union all
       select y.key_hash, y.model, y.backend, y.server_id from orchestra.placement x
       join orchestra.placement y using (key_hash, model, backend) where ${isIn('x')} and x.data = 'own' and y.data = 'awaits')
     order by ${PLACE_ORDER} for no key update`,
    [serverId, backend, model, key],
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

const SETTLES = `(coalesce((p.trying ->> 'operation')::bigint > 0, false) and exists (
  select from orchestra.server where id = p.server_id and removed_at is null))`

/**
 * Each is gone or marked when the next are read. They are locked here once more: what was decided since the first lock may be claimed
 * at this moment, and a place that is taken from under a run is missing in the whole that it writes.
 */
const PLACES = `
select ${PLACE_COLUMNS}, ${SETTLES} as settles from orchestra.placement p
where ${isIn('p')} and not (p.forgotten and ${SETTLES}) order by ${PLACE_ORDER} limit ${PORTION} for no key update of p`

/** Beside the places: what waited for them, data on its way, and where that was to arrive. */
const GIVE_UP = `
with operations as (
  update orchestra.operation x set state = 'done', outcome = 'revoked', error = $5::text, ended_at = clock_timestamp()
  where x.state = 'waiting' and ${isIn('x')} and (x.server_id is not null or $1::int is null) returning 1
), transfers as (
  update orchestra.transfer x set outcome = 'cancelled', error = $5::text, ended_at = now()
  where x.ended_at is null and ($1::int is null or $1 in (x.from_server, x.to_server))
    and ($2::text is null or x.backend = $2) and ${isObject('x')}
  returning x.id, x.outcome, x.key_hash, x.model, x.backend, x.to_server
), told as (
  ${transfersEnded('transfers')}
), freed as (
  update orchestra.placement q set trying = null, due_at = '-infinity' from transfers t
  where q.key_hash = t.key_hash and q.model = t.model and q.backend = t.backend and q.server_id = t.to_server
    and (q.trying ->> 'operation')::bigint = -t.id
), findings as (
  delete from orchestra.finding x where ${isAnywhereIn('x')} returning 1
)
select (select count(*) from operations) as operations,
  (select count(*) from transfers) as transfers, (select count(*) from findings) as findings`

const PLACED = `
select count(*) over () as count, x.model || ':' || x.object_key as name
from orchestra.placement x where ${isIn('x')}
group by x.model, x.object_key
order by x.model, x.object_key limit $5`
