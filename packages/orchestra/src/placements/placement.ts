import type { PlacementState } from '../collector/index.ts'
import { isoTime } from '../logs/index.ts'
import { type Narrowing, narrowed, type Queryable } from '../store/index.ts'
import { placeBehind } from './placement-cursor.ts'

/** Every state of a placement, in the order in which one goes through them. */
export const placementStates = [
  'pending',
  'applied',
  'failed',
  'deleting',
  'kept',
] as const satisfies PlacementState[]

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
  server?: string | undefined
  backend?: string | undefined
  model?: string | undefined
  /** `model:key` */
  object?: string | undefined
  /** What it is called there; `*` stands for anything. */
  identity?: string | undefined
  state?: PlacementState | undefined
  /** Default 1,000. */
  limit?: number | undefined
  /** Behind the placement that this was made of by `cursorOf`. */
  after?: string | undefined
  /** Those alone that somebody may see. */
  visible?: Narrowing | undefined
}

const DEFAULT_LIMIT = 1_000

/** Placements that fit, in the order of their objects. */
export function listPlacements(store: Queryable, filter: PlacementFilter = {}): Promise<PlacementView[]> {
  const values = [
    ...valuesOf(filter),
    filter.limit ?? DEFAULT_LIMIT,
    ...(filter.after === undefined ? [null, null, null, null] : placeBehind(filter.after)),
  ]
  const seen = narrowed(filter.visible, 'placement', 'placement', values)
  return store.query<PlacementView>(`${LIST} and ${seen} ${IN_ORDER}`, values)
}

/** How many placements fit, whatever the limit. */
export async function countPlacements(store: Queryable, filter: PlacementFilter): Promise<number> {
  const values = valuesOf(filter)
  const seen = narrowed(filter.visible, 'placement', 'placement', values)
  const [row] = await store.query<{ count: number }>(`${COUNT} and ${seen}`, values)
  return row?.count ?? 0
}

function valuesOf({ server, backend, model, object, identity, state }: PlacementFilter): unknown[] {
  const colon = object?.indexOf(':') ?? -1
  const isPattern = identity?.includes('*') === true
  return [
    server ?? null,
    backend ?? null,
    object?.slice(0, Math.max(colon, 0)) ?? null,
    object?.slice(colon + 1) ?? null,
    state ?? null,
    model ?? null,
    isPattern ? null : (identity ?? null),
    isPattern ? identity.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%') : null,
  ]
}

const FITTING = `
from orchestra.placement
join orchestra.server on server.id = placement.server_id
where ($1::text is null or server.name = $1)
  and ($2::text is null or placement.backend = $2)
  and ($3::text is null or placement.model = $3 and placement.key_hash = md5($4::text)::uuid
    and placement.object_key = $4)
  and ($5::text is null or placement.state = $5)
  and ($5::text is distinct from 'kept' or placement.want = 'leave' and placement.policy = 'keep')
  and ($6::text is null or placement.model = $6)
  and ($7::text is null or md5(placement.identity) = md5($7) and placement.identity = $7)
  and ($8::text is null or placement.identity like $8)`

const COUNT = `select count(*) as count ${FITTING}`

const OBJECT = `placement.model || ':' || placement.object_key`

/** As much of it as the index holds, of which a row may not be as long as a key. */
const INDEXED = `left(${OBJECT}, 200) collate "C"`

const ORDER = `(${OBJECT}) collate "C", placement.backend collate "C", server.name collate "C"`

const LIST = `
select placement.backend, server.name as server, placement.model || ':' || placement.object_key as object,
  placement.identity, placement.state, placement.revision, ${isoTime('placement.applied_at')} as "appliedAt",
  placement.log_id as "logId", placement.stale, ${isoTime('placement.kept_at')} as "keptAt"
${FITTING}
  and ($6::text is null or ${INDEXED} >= $6 || ':' and ${INDEXED} < $6 || ';')
  and ($10::text is null or (${ORDER}) > ($10 || ':' || $11::text, $12::text, $13::text)
    and ${INDEXED} >= left($10 || ':' || $11, 200))`

const IN_ORDER = `order by ${INDEXED}, ${ORDER} limit $9`
