import { type EventCursor, eventsFromNow, type Outcome, readEvents, type Store, type Told } from 'orchestrajs'

/** One operation as the view shows it. */
export interface OperationNews {
  action: string
  object: string
  /** What names the object for people, here its domain. */
  identity: string | null
  backend: string | null
  server: string | null
  outcome: Outcome | null
  changed: boolean | null
  error: string | null
  /** Milliseconds until it is tried again; null where it is not. */
  retryIn: number | null
}

/** A unit of work that was collected: what somebody committed, and whom it concerns. */
export interface UnitNews {
  kind: 'unit'
  id: string
  at: Date
  actor: string | null
  source: string | null
  /** The first of them; `count` tells how many there are. */
  operations: OperationNews[]
  count: number
}

/** A script that began or ended. */
export interface ScriptNews {
  kind: 'script'
  id: number
  at: Date
  server: string
  backend: string
  /** Null while it runs. */
  state: string | null
  error: string | null
  milliseconds: number | null
  operations: OperationNews[]
  count: number
  changed: number
  failed: number
}

export type News = UnitNews | ScriptNews

/** Enough for a terminal; the rest is counted. */
const mostShown = 12

/** Reads what happened since it was last asked: which events there are, and then what each of them leads to. */
export class NewsReader {
  readonly #store: Store
  #cursor: EventCursor

  private constructor(store: Store, cursor: EventCursor) {
    this.#store = store
    this.#cursor = cursor
  }

  /** Begins now: what happened before is no news. */
  static async from(store: Store): Promise<NewsReader> {
    return new NewsReader(store, await eventsFromNow(store))
  }

  /** What could not be told is told the next time. */
  async next(): Promise<News[]> {
    const news: News[] = []
    let cursor = this.#cursor
    for (let more = true; more; ) {
      const page = await readEvents(this.#store, cursor)
      for (const event of page.events) news.push(...(await this.#tell(event)))
      cursor = page.next
      more = page.more
    }
    this.#cursor = cursor
    return news
  }

  async #tell(event: Told): Promise<News[]> {
    if (event.kind === 'unit') return this.#unit(event)
    if (event.kind === 'script-started' || event.kind === 'script-ended') return this.#script(event)
    return []
  }

  async #unit({ unit, first, last, operations: count }: Told & { kind: 'unit' }): Promise<News[]> {
    const rows = await this.#store.query<UnitRow>(unitSql, [unit])
    const operations = await this.#store.query<OperationNews>(unitOperationSql, [
      unit,
      mostShown,
      first,
      last,
    ])
    return rows.map((row) => ({ ...row, kind: 'unit', operations, count }))
  }

  async #script({ kind, log }: Told & { log: number }): Promise<News[]> {
    const [row] = await this.#store.query<ScriptRow>(scriptSql, [log])
    if (row === undefined) return []
    // That it ended says that it began.
    if (kind === 'script-started')
      return row.state === null ? [{ ...row, kind: 'script', operations: [] }] : []
    const operations = await this.#store.query<OperationNews>(scriptOperationSql, [log, mostShown])
    return [{ ...row, kind: 'script', operations }]
  }
}

type UnitRow = Pick<UnitNews, 'id' | 'at' | 'actor' | 'source'>

type ScriptRow = Omit<ScriptNews, 'kind' | 'operations'>

const unitSql = 'select id, created_at as at, actor, source from orchestra.unit where id = $1'

/** Joins only the few that are shown: a unit can have any number of operations. */
const describeOperations = (few: string) => `
select operation.action, operation.model || ':' || operation.object_key as object, operation.backend,
  server.name as server, few.outcome, few.changed, few.error,
  coalesce(operation.snapshot ->> 'domain', placement.identity) as identity,
  case when operation.state = 'waiting' and operation.due_at > now()
    then (extract(epoch from operation.due_at - now()) * 1000)::integer end as "retryIn"
from (${few} limit $2) as few
join orchestra.operation on operation.id = few.id
left join orchestra.server on server.id = operation.server_id
left join orchestra.placement on placement.key_hash = operation.key_hash and placement.model = operation.model
  and placement.backend = operation.backend and placement.server_id = operation.server_id
order by few.place`

const unitOperationSql = describeOperations(`
select id, outcome, changed, error, id as place from orchestra.operation
where (unit_id = $1 or id = any(select unnest(carried) from orchestra.unit where unit.id = $1)) and id between $3 and $4
order by id`)

const scriptSql = `
select log.id, coalesce(log.ended_at, log.started_at, log.created_at) as at, server.name as server, log.backend,
  case when log.ended_at is not null then log.state end as state, log.error,
  (extract(epoch from log.ended_at - coalesce(log.started_at, log.created_at)) * 1000)::integer as milliseconds,
  listed.count, listed.changed, listed.failed
from orchestra.log
join orchestra.server on server.id = log.server_id
cross join lateral (
  select count(*) as count, count(*) filter (where changed) as changed,
    count(*) filter (where outcome not in ('success', 'nothing')) as failed
  from orchestra.log_operation where log_id = log.id
) as listed
where log.id = $1`

/** Failures first: they are what somebody looks for. */
const scriptOperationSql = describeOperations(`
select operation_id as id, outcome, changed, error,
  row_number() over (order by outcome in ('success', 'nothing'), position) as place
from orchestra.log_operation where log_id = $1 order by place`)
