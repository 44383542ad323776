import type { PlacementState } from '../collector/index.ts'
import { isoTime } from '../logs/index.ts'
import type { Queryable } from '../store/index.ts'

/** What stands of one object on one server, as far as Orchestra put it there. */
export interface PlacementView {
  backend: string
  server: string
  /** `model:key` */
  object: string
  /** What names the object on the server. */
  identity: string
  state: PlacementState
  /** Hash of what was rendered; null before the first success. */
  revision: string | null
  /** When it was last applied, ISO 8601, and by which log. */
  appliedAt: string | null
  logId: number | null
  /** Its backend would render it differently now. */
  stale: boolean
  /** Since when the object belongs elsewhere and this copy stays, ISO 8601. */
  keptAt: string | null
}

export interface PlacementFilter {
  server?: string
  backend?: string
  /** `model:key` */
  object?: string
  state?: PlacementState
  /** Default 1,000. */
  limit?: number
}

const DEFAULT_LIMIT = 1_000

/** Placements that fit, in the order of their objects. */
export function listPlacements(store: Queryable, filter: PlacementFilter = {}): Promise<PlacementView[]> {
  const colon = filter.object?.indexOf(':') ?? -1
  return store.query<PlacementView>(LIST, [
    filter.server ?? null,
    filter.backend ?? null,
    filter.object?.slice(0, Math.max(colon, 0)) ?? null,
    filter.object?.slice(colon + 1) ?? null,
    filter.state ?? null,
    filter.limit ?? DEFAULT_LIMIT,
  ])
}

const LIST = `
select placement.backend, server.name as server, placement.model || ':' || placement.object_key as object,
  placement.identity, placement.state, placement.revision, ${isoTime('placement.applied_at')} as "appliedAt",
  placement.log_id as "logId", placement.stale, ${isoTime('placement.kept_at')} as "keptAt"
from orchestra.placement
join orchestra.server on server.id = placement.server_id
where ($1::text is null or server.name = $1)
  and ($2::text is null or placement.backend = $2)
  and ($3::text is null or placement.model = $3 and placement.key_hash = md5($4::text)::uuid
    and placement.object_key = $4)
  and ($5::text is null or placement.state = $5)
order by placement.model, placement.object_key, placement.backend, server.name
limit $6`
