import { type Narrowing, narrowed, type Queryable } from '../store/index.ts'
import { type LogSummary, SUMMARY_COLUMNS, SUMMARY_TABLES } from './reader.ts'
import type { LogState } from './state.ts'

export interface LogSearch {
  /** `model:key` */
  object?: string
  server?: string
  backend?: string
  state?: LogState
  /** Bytes that stand in the script or in the output. */
  text?: string
  /** Created at or after. */
  since?: Date
  /** Default 50. */
  limit?: number
  /** Id of the last log of the page before. */
  before?: number
  /** Those alone that somebody may see. */
  visible?: Narrowing
}

const DEFAULT_LIMIT = 50

/** Logs that fit, newest first. */
export function listLogs(store: Queryable, search: LogSearch = {}): Promise<LogSummary[]> {
  const values: unknown[] = []
  const value = (next: unknown) => `$${values.push(next)}`
  const conditions = [...conditionsOf(search, value), narrowed(search.visible, 'log', 'log', values)]
  return store.query<LogSummary>(
    `select ${SUMMARY_COLUMNS}
     from ${SUMMARY_TABLES}
     where ${['true', ...conditions].join(' and ')}
     order by log.id desc
     limit ${value(search.limit ?? DEFAULT_LIMIT)}`,
    values,
  )
}

function conditionsOf(search: LogSearch, value: (next: unknown) => string): string[] {
  const conditions: string[] = []
  if (search.before !== undefined) conditions.push(`log.id < ${value(search.before)}`)
  if (search.server !== undefined) conditions.push(`server.name = ${value(search.server)}`)
  if (search.backend !== undefined) conditions.push(`log.backend = ${value(search.backend)}`)
  if (search.state !== undefined) conditions.push(`log.state = ${value(search.state)}`)
  if (search.since !== undefined) conditions.push(`log.created_at >= ${value(search.since)}`)
  if (search.object !== undefined) conditions.push(holdsObject(search.object, value))
  if (search.text !== undefined && search.text !== '') conditions.push(holdsText(search.text, value))
  return conditions
}

function holdsObject(object: string, value: (next: unknown) => string): string {
  const colon = object.indexOf(':')
  const model = value(object.slice(0, Math.max(colon, 0)))
  const key = value(object.slice(colon + 1))
  return `log.id in (
    select listed.log_id
    from orchestra.operation
    join orchestra.log_operation as listed on listed.operation_id = operation.id
    where operation.key_hash = md5(${key})::uuid and operation.object_key = ${key} and operation.model = ${model}
  )`
}

/** A chunk is searched together with the beginning of the next one of its stream, because a text may be cut in two. */
function holdsText(text: string, value: (next: unknown) => string): string {
  const bytes = value(Buffer.from(text))
  const overlap = value(Buffer.byteLength(text) - 1)
  // A script cannot hold a NUL byte, and a text parameter cannot either.
  const inScript = text.includes('\0')
    ? 'false'
    : `position(${value(text.toWellFormed())}::text in log.script) > 0`
  return `(${inScript} or exists (
    select from (
      select data || coalesce(
        substring(lead(data) over (partition by stream, position order by sequence) for ${overlap}::integer), ''
      ) as data
      from orchestra.log_chunk
      where log_id = log.id
    ) as chunk
    where position(${bytes}::bytea in chunk.data) > 0
  ))`
}
