import { toSnapshot } from '../collector/index.ts'
import { formatKey } from '../config/key.ts'
import type { Key } from '../config/model.ts'
import { foundState } from '../operations/found-state.ts'
import { adopt, lockPlaces, lockPlacesWhere, type Name, type Stored, wakeWaiting } from '../places/index.ts'
import { revisionOf } from '../recording/revision.ts'
import { describeBriefly } from '../script/index.ts'
import { audit } from '../server/index.ts'
import type { Queryable } from '../store/index.ts'
import { sameContent } from './same-content.ts'
import type { Candidate, SurveyContext } from './surveyed.ts'

/**
 * Notes as placed what was marked. Locks the lane first, as a claim does: whether something runs there cannot change meanwhile. Answers how
 * many were taken.
 */
export async function take(
  tx: Queryable,
  context: SurveyContext,
  candidates: readonly Candidate[],
  by: string,
): Promise<number> {
  const { store, server, backend } = context
  await tx.query('select from orchestra.lane where server_id = $1 for no key update', [server.id])
  const unplaced = candidates.filter(isUnplaced)
  const places = await placesOf(tx, context, unplaced)
  const spared = await whatStands(tx, context, unplaced)
  const taken = unplaced.flatMap((one) => {
    const stored = places.get(formatKey(one.key))
    const written = stands(stored, one, spared)
    return written === null ? [] : [{ ...one, ...written }]
  })
  const rows = await tx.query(TAKE, [
    backend.name,
    server.id,
    backend.model.name,
    JSON.stringify(
      taken.map(({ key, identity, loaded, recording, stands, names }) => ({
        object_key: formatKey(key),
        keys: key,
        identity,
        stands,
        names,
        snapshot: toSnapshot(loaded, store.keyring.for(backend.model.name, formatKey(key))),
        revision: revisionOf(recording, store.keyring),
        rendered: describeBriefly(recording),
      })),
    ),
    spared,
  ])
  await wakeWaiting(tx, { objects: taken.map(({ key }) => placeOf(context, key)), names: [] })
  const again = candidates.filter((one) => !isUnplaced(one))
  await goOn(tx, context, candidates)
  const objects = rows.length + again.length
  await audit(tx, { by, action: 'adopt', target: server.name, detail: { backend: backend.name, objects } })
  return objects
}

function placeOf({ server, backend }: SurveyContext, key: Key) {
  return {
    model: backend.model.name,
    object_key: formatKey(key),
    backend: backend.name,
    server_id: server.id,
  }
}

/** What is known of their places here, locked, by key. */
async function placesOf(
  tx: Queryable,
  context: SurveyContext,
  candidates: readonly Candidate[],
): Promise<Map<string, Stored>> {
  const objects = candidates.map(({ key }) => placeOf(context, key))
  const stored = await lockPlaces(tx, objects, 'lock', context.server.id)
  return new Map(stored.map((one) => [one.row.object_key, one]))
}

/** What a place holds once it was taken over; null where that may not be. What was not known is wanted as it stands. */
function stands(
  stored: Stored | undefined,
  { identity }: Candidate,
  spared: readonly number[],
): { stands: number | null; names: readonly Name[] } | null {
  if (stored === undefined) return { stands: 1, names: [{ identity, state: 'stands', incarnation: 0 }] }
  const { operation_id: waiting } = stored.row
  const isWanted = waiting === null || spared.includes(waiting)
  const place = adopt(stored.place, identity, isWanted ? 'as wanted' : 'otherwise')
  return place === null ? null : { stands: place.stands?.generation ?? null, names: place.names }
}

/** Operations that wait to write what stands there already. */
async function whatStands(
  tx: Queryable,
  { store, server, backend }: SurveyContext,
  candidates: readonly Candidate[],
): Promise<number[]> {
  const byKey = new Map(candidates.map((one) => [formatKey(one.key), one]))
  const waiting = await tx.query<{ id: number; object_key: string; identity: string; snapshot: unknown }>(
    `select o.id, o.object_key, o.identity, o.snapshot
     from jsonb_array_elements_text($4::jsonb) as t(object_key) join orchestra.operation o on ${isOfTaken('o')}
     where ${foundState('o')} = 'waiting' and o.action = 'save' for update of o`,
    [backend.name, server.id, backend.model.name, JSON.stringify([...byKey.keys()])],
  )
  return waiting.flatMap(({ id, object_key, identity, snapshot }) => {
    const one = byKey.get(object_key)
    const seal = store.keyring.for(backend.model.name, object_key)
    return one?.identity === identity && sameContent(snapshot, one.loaded, seal) ? [id] : []
  })
}

/** The others are marked again, and are placed as they were. */
function isUnplaced({ placed }: Candidate): boolean {
  return placed === 'no'
}

/** What was refused because it was not ours is tried at once. */
export async function goOn(
  tx: Queryable,
  { server, backend }: SurveyContext,
  candidates: readonly Candidate[],
): Promise<void> {
  const values = [
    server.id,
    backend.name,
    backend.model.name,
    JSON.stringify(candidates.map(({ key }) => formatKey(key))),
  ]
  await lockPlacesWhere(
    tx,
    `p.server_id = $1 and (p.key_hash, p.model, p.backend) in (
       select md5(taken.object_key)::uuid, $3::text, $2::text from jsonb_array_elements_text($4::jsonb) as taken(object_key))`,
    values,
  )
  await tx.query(
    `with hastened as (
       update orchestra.placement p set due_at = '-infinity', wait = null
       from jsonb_array_elements_text($4::jsonb) as taken(object_key)
       where p.key_hash = md5(taken.object_key)::uuid and p.model = $3 and p.backend = $2 and p.server_id = $1
     )
     update orchestra.operation o set due_at = '-infinity'
     from jsonb_array_elements_text($4::jsonb) as taken(object_key)
     where o.key_hash = md5(taken.object_key)::uuid and o.model = $3 and o.backend = $2 and o.server_id = $1
       and ${foundState('o')} = 'waiting' and o.due_at > now()`,
    values,
  )
  await tx.query(`select pg_notify('orchestra_control', 'retry')`)
}

const isOfTaken = (alias: string) =>
  `${alias}.key_hash = md5(t.object_key)::uuid and ${alias}.model = $3 and ${alias}.backend = $1 and ${alias}.server_id = $2`

/**
 * What a worker touched meanwhile is its work. An operation that waits to write what stands there already has nothing to do any
 * more; one that waits with something else stays.
 */
const TAKE = `
with taken as materialized (
  select * from jsonb_to_recordset($4::jsonb) as t(object_key text, keys jsonb, identity text, stands bigint, names jsonb,
    snapshot jsonb, revision text, rendered jsonb)
), spared as (
  update orchestra.operation o set state = 'done', outcome = 'nothing', error = 'it stood there already, and was adopted',
    snapshot = null, ended_at = now()
  from taken t
  where ${isOfTaken('o')} and ${foundState('o')} = 'waiting' and o.id = any($5)
  returning o.id
), placed as (
  insert into orchestra.placement as p
    (backend, server_id, model, object_key, keys, identity, snapshot, revision, rendered, applied_at, generation, claim, want,
     want_identity, stands, names, data, operation_id)
  select $1, $2, $3, object_key, keys, identity, snapshot, revision, rendered, now(), 1, 1, 'stand', identity, stands, names, 'own', null
  from taken t
  on conflict (key_hash, model, backend, server_id) do update set identity = excluded.identity,
    snapshot = excluded.snapshot, revision = excluded.revision, rendered = excluded.rendered, applied_at = excluded.applied_at,
    names = excluded.names, stands = excluded.stands, data = 'own', wait = null, attempt = 0,
    operation_id = case when p.operation_id in (select id from spared) then null else p.operation_id end
  returning object_key
)
select object_key, pg_notify('orchestra_settled', '') from placed`
