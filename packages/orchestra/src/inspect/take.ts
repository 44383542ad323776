import { toSnapshot } from '../collector/index.ts'
import { formatKey } from '../config/key.ts'
import { foundState } from '../operations/found-state.ts'
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
  const spared = await whatStands(tx, context, candidates.filter(isUnplaced))
  const rows = await tx.query(TAKE, [
    backend.name,
    server.id,
    backend.model.name,
    JSON.stringify(
      candidates.filter(isUnplaced).map(({ key, identity, loaded, recording }) => ({
        object_key: formatKey(key),
        keys: key,
        identity,
        snapshot: toSnapshot(loaded, store.keyring.for(backend.model.name, formatKey(key))),
        revision: revisionOf(recording, store.keyring),
        rendered: describeBriefly(recording),
      })),
    ),
    spared,
  ])
  const again = candidates.filter((one) => !isUnplaced(one))
  await goOn(tx, context, candidates)
  const objects = rows.length + again.length
  await audit(tx, { by, action: 'adopt', target: server.name, detail: { backend: backend.name, objects } })
  return objects
}

/** Operations that wait to write what stands there already. */
async function whatStands(
  tx: Queryable,
  { store, server, backend }: SurveyContext,
  candidates: readonly Candidate[],
): Promise<string[]> {
  const byKey = new Map(candidates.map((one) => [formatKey(one.key), one]))
  const waiting = await tx.query<{ id: string; object_key: string; identity: string; snapshot: unknown }>(
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
  await tx.query(
    `update orchestra.operation o set due_at = '-infinity'
     from jsonb_array_elements_text($4::jsonb) as taken(object_key)
     where o.key_hash = md5(taken.object_key)::uuid and o.model = $3 and o.backend = $2 and o.server_id = $1
       and ${foundState('o')} = 'waiting' and o.due_at > now()`,
    [
      server.id,
      backend.name,
      backend.model.name,
      JSON.stringify(candidates.map(({ key }) => formatKey(key))),
    ],
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
  select * from jsonb_to_recordset($4::jsonb) as t(object_key text, keys jsonb, identity text, snapshot jsonb,
    revision text, rendered jsonb)
  where not exists (select from orchestra.placement p where ${isOfTaken('p')}
      and (p.state not in ('pending', 'failed') or p.applied_at is not null or p.log_id is not null))
    and not exists (select from orchestra.operation o where ${isOfTaken('o')} and ${foundState('o')} = 'running')
), spared as (
  update orchestra.operation o set state = 'done', outcome = 'nothing', error = 'it stood there already, and was adopted',
    snapshot = null, ended_at = now()
  from taken t
  where ${isOfTaken('o')} and ${foundState('o')} = 'waiting' and o.id = any($5)
  returning o.id
), placed as (
  insert into orchestra.placement
    (backend, server_id, model, object_key, keys, identity, snapshot, state, revision, rendered, applied_at)
  select $1, $2, $3, object_key, keys, identity, snapshot,
    case when exists (select from orchestra.operation o where ${isOfTaken('o')} and ${foundState('o')} = 'waiting'
      and o.id not in (select id from spared)) then 'pending' else 'applied' end,
    revision, rendered, now()
  from taken t
  on conflict (key_hash, model, backend, server_id) do update set identity = excluded.identity,
    snapshot = excluded.snapshot, state = excluded.state, revision = excluded.revision, rendered = excluded.rendered,
    applied_at = excluded.applied_at
  returning object_key
)
select object_key, pg_notify('orchestra_settled', '') from placed`
