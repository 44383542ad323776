import { type EventCursor, eventsFromNow, readEvents, type Told } from '../events/index.ts'
import { isoTime } from '../logs/index.ts'
import type { LogState } from '../logs/state.ts'
import { type Cause, causesOf } from '../placements/index.ts'
import type { Store } from '../store/index.ts'
import { type Trouble, Troubles } from './trouble-events.ts'

/** One thing that happened, as `orchestra up --json` prints it. Times are ISO 8601. */
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

/** Failures that are told one by one. */
const MOST_FAILURES = 20
/** More are not looked into. */
const MOST_READ = 1_000

/** Follows what happens, and looks into each of it. */
export class WorkEvents {
  readonly #store: Store
  readonly #troubles: Troubles
  #cursor: EventCursor | undefined

  constructor(store: Store) {
    this.#store = store
    this.#troubles = new Troubles(store)
  }

  /** What happened before is not told: of scripts that run already, only how they end. */
  async begin(): Promise<void> {
    this.#cursor = await eventsFromNow(this.#store)
  }

  /** When a look fails, the next one tells what it would have told. */
  async next(): Promise<WorkEvent[]> {
    this.#cursor ??= await eventsFromNow(this.#store)
    const page = await readEvents(this.#store, this.#cursor)
    const told = [
      ...(await this.#units(page.events)),
      ...(await this.#scripts(page.events)),
      ...(await this.#troubles.next(page.events)),
    ]
    this.#cursor = page.next
    return page.more ? [...told, ...(await this.next())] : told
  }

  async #units(events: readonly Told[]): Promise<WorkEvent[]> {
    const units = events.filter((event) => event.kind === 'unit')
    if (units.length === 0) return []
    const rows = await this.#store.query<UnitRow>(UNITS, [
      units.map(({ unit }) => unit),
      units.map(({ first }) => first),
      units.map(({ last }) => last),
      MOST_READ,
    ])
    return rows.map((unit) => ({ event: 'unit', ...unit, ...byCause(unit.failures) }))
  }

  async #scripts(events: readonly Told[]): Promise<WorkEvent[]> {
    const scripts = events.filter(({ kind }) => kind === 'script-started' || kind === 'script-ended')
    const logs = scripts.flatMap((event) => ('log' in event ? [event.log] : []))
    if (logs.length === 0) return []
    const rows = await this.#store.query<ScriptRow>(SCRIPTS, [logs, MOST_READ])
    const byLog = new Map(rows.map((row) => [row.log, row]))
    return scripts.flatMap((event) => ('log' in event ? tellScript(event.kind, byLog.get(event.log)) : []))
  }
}

/** Of one that has ended by now, that it ended says that it began. */
function tellScript(kind: Told['kind'], row: ScriptRow | undefined): WorkEvent[] {
  if (row === undefined) return []
  const { failures, changed, ...script } = row
  if (kind === 'script-ended') return [{ event: 'ended', ...script, ...byCause(failures), changed }]
  return script.endedAt === null ? [{ event: 'started', ...script }] : []
}

function byCause(failures: readonly Failure[]): { failures: Failure[]; causes: Cause[] } {
  return { failures: failures.slice(0, MOST_FAILURES), causes: causesOf(failures) }
}

type UnitRow = Omit<Extract<WorkEvent, { event: 'unit' }>, 'event' | 'causes'>
type ScriptRow = ScriptFacts & { failures: Failure[]; changed: number }

const UNITS = `
select operation.unit_id as unit, unit.actor, unit.source,
  coalesce(unit.logins, '{}') as logins, ${isoTime('coalesce(unit.created_at, min(operation.created_at))')} as at, count(*) as operations,
  coalesce(array_agg(distinct server.name) filter (where server.name is not null), '{}') as servers,
  min(operation.model || ':' || operation.object_key) as object,
  count(distinct (operation.model, operation.object_key)) as objects,
  coalesce((array_agg(json_build_object('object', operation.model || ':' || operation.object_key,
    'action', operation.action, 'outcome', operation.outcome, 'error', operation.error))
    filter (where operation.server_id is null and operation.outcome = 'failure'))[1:$4], '{}') as failures
from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as told(unit, first, last)
join orchestra.operation on operation.unit_id = told.unit and operation.id between told.first and told.last
left join orchestra.unit on unit.id = operation.unit_id
left join orchestra.server on server.id = operation.server_id
group by told.last, operation.unit_id, unit.actor, unit.source, unit.logins, unit.created_at
order by told.last`

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
