import { type SavedAgain, saveAgain } from '../collector/save-again.ts'
import type { Backend } from '../config/backend.ts'
import { formatKey } from '../config/key.ts'
import type { Queryable } from '../store/index.ts'
import type { PageFindings } from './findings.ts'
import type { Inspection } from './inspection.ts'

/** Whether what deviates is put right: a synchronization does, a scheduled check where its backend says so. Pure. */
export function repairs({ mode, source }: Pick<Inspection, 'mode' | 'source'>, backend: Backend): boolean {
  return mode === 'sync' || (/^schedule(:|$)/.test(source) && backend.onDrift === 'repair')
}

/** Has drifted and missing objects saved again where they deviate. Runs inside a transaction; answers how many. */
export async function repairObjects(
  tx: Queryable,
  place: SavedAgain,
  found: PageFindings['found'],
): Promise<number> {
  const wrong = found.filter(({ state }) => state === 'drifted' || state === 'missing')
  for (const [model, own] of Map.groupBy(wrong, (one) => one.model))
    await saveAgain(
      tx,
      place,
      model,
      own.map(({ keys }) => keys),
    )
  return wrong.length
}

/**
 * Asks for the removal of things that are ours and that no object stands for. Runs inside a transaction; answers how many.
 */
export async function pruneOrphans(
  tx: Queryable,
  { backend, serverId, unitId, actor, source }: SavedAgain,
  model: string,
  identities: readonly string[],
): Promise<number> {
  if (identities.length === 0) return 0
  const inputs = identities.map((identity) => ({
    identity,
    keys: [`@${identity}`],
    object_key: formatKey([`@${identity}`]),
  }))
  const rows = await tx.query(
    `with unit as (
       insert into orchestra.unit (id, actor, source, created_at) values ($1, $2, $3, now()) on conflict (id) do nothing
     )
     insert into orchestra.operation (unit_id, server_id, backend, action, model, object_key, keys, identity, state)
     select $1, $4, $5, 'prune', $6, object_key, keys, identity, 'waiting'
     from jsonb_to_recordset($7::jsonb) as i(identity text, keys jsonb, object_key text)
     where not exists (select from orchestra.operation o where o.key_hash = md5(i.object_key)::uuid and o.model = $6
       and o.backend = $5 and o.server_id = $4 and (o.state || '') in ('waiting', 'running'))
     returning id`,
    [unitId, actor, source, serverId, backend, model, JSON.stringify(inputs)],
  )
  return rows.length
}
