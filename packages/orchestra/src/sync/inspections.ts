import type { Config } from '../config/config.ts'
import { inspectionsEnded } from '../events/index.ts'
import type { SyncRow } from '../request/sync.ts'
import { leadsTo } from '../router/index.ts'
import type { Queryable } from '../store/index.ts'

/**
 * Makes every backend on every server that is selected, and has or is to have something there, be looked at. What stands there by a
 * backend that no configuration has any more cannot be, and is named; what other workers have is theirs. Answers the servers, of what
 * can be looked at and of what cannot.
 * @param foreign backends that other workers have
 */
export async function openInspections(
  tx: Queryable,
  sync: SyncRow,
  config: Config,
  foreign: readonly string[],
): Promise<number[]> {
  const backends = [...config.backends.values()]
    .filter(({ name, model }) => isOf(sync.backend, name) && isOf(sync.model, model.name))
    .map((backend) => backend.name)
  const rows = await tx.query<{ server_id: number }>(OPEN_INSPECTIONS, [
    sync.id,
    backends,
    sync.serverId,
    sync.model,
    sync.objectKey,
    sync.backend,
    [...config.backends.keys(), ...foreign],
  ])
  return [...new Set(rows.map((row) => row.server_id))]
}

function isOf(selected: string | null, name: string): boolean {
  return selected === null || selected === name
}

const OPEN_INSPECTIONS = `
with placed as (
  select server_id, backend, count(*) as total from orchestra.placement
  where ($6::text is null or backend = $6) and (backend = any($2::text[]) or backend <> all($7::text[]))
    and ($3::int is null or server_id = $3) and ($4::text is null or model = $4)
    and ($5::text is null or key_hash = md5($5)::uuid and object_key = $5)
  group by server_id, backend
), routed as (
  select distinct target.id as server_id, route.backend
  from orchestra.route join orchestra.server target on ${leadsTo('route', 'target')} and target.removed_at is null
  where route.enabled and $5::text is null and route.backend = any($2::text[]) and ($3::int is null or target.id = $3)
), opened as (
  insert into orchestra.inspection (sync_id, server_id, backend, total, state, error, ended_at)
  select $1, server_id, backend, coalesce(placed.total, 0), case when known.is_known then 'waiting' else 'failed' end,
    case when not known.is_known then 'no backend "' || backend || '" is defined in this configuration' end,
    case when not known.is_known then now() end
  from placed full join routed using (server_id, backend)
  join orchestra.server on server.id = server_id and server.removed_at is null
  cross join lateral (select backend = any($7::text[]) as is_known) known
  order by server_id, backend
  on conflict (sync_id, server_id, backend) do nothing
  returning id, server_id, state
), told as (
  ${inspectionsEnded("opened where state = 'failed'")}
)
select server_id from opened`
