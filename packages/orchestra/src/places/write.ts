import { often, type Queryable, send } from '../store/index.ts'
import type { Wait } from './place.ts'
import type { PlaceKey, PlaceRow } from './stored.ts'

/** A changed place on its way into the store. */
export interface Written {
  row: PlaceRow
  /** What it waits for, as far as that is known. */
  wait?: Wait | null
  /** What a run has brought about, of which the operation holds the object. */
  made?: Made
}

export interface Made {
  operationId: number
  identity: string
  revision: string | null
  rendered: unknown
}

/** Writes changed places. Their rows are locked. */
export async function writePlaces(
  tx: Queryable,
  written: readonly Written[],
  logId: number | null = null,
): Promise<void> {
  if (written.length === 0) return
  await send(tx, often(WRITE), [JSON.stringify(written.map(toInput)), logId])
}

function toInput({ row, wait = null, made }: Written) {
  const { keys, applied, protection, waited, due, ...rest } = row
  return {
    ...rest,
    // JSON has no infinity.
    due: Number.isFinite(due) ? due : String(due),
    wait: wait === null ? null : { ...wait, since: waited ?? Date.now() },
    made: made !== undefined,
    made_identity: made?.identity ?? null,
    revision: made?.revision ?? null,
    rendered: made?.rendered ?? null,
    made_by: made?.operationId ?? null,
  }
}

const WRITE = `
update orchestra.placement p set generation = w.generation, want = w.want, policy = w.policy,
  want_identity = w.want_identity, incarnation = w.incarnation, claim = w.claim, operation_id = w.operation_id,
  held = w.held, trying = nullif(w.trying, 'null'), stands = w.stands, data = w.data, attempt = w.attempt,
  due_at = to_timestamp(w.due / 1000), stopped = w.stopped, forgotten = w.forgotten, wait = nullif(w.wait, 'null'), alone = w.alone, identity = coalesce(w.made_identity, w.identity),
  names = case when coalesce(w.made_identity, w.identity) = p.identity then w.names else (
    select coalesce(jsonb_agg(case when n.value ->> 'identity' <> p.identity or n.value ? 'snapshot' then n.value
      else n.value || jsonb_build_object('snapshot', p.snapshot) || case when p.unmarked then '{"unmarked": true}' else '{}'::jsonb end
      end order by n.nth), '[]')
    from jsonb_array_elements(w.names) with ordinality as n(value, nth)) end,
  kept_at = case when w.policy = 'keep' then coalesce(p.kept_at, now()) end,
  log_id = coalesce($2, p.log_id),
  snapshot = case when w.made then (select o.snapshot from orchestra.operation o where o.id = w.made_by)
    when w.want = 'stand' and w.names = '[]' then (select o.snapshot from orchestra.operation o where o.id = w.operation_id)
    when w.identity <> p.identity then (
      select coalesce(nullif(n.value -> 'snapshot', 'null'), p.snapshot) from jsonb_array_elements(p.names) n
      where n.value ->> 'identity' = w.identity limit 1)
    else p.snapshot end,
  revision = case when w.made then w.revision else p.revision end,
  rendered = case when w.made then nullif(w.rendered, 'null') else p.rendered end,
  applied_at = case when w.made then clock_timestamp() else p.applied_at end,
  stale = case when w.made then false else p.stale end,
  unmarked = case when w.made then false else w.unmarked end
from jsonb_to_recordset($1::jsonb) as w(model text, object_key text, backend text, server_id int, generation bigint, want text,
  policy text, want_identity text, incarnation int, claim bigint, operation_id bigint, held boolean, trying jsonb, stands bigint,
  names jsonb, data text, attempt int, due float8, stopped bigint, forgotten boolean, wait jsonb, alone boolean, identity text,
  unmarked boolean, made boolean, made_identity text, revision text, rendered jsonb, made_by bigint)
where p.key_hash = md5(w.object_key)::uuid and p.model = w.model and p.backend = w.backend and p.server_id = w.server_id`

/** Removes places of which nothing is left; what waited to be done there has nothing to do any more. */
export async function removePlaces(tx: Queryable, gone: readonly PlaceKey[]): Promise<void> {
  if (gone.length === 0) return
  await send(
    tx,
    `with removed as (
       delete from orchestra.placement p
       using jsonb_to_recordset($1::jsonb) as g(model text, object_key text, backend text, server_id int)
       where p.key_hash = md5(g.object_key)::uuid and p.model = g.model and p.backend = g.backend and p.server_id = g.server_id
       returning p.operation_id
     )
     update orchestra.operation o set state = 'done', outcome = 'nothing', ended_at = clock_timestamp(), snapshot = null
     from removed where o.id = removed.operation_id and o.state = 'waiting'`,
    [
      JSON.stringify(
        gone.map(({ model, object_key, backend, server_id }) => ({ model, object_key, backend, server_id })),
      ),
    ],
  )
}

/**
 * Those that waited for something about these places look again. A wait that this misses, because it is written down just now, ends
 * by itself after a while.
 */
export async function wakeWaiting(
  tx: Queryable,
  {
    objects,
    names,
  }: { objects: readonly PlaceKey[]; names: readonly { server_id: number; backend: string }[] },
): Promise<void> {
  if (objects.length + names.length === 0) return
  const distinct = (keys: readonly object[]) =>
    JSON.stringify([...new Map(keys.map((key) => [JSON.stringify(key), key])).values()])
  await send(tx, often(WAKE), [
    distinct(objects.map(({ model, object_key, backend }) => ({ model, object_key, backend }))),
    distinct(names.map(({ server_id, backend }) => ({ server_id, backend }))),
  ])
}

/** Skips what is locked: whoever has it looks at it now. */
const WAKE = `
update orchestra.placement p set due_at = '-infinity', wait = null
where p.wait is not null and (p.key_hash, p.model, p.backend, p.server_id) in (
  select q.key_hash, q.model, q.backend, q.server_id from orchestra.placement q
  where q.wait is not null and (
    (q.key_hash, q.model, q.backend) in (
      select md5(o.object_key)::uuid, o.model, o.backend
      from jsonb_to_recordset($1::jsonb) as o(model text, object_key text, backend text))
    or ((q.wait ->> 'kind' = 'name' or q.wait ->> 'why' in ('names go round', 'left by another')) and (q.server_id, q.backend) in (
      select n.server_id, n.backend from jsonb_to_recordset($2::jsonb) as n(server_id int, backend text))))
  for no key update skip locked)`
