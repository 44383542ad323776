import { hasInspection } from '../inspect/inspection.ts'
import type { Queryable } from '../store/index.ts'
import { hasChanges } from './claim.ts'
import type { LaneWork } from './waiting-lanes.ts'

/** A server that has work and nobody working on it: new, due again, or left behind by a dead worker. */
export interface DueLane {
  serverId: number
  work: LaneWork
}

export function dueLanes(db: Queryable): Promise<DueLane[]> {
  return db.query<DueLane>(DUE_LANES)
}

const DUE_LANES = `
select server_id as "serverId", case when has_changes then 'changes' else 'inspection' end as work
from (
  select l.server_id, ${hasChanges} as has_changes
  from orchestra.lane l join orchestra.server s on s.id = l.server_id
  where s.removed_at is null and s.held_at is null and l.due_at <= now()
    and (l.owner is null or l.expires_at < clock_timestamp())
    and not exists (select from orchestra.setting where name = 'paused')
) as lane
where has_changes or ${hasInspection('lane.server_id')}`
