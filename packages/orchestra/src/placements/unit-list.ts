import { isoTime } from '../logs/index.ts'
import { type Narrowing, narrowed, type Queryable } from '../store/index.ts'

/** One unit of work, as a list shows it. Times are ISO 8601. */
export interface UnitSummary {
  id: string
  actor: string | null
  source: string | null
  /** Database users who were logged in where it was written, whatever actor was named. */
  logins: string[]
  createdAt: string
  operations: number
  /** Operations that have not ended. */
  open: number
  /** Operations whose last try did not succeed. */
  failed: number
}

export interface UnitSearch {
  actor?: string
  /** Default 20. */
  limit?: number
  /** Id of the last unit of the page before. */
  before?: string
  /** Those alone, with what of them, that somebody may see. */
  visible?: Narrowing
}

const DEFAULT_LIMIT = 20

/** Units that were looked at, newest first. Behind one that retention has removed there is nothing. */
export function listUnits(store: Queryable, search: UnitSearch = {}): Promise<UnitSummary[]> {
  const values: unknown[] = [search.actor ?? null, search.before ?? null, search.limit ?? DEFAULT_LIMIT]
  const units = narrowed(search.visible, 'unit', 'unit', values)
  const operations = narrowed(search.visible, 'operation', 'operation', values)
  return store.query<UnitSummary>(list(units, operations), values)
}

const list = (units: string, operations: string) => `
select unit.id, unit.actor, unit.source, unit.logins, ${isoTime('unit.created_at')} as "createdAt",
  coalesce(work.operations, 0) as operations, coalesce(work.open, 0) as open, coalesce(work.failed, 0) as failed
from (
  select * from orchestra.unit
  where ($1::text is null or actor = $1) and ${units}
    and ($2::uuid is null or (created_at, id) < (select created_at, id from orchestra.unit where id = $2))
  order by created_at desc, id desc limit $3
) as unit
left join lateral (
  select count(*) as operations, count(*) filter (where state in ('waiting', 'running')) as open,
    count(*) filter (where outcome not in ('success', 'nothing') and state <> 'superseded') as failed
  from orchestra.operation where (operation.unit_id = unit.id or operation.id = any(unit.carried)) and ${operations}
) as work on true
order by unit.created_at desc, unit.id desc`
