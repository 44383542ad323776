import { formatKey } from '../config/key.ts'
import type { Queryable } from '../store/index.ts'
import type { RetriedObject } from './changes.ts'
import type { Decision } from './decision.ts'

/** What somebody cancelled, as it was wanted there. */
interface Cancelled {
  model: string
  object_key: string
  backend: string
  server_id: number
  want: 'stand' | 'leave'
  want_identity: string | null
  policy: Decision['leave']
}

/**
 * Decisions that would only do what somebody has cancelled since it was asked for. Who looks at failures again asks for nothing new: that
 * waits for the next change, or for a person.
 */
export async function cancelledSince(
  tx: Queryable,
  still: readonly RetriedObject[],
  decisions: readonly Decision[],
): Promise<Set<Decision>> {
  if (still.length === 0) return new Set()
  const rows = await tx.query<Cancelled>(CANCELLED, [still.map(({ operationId }) => operationId)])
  return new Set(decisions.filter((decision) => rows.some((row) => isSame(decision, row))))
}

function isSame(
  { model, key, backend, serverId, action, identity, leave }: Decision,
  row: Cancelled,
): boolean {
  const isThere =
    row.server_id === serverId &&
    row.backend === backend &&
    row.model === model &&
    row.object_key === formatKey(key)
  if (!isThere) return false
  if (row.want === 'stand') return action === 'save' && identity === row.want_identity
  return action === 'delete' && (leave ?? 'remove') === row.policy
}

/** What failed after that was asked for by somebody who was not cancelled there. */
const CANCELLED = `
select p.model, p.object_key, p.backend, p.server_id, p.want, p.want_identity, p.policy
from orchestra.operation f
join orchestra.placement p on p.key_hash = f.key_hash and p.model = f.model and p.backend = coalesce(f.backend, p.backend)
  and p.stopped = p.generation
left join orchestra.operation o on o.id = p.operation_id
where f.id = any($1::bigint[])
  and (o.id is null or o.id > f.id or f.unit_id in (o.unit_id, o.latest_unit_id) or f.latest_unit_id in (o.unit_id, o.latest_unit_id))`
