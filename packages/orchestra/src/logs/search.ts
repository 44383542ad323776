import {
  type Condition,
  type Counted,
  choice,
  countRows,
  type Filters,
  moment,
  type Narrowed,
  named,
  numbered,
  oneOf,
  type Parameter,
  queryWith,
  seenRows,
  serverNamed,
} from '../query/index.ts'
import type { Queryable } from '../store/index.ts'
import { type LogSummary, SUMMARY_COLUMNS, SUMMARY_TABLES } from './reader.ts'
import { failureStates, type LogState, logStates } from './state.ts'

export interface LogSearch extends Narrowed {
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
}

const DEFAULT_LIMIT = 50

/** Logs that fit, newest first. */
export function listLogs(store: Queryable, search: LogSearch = {}): Promise<LogSummary[]> {
  const { before, limit = DEFAULT_LIMIT } = search
  const behind: Condition[] = before === undefined ? [] : [(parameter) => `log.id < ${parameter(before)}`]
  return queryWith<LogSummary>(
    store,
    (parameter, all) =>
      `select ${SUMMARY_COLUMNS} from ${SUMMARY_TABLES}
       where ${all([...behind, ...conditionsOf(search)])}
       order by log.id desc
       limit ${parameter(limit)}`,
  )
}

/** How many logs fit. */
export function countLogs(store: Queryable, search: LogSearch): Promise<Counted> {
  return countRows(store, TABLES, conditionsOf(search))
}

const TABLES = 'orchestra.log join orchestra.server on server.id = log.server_id'

function conditionsOf(search: LogSearch): Condition[] {
  const { server, backend, state, since, object, text, where = [] } = search
  const conditions = [seenRows(search, 'log', 'log'), ...where]
  if (server !== undefined) conditions.push((parameter) => `server.name = ${parameter(server)}`)
  if (backend !== undefined) conditions.push((parameter) => `log.backend = ${parameter(backend)}`)
  if (state !== undefined) conditions.push((parameter) => `log.state = ${parameter(state)}`)
  if (since !== undefined) conditions.push((parameter) => `log.created_at >= ${parameter(since)}`)
  if (object !== undefined) conditions.push((parameter) => holdsObject(object, parameter))
  if (text !== undefined && text !== '') conditions.push((parameter) => holdsText(text, parameter))
  return conditions
}

const failedStates = failureStates.map((state) => `'${state}'`).join(', ')

/** What a list of logs can be narrowed by. */
export const logFilters: Filters = {
  by: {
    server: serverNamed('log.server_id'),
    backend: named('log.backend', 'A backend'),
    object: {
      about: 'An operation of this object, such as `object:site:12`',
      fault: (value) => (value.includes(':') ? undefined : 'an object is MODEL:KEY'),
      where: (values, parameter) => `(${values.map((value) => holdsObject(value, parameter)).join(' or ')})`,
    },
    state: oneOf('log.state', logStates, 'How it stands'),
    is: choice(
      {
        running: 'log.ended_at is null',
        failed: `log.state in (${failedStates})`,
        ended: 'log.ended_at is not null',
      },
      'How it stands, in short',
    ),
    log: numbered('log.id', 'Its number'),
    since: moment('log.created_at', 'since'),
    until: moment('log.created_at', 'until'),
  },
  text: { about: 'What stands in the script or in the output, to the letter', where: holdsText },
}

function holdsObject(object: string, value: Parameter): string {
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
function holdsText(text: string, value: Parameter): string {
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
