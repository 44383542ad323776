import { type Narrowing, narrowed, often, type Queryable } from '../store/index.ts'
import type { EventCursor, Told } from './event.ts'

export interface EventPage {
  events: Told[]
  next: EventCursor
  /** Whether there may be more to read at once. */
  more: boolean
}

const PAGE = 1_000

/** What happens from now on. */
export async function eventsFromNow(db: Queryable): Promise<EventCursor> {
  const [row] = await db.query<{ snapshot: string }>('select pg_current_snapshot()::text as snapshot')
  return row?.snapshot ?? ''
}

/**
 * What was committed since, each once and none missed, in the order of the commits from one page to the next. Waits for no transaction:
 * one that takes hours delays what it did itself, and nothing else.
 */
export async function readEvents(
  db: Queryable,
  cursor: EventCursor,
  most = PAGE,
  visible?: Narrowing,
): Promise<EventPage> {
  const [seen = '', until = null, after = '0'] = cursor.split('|')
  const values: unknown[] = [seen, until, after, most]
  const shown = narrowed(visible, 'event', 'event', values)
  const rows = await db.query<EventRow>(visible === undefined ? ALL_ROWS : eventRows(shown), values)
  const bound = rows[0]?.until ?? seen
  const events = rows.flatMap(({ id, at, kind, detail }) =>
    id === null
      ? []
      : [{ id, cursor: `${seen}|${bound}|${id}`, at: at.toISOString(), kind, ...detail } as Told],
  )
  const last = events.at(-1)
  // Behind a page of an earlier moment there is what happened since.
  if (last === undefined || events.length < most) return { events, next: bound, more: until !== null }
  return { events, next: last.cursor, more: true }
}

/** Whether it is one, and not only looks so: the database takes no other. */
export function isEventCursor(text: string): boolean {
  const [seen = '', until, after = '0', ...rest] = text.split('|')
  if (rest.length > 0 || !isSnapshot(seen)) return false
  return until === undefined || (isSnapshot(until) && isNumber(after))
}

const LARGEST = 2n ** 63n

function isNumber(text: string): boolean {
  return /^\d{1,19}$/.test(text) && BigInt(text) < LARGEST
}

function isSnapshot(text: string): boolean {
  const [oldest = '', next = '', open, ...rest] = text.split(':')
  if (open === undefined) return false
  const ids = [oldest, ...(open === '' ? [] : open.split(',')), next]
  if (rest.length > 0 || !ids.every(isNumber)) return false
  const numbers = ids.map(BigInt)
  const isOrdered = numbers.every((id, index) => index === 0 || id >= (numbers[index - 1] ?? 0n))
  return isOrdered && (numbers[0] ?? 0n) > 0n && (open === '' || numbers.at(-2) !== numbers.at(-1))
}

type EventRow = { until: string } & (
  | { id: null; at: Date; kind: string; detail: object }
  | { id: number; at: Date; kind: string; detail: object }
)

/** Events up to which those that may be new are read by when they were written. */
const NEAR = 5_000

/**
 * What one snapshot sees and an earlier one did not: all that began after it, and what was under way then. Who follows is near the end of
 * very many events: what he may not have seen is looked up by its transactions. Who is far behind reads in the order of the numbers.
 */
const eventRows = (shown: string) => {
  const isNew = `(xid >= pg_snapshot_xmax($1::pg_snapshot) or xid = any(array(select pg_snapshot_xip($1::pg_snapshot))))
    and pg_visible_in_snapshot(xid, bound.until) and id > $3::bigint and ${shown}`
  return `
with bound as materialized (select coalesce($2::pg_snapshot, pg_current_snapshot()) as until),
near as materialized (
  select * from orchestra.event where xid >= pg_snapshot_xmin($1::pg_snapshot) order by xid limit ${NEAR + 1}
)
select bound.until::text as until, event.id, event.at, event.kind, event.detail
from bound left join lateral (
  (select * from near as event where (select count(*) <= ${NEAR} from near) and ${isNew} order by id limit $4)
  union all
  (select * from orchestra.event where (select count(*) > ${NEAR} from near) and ${isNew} order by id limit $4)
) as event on true
order by event.id`
}

/** Whoever follows asks for it again and again, and to plan it takes longer than to run it. */
const ALL_ROWS = often(eventRows('true'))
