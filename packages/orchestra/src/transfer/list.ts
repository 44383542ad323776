import { isoTime } from '../logs/index.ts'
import { type Narrowing, narrowed, type Queryable } from '../store/index.ts'
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

export interface TransferSearch {
  /** Default 100. */
  limit?: number
  /** `model:key`, for those of one object. */
  object?: string | undefined
  /** Number of the last one of the page before. */
  after?: number | undefined
  /** Those alone that somebody may see. */
  visible?: Narrowing | undefined
}

/** Transfers that have not ended, the oldest first. */
export function listTransfers(
  store: Queryable,
  { limit = 100, object, after = 0, visible }: TransferSearch = {},
): Promise<TransferView[]> {
  const colon = object?.indexOf(':') ?? -1
  const model = object?.slice(0, Math.max(colon, 0)) ?? null
  const values: unknown[] = [limit, model, object?.slice(colon + 1) ?? null, after]
  const seen = narrowed(visible, 'transfer', 'transfer', values)
  return store.query<TransferView>(`${LIST} and ${seen} order by transfer.id limit $1`, values)
}

const RUNNING = `coalesce(transfer.owner is not null and transfer.expires_at > now(), false)`

const LIST = `
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
from orchestra.transfer
join orchestra.server source on source.id = transfer.from_server
join orchestra.server target on target.id = transfer.to_server
left join orchestra.placement on placement.key_hash = transfer.key_hash and placement.model = transfer.model
  and placement.backend = transfer.backend and placement.server_id = transfer.to_server
where transfer.ended_at is null and transfer.id > $4
  and ($2::text is null or transfer.key_hash = md5($3)::uuid and transfer.model = $2 and transfer.object_key = $3)`
