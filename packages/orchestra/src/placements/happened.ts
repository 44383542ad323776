import { type EventCursor, eventsFromNow, readEvents, type Told } from '../events/index.ts'
import { isoTime } from '../logs/index.ts'
import type { LogState } from '../logs/state.ts'
import { type Narrowing, narrowed, type Queryable } from '../store/index.ts'
import { type Cause, causesOf } from './causes.ts'
import type { Seen } from './seen.ts'
import { type Trouble, troublesNow, troublesOf } from './troubles.ts'

/** One thing that happened, told in full. Times are ISO 8601. */
export type WorkEvent =
  | {
      event: 'unit'
      unit: string
      actor: string | null
      source: string | null
      /** Database users who were logged in where it was written. */
      logins: string[]
      at: string
      operations: number
      servers: string[]
      /** The first of its objects. */
      object: string
      objects: number
      /** The first of its objects that cannot be loaded or routed, and why. */
      failures: Failure[]
      /** All of them by what is wrong. */
      causes: Cause[]
    }
  | ({ event: 'started' } & ScriptFacts)
  /** `failures` are the first, `causes` all of them by what went wrong. */
  | ({ event: 'ended'; failures: Failure[]; causes: Cause[]; changed: number } & ScriptFacts)
  | Trouble

export interface ScriptFacts {
  log: number
  server: string
  backend: string
  state: LogState
  operations: number
  attempt: number
  error: string | null
  startedAt: string
  endedAt: string | null
}

export interface Failure {
  object: string
  action: string
  outcome: string
  error: string | null
}

/** One thing that happened, when that was noted (ISO 8601), and where a reader is who has been told of it. */
export type Happening = WorkEvent & { notedAt: string; cursor: EventCursor }

/** What happened since a cursor, in the order of the commits. */
export interface HappeningPage {
  events: Happening[]
  next: EventCursor
  /** Whether there may be more to read at once. */
  more: boolean
}

/** Failures that are told one by one. */
const MOST_FAILURES = 20
/** More are not looked into. */
const MOST_READ = 1_000

/**
 * What happened since a cursor. Without one: from now on, and what keeps work from being done already.
 * @param after a cursor of a page, or of something that happened
 */
export async function readHappenings(
  db: Queryable,
  after?: EventCursor,
  most?: number,
  seen?: Seen,
): Promise<HappeningPage> {
  if (after === undefined) return beginning(db, seen)
  const { events, next, more } = await readEvents(db, after, most, seen?.rows)
  const told = new Map([
    ...(await unitsOf(db, events, seen?.rows)),
    ...(await scriptsOf(db, events)),
    ...(await troublesOf(db, events)),
  ])
  const happened = events.flatMap(({ id, at: notedAt, cursor }) => {
    const event = told.get(id)
    return event === undefined ? [] : [{ ...event, notedAt, cursor }]
  })
  return { events: happened, next, more }
}

async function beginning(db: Queryable, seen: Seen | undefined): Promise<HappeningPage> {
  const cursor = await eventsFromNow(db)
  const all = await troublesNow(db)
  const events = all.filter(
    (event) =>
      seen === undefined || ('server' in event && event.server !== null && seen.server(event.server)),
  )
  const notedAt = new Date().toISOString()
  return { events: events.map((event) => ({ ...event, notedAt, cursor })), next: cursor, more: false }
}

async function unitsOf(
  db: Queryable,
  events: readonly Told[],
  visible: Narrowing | undefined,
): Promise<[number, WorkEvent][]> {
  const units = events.filter((event) => event.kind === 'unit')
  if (units.length === 0) return []
  const values: unknown[] = [
    units.map(({ unit }) => unit),
    units.map(({ first }) => first),
    units.map(({ last }) => last),
    MOST_READ,
    units.map(({ id }) => id),
  ]
  const rows = await db.query<UnitRow>(unitRows(narrowed(visible, 'operation', 'operation', values)), values)
  return rows.map(({ told, ...unit }) => [told, { event: 'unit', ...unit, ...byCause(unit.failures) }])
}

async function scriptsOf(db: Queryable, events: readonly Told[]): Promise<[number, WorkEvent][]> {
  const scripts = events.filter(({ kind }) => kind === 'script-started' || kind === 'script-ended')
  const logs = scripts.flatMap((event) => ('log' in event ? [event.log] : []))
  if (logs.length === 0) return []
  const rows = await db.query<ScriptRow>(SCRIPTS, [logs, MOST_READ])
  const byLog = new Map(rows.map((row) => [row.log, row]))
  return scripts.flatMap((event) => {
    const told = 'log' in event ? tellScript(event.kind, byLog.get(event.log)) : undefined
    return told === undefined ? [] : [[event.id, told] as [number, WorkEvent]]
  })
}

/** Of one that has ended by now, that it ended says that it began. */
function tellScript(kind: Told['kind'], row: ScriptRow | undefined): WorkEvent | undefined {
  if (row === undefined) return undefined
  const { failures, changed, ...script } = row
  if (kind === 'script-ended') return { event: 'ended', ...script, ...byCause(failures), changed }
  return script.endedAt === null ? { event: 'started', ...script } : undefined
}

function byCause(failures: readonly Failure[]): { failures: Failure[]; causes: Cause[] } {
  return { failures: failures.slice(0, MOST_FAILURES), causes: causesOf(failures) }
}

type UnitRow = Omit<Extract<WorkEvent, { event: 'unit' }>, 'event' | 'causes'> & { told: number }
type ScriptRow = ScriptFacts & { failures: Failure[]; changed: number }

const unitRows = (seen: string) => `
select told.id as told, told.unit, unit.actor, unit.source,
  coalesce(unit.logins, '{}') as logins, ${isoTime('coalesce(unit.created_at, min(operation.created_at))')} as at, count(*) as operations,
  coalesce(array_agg(distinct server.name) filter (where server.name is not null), '{}') as servers,
  min(operation.model || ':' || operation.object_key) as object,
  count(distinct (operation.model, operation.object_key)) as objects,
  coalesce((array_agg(json_build_object('object', operation.model || ':' || operation.object_key,
    'action', operation.action, 'outcome', operation.outcome, 'error', operation.error))
    filter (where operation.server_id is null and operation.outcome = 'failure'))[1:$4], '{}') as failures
from unnest($1::uuid[], $2::bigint[], $3::bigint[], $5::bigint[]) as told(unit, first, last, id)
left join orchestra.unit on unit.id = told.unit
join orchestra.operation on (operation.unit_id = told.unit or operation.id = any(unit.carried))
  and operation.id between told.first and told.last and ${seen}
left join orchestra.server on server.id = operation.server_id
group by told.id, told.unit, unit.actor, unit.source, unit.logins, unit.created_at`

const SCRIPTS = `
select log.id as log, server.name as server, log.backend, log.state, log.attempt, log.error,
  ${isoTime('coalesce(log.started_at, log.created_at)')} as "startedAt", ${isoTime('log.ended_at')} as "endedAt",
  coalesce(listed.operations, 0) as operations, coalesce(listed.changed, 0) as changed,
  coalesce(listed.failures, '[]') as failures
from orchestra.log
join orchestra.server on server.id = log.server_id
left join lateral (
  select count(*) as operations, count(*) filter (where part.changed) as changed,
    (select json_agg(json_build_object('object', failed.model || ':' || failed.object_key, 'action', failed.action,
        'outcome', ended.outcome, 'error', ended.error))
      from (
        select * from orchestra.log_operation as one
        where one.log_id = log.id and one.outcome not in ('success', 'nothing') order by one.position limit $2
      ) as ended
      join orchestra.operation as failed on failed.id = ended.operation_id) as failures
  from orchestra.log_operation as part where part.log_id = log.id
) as listed on true
where log.id = any($1::bigint[])`
