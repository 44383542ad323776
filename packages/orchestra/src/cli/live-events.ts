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

/** Rows become visible in another order than they were numbered in, so a few older ones are looked at again. */
const OVERLAP = 500
/** Failures that are told one by one. */
const MOST_FAILURES = 20
/** More are not looked into. */
const MOST_READ = 1_000

/** Remembers what was told, so that each look answers what is new. */
export class WorkEvents {
  readonly #store: Store
  #lastOperation = 0
  #lastLog = 0
  #toldLogs = new Map<number, 'open' | 'ended'>()
  readonly #troubles: Troubles

  constructor(store: Store) {
    this.#store = store
    this.#troubles = new Troubles(store)
  }

  /** What happened before is not told: of scripts that run already, only how they end. */
  async begin(): Promise<void> {
    const [last] = await this.#store.query<{ operation: number; log: number }>(
      `select (select coalesce(max(id), 0) from orchestra.operation) as operation,
         (select coalesce(max(id), 0) from orchestra.log) as log`,
    )
    this.#lastOperation = last?.operation ?? 0
    this.#lastLog = last?.log ?? 0
    await this.#scripts()
    await this.#troubles.begin()
  }

  async next(): Promise<WorkEvent[]> {
    return [...(await this.#units()), ...(await this.#scripts()), ...(await this.#troubles.next())]
  }

  async #units(): Promise<WorkEvent[]> {
    const rows = await this.#store.query<UnitRow>(NEW_UNITS, [this.#lastOperation, MOST_READ])
    this.#lastOperation = Math.max(this.#lastOperation, ...rows.map((row) => row.lastId))
    return rows.map(({ lastId: _, ...unit }) => ({ event: 'unit', ...unit, ...byCause(unit.failures) }))
  }

  async #scripts(): Promise<WorkEvent[]> {
    const open = [...this.#toldLogs].flatMap(([id, state]) => (state === 'open' ? [id] : []))
    const from = this.#lastLog - OVERLAP
    const rows = await this.#store.query<ScriptRow>(SCRIPTS, [from, open, this.#ended(), MOST_READ])
    const events = rows.flatMap((row) => this.#tell(row))
    this.#forget()
    return events
  }

  #ended(): number[] {
    return [...this.#toldLogs].flatMap(([id, state]) => (state === 'ended' ? [id] : []))
  }

  #tell({ failures, changed, ...script }: ScriptRow): WorkEvent[] {
    const told = this.#toldLogs.get(script.log)
    const hasEnded = script.endedAt !== null
    // Without a look in between, that it ended says it began.
    const isOld = told === undefined && script.log <= this.#lastLog - OVERLAP
    if (isOld || (told === 'open' && !hasEnded)) return []
    this.#toldLogs.set(script.log, hasEnded ? 'ended' : 'open')
    this.#lastLog = Math.max(this.#lastLog, script.log)
    return [
      hasEnded
        ? { event: 'ended', ...script, ...byCause(failures), changed }
        : { event: 'started', ...script },
    ]
  }

  #forget(): void {
    for (const [id, state] of this.#toldLogs)
      if (state === 'ended' && id < this.#lastLog - OVERLAP) this.#toldLogs.delete(id)
  }
}

function byCause(failures: readonly Failure[]): { failures: Failure[]; causes: Cause[] } {
  return { failures: failures.slice(0, MOST_FAILURES), causes: causesOf(failures) }
}

type UnitRow = Omit<Extract<WorkEvent, { event: 'unit' }>, 'event' | 'causes'> & { lastId: number }
type ScriptRow = ScriptFacts & { failures: Failure[]; changed: number }

const NEW_UNITS = `
select max(operation.id) as "lastId", operation.unit_id as unit, unit.actor, unit.source,
  coalesce(unit.logins, '{}') as logins, ${isoTime('coalesce(unit.created_at, min(operation.created_at))')} as at, count(*) as operations,
  coalesce(array_agg(distinct server.name) filter (where server.name is not null), '{}') as servers,
  min(operation.model || ':' || operation.object_key) as object,
  count(distinct (operation.model, operation.object_key)) as objects,
  coalesce((array_agg(json_build_object('object', operation.model || ':' || operation.object_key,
    'action', operation.action, 'outcome', operation.outcome, 'error', operation.error))
    filter (where operation.server_id is null and operation.outcome = 'failure'))[1:$2], '{}') as failures
from orchestra.operation
left join orchestra.unit on unit.id = operation.unit_id
left join orchestra.server on server.id = operation.server_id
where operation.id > $1
group by operation.unit_id, unit.actor, unit.source, unit.logins, unit.created_at
order by max(operation.id)`

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
        where one.log_id = log.id and one.outcome not in ('success', 'nothing') order by one.position limit $4
      ) as ended
      join orchestra.operation as failed on failed.id = ended.operation_id) as failures
  from orchestra.log_operation as part where part.log_id = log.id
) as listed on true
where (log.id > $1 or log.id = any($2::bigint[])) and log.id <> all($3::bigint[])
order by log.id`
