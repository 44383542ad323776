import { isoTime } from '../logs/index.ts'
import {
  type Condition,
  type Counted,
  choice,
  countRows,
  type Filters,
  moment,
  type Narrowed,
  named,
  objectNamed,
  queryWith,
  seenRows,
  serverNamed,
  textIn,
} from '../query/index.ts'
import type { Queryable } from '../store/index.ts'
import type { TransferStep } from './transfer.ts'

/** Data on its way from one server to another, as people and programs are shown it. Times are ISO 8601. */
export interface TransferView {
  id: number
  backend: string
  /** `model:key` */
  object: string
  from: string
  to: string
  step: TransferStep
  /** A worker is at it right now. */
  running: boolean
  /** Copied by the present or the last try. */
  bytes: number
  since: string
  attempt: number
  /** Why the last try failed. */
  error: string | null
  nextTry: string | null
  /** Why it does not begin. */
  waitsFor: string | null
}

export interface TransferSearch extends Narrowed {
  /** Default 100. */
  limit?: number | undefined
  /** `model:key`, for those of one object. */
  object?: string | undefined
  /** Number of the last one of the page before. */
  after?: number | undefined
}

/** Transfers that have not ended, the oldest first. */
export function listTransfers(store: Queryable, search: TransferSearch = {}): Promise<TransferView[]> {
  const { limit = 100, after = 0 } = search
  const behind: Condition = (parameter) => `transfer.id > ${parameter(after)}`
  return queryWith<TransferView>(
    store,
    (parameter, all) =>
      `${VIEW} where ${all([behind, ...conditionsOf(search)])}
       order by transfer.id limit ${parameter(limit)}`,
  )
}

/** How many of them there are. */
export function countTransfers(store: Queryable, search: TransferSearch): Promise<Counted> {
  return countRows(store, TABLES, conditionsOf(search))
}

function conditionsOf(search: TransferSearch): Condition[] {
  const { object, where = [] } = search
  const ofObject: Condition[] =
    object === undefined ? [] : [(parameter) => objectNamed('transfer').where([object], parameter)]
  return [() => 'transfer.ended_at is null', seenRows(search, 'transfer', 'transfer'), ...ofObject, ...where]
}

const RUNNING = `coalesce(transfer.owner is not null and transfer.expires_at > now(), false)`

const TABLES = `orchestra.transfer
join orchestra.server source on source.id = transfer.from_server
join orchestra.server target on target.id = transfer.to_server
left join orchestra.placement on placement.key_hash = transfer.key_hash and placement.model = transfer.model
  and placement.backend = transfer.backend and placement.server_id = transfer.to_server`

const VIEW = `
select transfer.id, transfer.backend, transfer.model || ':' || transfer.object_key as object, source.name as from,
  target.name as to, transfer.step, ${RUNNING} as running, transfer.bytes,
  ${isoTime('transfer.created_at')} as since, transfer.attempt, transfer.error,
  case when not ${RUNNING} and transfer.due_at > now() then ${isoTime('transfer.due_at')} end as "nextTry",
  case when ${RUNNING} then null
    when exists (select from orchestra.setting where name = 'paused') then 'everything is paused'
    when source.held_at is not null then 'the server ' || source.name || ' is held'
    when target.held_at is not null then 'the server ' || target.name || ' is held'
    when placement.state is distinct from 'applied' then 'the object is not applied on ' || target.name || ' yet'
  end as "waitsFor"
from ${TABLES}`

/** What a list of transfers can be narrowed by. */
export const transferFilters: Filters = {
  by: {
    from: serverNamed('transfer.from_server'),
    to: serverNamed('transfer.to_server'),
    backend: named('transfer.backend', 'A backend'),
    model: named('transfer.model', 'A model'),
    object: objectNamed('transfer'),
    is: choice({ running: RUNNING, failing: 'transfer.error is not null' }, 'How it stands'),
    since: moment('transfer.created_at', 'since'),
    until: moment('transfer.created_at', 'until'),
  },
  text: {
    about: 'What stands in the object or in the error',
    where: textIn('transfer.object_key', 'transfer.error'),
  },
}
