import type { Outcome } from '../operations/outcome.ts'
import type { Queryable } from '../store/index.ts'
import { isoTime } from './iso-time.ts'
import { outputExtent } from './parts.ts'
import { readLog } from './reader.ts'

/** What one operation of a script printed, and where. Times are ISO 8601. */
export interface LogSection {
  /** Index in the script; null for what belongs to none of its operations. */
  position: number | null
  operation: number | null
  action: string | null
  /** `model:key` */
  object: string | null
  outcome: Outcome | null
  changed: boolean | null
  error: string | null
  /** The first line that has something of it, and the last; null where it printed nothing, or where nobody counted. */
  from: number | null
  to: number | null
  bytes: number
  /** When the first of it came, and the last. */
  startedAt: string | null
  endedAt: string | null
}

/**
 * The output of a log by the operations of its script.
 * @throws OrchestraError ORC_LOG_UNKNOWN
 */
export async function readSections(store: Queryable, logId: number): Promise<LogSection[]> {
  await readLog(store, logId)
  const { lines } = await outputExtent(store, logId)
  return store.query<LogSection>(SECTIONS, [logId, lines])
}

const SECTIONS = `
with printed as (
  select position, sum(octet_length(data)) as bytes, min(line_at) + 1 as first, max(sequence) as last,
    ${isoTime('min(at)')} as began, ${isoTime('max(at)')} as ended
  from orchestra.log_chunk where log_id = $1 group by position
), listed as (
  select done.position, done.operation_id, done.outcome, done.changed, done.error, operation.action,
    operation.model || ':' || operation.object_key as object
  from orchestra.log_operation done left join orchestra.operation on operation.id = done.operation_id
  where done.log_id = $1
)
select coalesce(listed.position, printed.position) as position, listed.operation_id as operation, listed.action,
  listed.object, listed.outcome, listed.changed, listed.error, printed.first as from, ending.line as to,
  coalesce(printed.bytes, 0) as bytes, printed.began as "startedAt", printed.ended as "endedAt"
from listed full join printed on printed.position = listed.position
left join lateral (
  -- Up to what comes next, whose first line is this one's last where that has no line feed.
  select case when own.line_at is not null then coalesce(
    (select next.line_at + (get_byte(own.data, octet_length(own.data) - 1) <> 10)::int from orchestra.log_chunk next
      where next.log_id = $1 and next.sequence > own.sequence order by next.sequence limit 1), $2) end as line
  from orchestra.log_chunk own where own.log_id = $1 and own.sequence = printed.last
) as ending on true
order by printed.first nulls last, position nulls first`
