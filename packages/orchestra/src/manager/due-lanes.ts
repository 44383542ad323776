import { hasInspection } from '../inspect/index.ts'
import type { Queryable } from '../store/index.ts'
import { hasChanges, isFreeOfOthers, type Taking } from './claim.ts'
import type { LaneWork } from './waiting-lanes.ts'

/** A server that has work and nobody working on it: new, due again, or left behind by a dead worker. */
export interface DueLane {
  serverId: number
  work: LaneWork
}

export function dueLanes(
  db: Queryable,
  { backends, foreign }: Pick<Taking, 'backends' | 'foreign'>,
): Promise<DueLane[]> {
  return db.query<DueLane>(DUE_LANES, [backends, foreign])
}

const DUE_LANES = `
select server_id as "serverId", case when has_changes then 'changes' else 'inspection' end as work
from (
  select l.server_id, ${hasChanges('$1')} as has_changes
  from orchestra.lane l join orchestra.server s on s.id = l.server_id
  where s.removed_at is null and s.held_at is null and l.due_at <= now()
    and (l.owner is null or l.expires_at < clock_timestamp())
    and not exists (select from orchestra.setting where name = 'paused')
    and ${isFreeOfOthers('$2')}
) as lane
where has_changes or ${hasInspection('lane.server_id', '$2')}`
