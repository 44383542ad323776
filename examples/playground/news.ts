import type { Outcome, Store } from 'orchestrajs'

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
/** Of all unit ids the last. */
const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** Reads what happened since it was last asked. */
export class NewsReader {
  readonly #store: Store
  readonly #begun = new Set<number>()
  /** The last unit that was told: when it was collected and made, as the database writes it, and its id. */
  #lastUnit: readonly [string, string, string]
  #lastLog: number

  private constructor(store: Store, start: { at: string; log: number }) {
    this.#store = store
    this.#lastUnit = [start.at, start.at, lastId]
    this.#lastLog = start.log
  }

  /** Begins now: what happened before is no news. */
  static async from(store: Store): Promise<NewsReader> {
    const [start] = await store.query<{ at: string; log: number }>(
      'select clock_timestamp()::text as at, coalesce(max(id), 0) as log from orchestra.log',
    )
    return new NewsReader(store, start ?? { at: '-infinity', log: 0 })
  }

  async next(): Promise<News[]> {
    const units = await this.#nextUnits()
    return [...units, ...(await this.#nextScripts())]
  }

  async #nextUnits(): Promise<UnitNews[]> {
    const rows = await this.#store.query<UnitRow>(unitSql, this.#lastUnit)
    const last = rows.at(-1)
    if (last !== undefined) this.#lastUnit = [last.collected, last.created, last.id]
    return Promise.all(rows.map((row) => this.#unit(row)))
  }

  async #unit({ id, at, actor, source, count }: UnitRow): Promise<UnitNews> {
    const operations = await this.#store.query<OperationNews>(unitOperationSql, [id, mostShown])
    return { kind: 'unit', id, at, actor, source, operations, count }
  }

  async #nextScripts(): Promise<ScriptNews[]> {
    const rows = await this.#store.query<ScriptRow>(scriptSql, [this.#lastLog, [...this.#begun]])
    const news: ScriptNews[] = []
    for (const row of rows) {
      this.#lastLog = Math.max(this.#lastLog, row.id)
      if (row.state === null) this.#begun.add(row.id)
      else this.#begun.delete(row.id)
      news.push(await this.#script(row))
    }
    return news
  }

  async #script(row: ScriptRow): Promise<ScriptNews> {
    const operations =
      row.state === null
        ? []
        : await this.#store.query<OperationNews>(scriptOperationSql, [row.id, mostShown])
    return { ...row, kind: 'script', operations }
  }
}

interface UnitRow {
  id: string
  at: Date
  collected: string
  created: string
  actor: string | null
  source: string | null
  count: number
}

type ScriptRow = Omit<ScriptNews, 'kind' | 'operations'>

const unitSql = `
select id, created_at as at, collected_at::text as collected, created_at::text as created, actor, source,
  (select count(*) from orchestra.operation where unit_id = unit.id) as count
from orchestra.unit where (collected_at, created_at, id) > ($1::timestamptz, $2::timestamptz, $3::uuid)
order by collected_at, created_at, id limit 200`

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
select id, outcome, changed, error, id as place from orchestra.operation where unit_id = $1 order by id`)

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
where log.id > $1 or (log.id = any($2::bigint[]) and log.ended_at is not null)
order by log.id limit 200`

/** Failures first: they are what somebody looks for. */
const scriptOperationSql = describeOperations(`
select operation_id as id, outcome, changed, error,
  row_number() over (order by outcome in ('success', 'nothing'), position) as place
from orchestra.log_operation where log_id = $1 order by place`)
