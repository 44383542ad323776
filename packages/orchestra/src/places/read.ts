import { often, type Queryable, send } from '../store/index.ts'
import { placeName } from './snapshots.ts'
import { type PlaceKey, type PlaceRow, type Stored, toStored } from './stored.ts'

/** SQL for why a place `p` may not be removed; asked for where there are any protections. */
const PROTECTION = `case when exists (select from orchestra.protection) then (
    select 'protected by ' || x.actor || coalesce(': ' || x.reason, '') from orchestra.protection x
    where (coalesce(x.backend, ''), coalesce(x.model, ''), md5(coalesce(x.object_key, ''))) in (
      ('', p.model, md5(p.object_key)), (p.backend, p.model, md5(p.object_key)), (p.backend, '', md5('')))
    limit 1) end`

/** SQL for the columns of a place `p`. */
export const PLACE_COLUMNS = `p.model, p.object_key, p.keys, p.backend, p.server_id, p.generation, p.want, p.policy,
  p.want_identity, p.incarnation, p.claim, p.operation_id, p.held, p.trying, p.stands, p.names, p.data, p.attempt,
  extract(epoch from p.due_at)::float8 * 1000 as due, p.stopped, p.forgotten, (p.wait ->> 'since')::float8 as waited, p.alone,
  p.identity, p.applied_at is not null as applied, p.unmarked,
  ${PROTECTION} as protection`

/** In which everybody locks places. */
export const PLACE_ORDER = 'p.key_hash, p.model, p.backend, p.server_id'

export interface ObjectOfBackend {
  model: string
  object_key: string
  backend: string
}

/**
 * All places of objects by some backends, locked: whoever decides about an object, or writes what became of it, waits for whoever
 * does so now, and then reads what that one wrote.
 */
export async function lockPlaces(
  tx: Queryable,
  objects: readonly ObjectOfBackend[],
  mode: 'lock' | 'read' = 'lock',
  serverId: number | null = null,
): Promise<Stored[]> {
  if (objects.length === 0) return []
  const asked = JSON.stringify(distinct(objects))
  if (mode === 'lock')
    await send(tx, often(serverId === null ? LOCK : LOCK_HERE), [
      asked,
      ...(serverId === null ? [] : [serverId]),
    ])
  // Another statement: the one that waited saw what was there before it waited.
  return (await tx.query<PlaceRow>(often(READ), [asked, serverId])).map(toStored)
}

/** The same without reading them. */
export async function lockOnly(tx: Queryable, objects: readonly ObjectOfBackend[]): Promise<void> {
  if (objects.length > 0) await send(tx, often(LOCK), [JSON.stringify(distinct(objects))])
}

/** Those of these places that nobody else has locked, locked. */
export async function lockFree(tx: Queryable, places: readonly PlaceKey[]): Promise<Stored[]> {
  if (places.length === 0) return []
  const locked = await tx.query<PlaceKey>(LOCK_FREE, [JSON.stringify(places.map(keyOf))])
  const rows = await tx.query<PlaceRow>(READ_PLACES, [JSON.stringify(locked)])
  return rows.map(toStored)
}

function keyOf({ model, object_key, backend, server_id }: PlaceKey): PlaceKey {
  return { model, object_key, backend, server_id }
}

const IS_ASKED = `(p.key_hash, p.model, p.backend, p.server_id) in (
  select md5(asked.object_key)::uuid, asked.model, asked.backend, asked.server_id
  from jsonb_to_recordset($1::jsonb) as asked(model text, object_key text, backend text, server_id int))`

const LOCK_FREE = `
select p.model, p.object_key, p.backend, p.server_id from orchestra.placement p where ${IS_ASKED}
order by ${PLACE_ORDER} for no key update of p skip locked`

const READ_PLACES = `select ${PLACE_COLUMNS} from orchestra.placement p where ${IS_ASKED}`

const PROTECTIONS = `select p.model, p.object_key, p.backend, p.server_id, ${PROTECTION} as protection
  from orchestra.placement p where ${IS_ASKED}`

/** Why places may not be removed, by name, as of now: what locked them saw who protects them before it waited. */
export async function protectionsOf(
  tx: Queryable,
  places: readonly PlaceKey[],
): Promise<Map<string, string | null>> {
  if (places.length === 0) return new Map()
  const rows = await tx.query<PlaceKey & { protection: string | null }>(PROTECTIONS, [
    JSON.stringify(places.map(keyOf)),
  ])
  return new Map(rows.map((row) => [placeName(row), row.protection]))
}

/** Hashes are given, so that whichever index the planner takes, each object costs one probe. */
const OF_OBJECTS = `
  where (p.key_hash, p.model, p.backend) in (
    select md5(asked.object_key)::uuid, asked.model, asked.backend
    from jsonb_to_recordset($1::jsonb) as asked(model text, object_key text, backend text))`

const READ = `select ${PLACE_COLUMNS} from orchestra.placement p ${OF_OBJECTS} and ($2::int is null or p.server_id = $2)`

const LOCK = `select from orchestra.placement p ${OF_OBJECTS} order by ${PLACE_ORDER} for no key update`

/** Beside those of the server, those that leave elsewhere: they may wait for one of these, and must not begin to unseen. */
const LOCK_HERE = `
with asked as materialized (
  select md5(asked.object_key)::uuid as key_hash, asked.model, asked.backend
  from jsonb_to_recordset($1::jsonb) as asked(model text, object_key text, backend text)
)
select from orchestra.placement p where (p.key_hash, p.model, p.backend, p.server_id) in (
  select key_hash, model, backend, $2::int from asked
  union all
  select q.key_hash, q.model, q.backend, q.server_id from asked join orchestra.placement q using (key_hash, model, backend)
  where q.open and q.want = 'leave')
order by ${PLACE_ORDER} for no key update`

function distinct(objects: readonly ObjectOfBackend[]): ObjectOfBackend[] {
  const byName = new Map(
    objects.map(({ model, object_key, backend }) => [
      JSON.stringify([model, object_key, backend]),
      { model, object_key, backend },
    ]),
  )
  return [...byName.values()]
}

/** Places of a backend on a server that have one of these names, or want it. Not locked: only the server's lane gives names there. */
export async function placesNamed(
  db: Queryable,
  { backend, serverId }: { backend: string; serverId: number },
  identities: readonly string[],
): Promise<Stored[]> {
  if (identities.length === 0) return []
  const rows = await db.query<PlaceRow>(often(NAMED), [
    serverId,
    backend,
    JSON.stringify([...new Set(identities)]),
  ])
  return rows.map(toStored)
}

/**
 * SQL that is true where a column of names holds that one on that server. Servers and backends stand in a form that no index has, so
 * that nothing but the hash of both can be what they are found by, whatever the planner believes to know of a server.
 */
export function isNameThere(
  column: string,
  name: { identity: string; server: string; backend: string },
): string {
  return `(hashtextextended(${column}, server_id) = hashtextextended(${name.identity}, ${name.server})
    and ${column} = ${name.identity} and server_id + 0 = ${name.server} and backend || '' = ${name.backend})`
}

const asked = { identity: 'asked.identity', server: '$1::int', backend: '$2::text' }

/** What has several names is few, and read once for all that is asked: for each name anew, a lane's places would be. */
const NAMED = `
with asked as materialized (
  select value as identity from jsonb_array_elements_text($3::jsonb)
), others as materialized (
  select q.key_hash, q.model, q.backend, q.server_id, name.value ->> 'identity' as identity
  from orchestra.placement q cross join lateral jsonb_array_elements(q.names) as name
  where q.other_names and q.server_id = $1 and q.backend = $2
)
select ${PLACE_COLUMNS} from orchestra.placement p
where (p.key_hash, p.model, p.backend, p.server_id) in (
  select q.key_hash, q.model, q.backend, q.server_id from asked
  cross join lateral (
    select key_hash, model, backend, server_id from orchestra.placement where ${isNameThere('identity', asked)}
    union all
    select key_hash, model, backend, server_id from orchestra.placement where ${isNameThere('want_identity', asked)}
  ) q
  union all
  select key_hash, model, backend, server_id from others where identity in (select identity from asked))`
