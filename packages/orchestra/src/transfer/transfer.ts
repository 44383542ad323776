import { tell } from '../events/index.ts'
import { foundState } from '../operations/found-state.ts'
import type { ServerRow } from '../server/index.ts'
import { type Queryable, storable } from '../store/index.ts'

/** What a transfer has come to; each step is recorded before the next is begun. */
export type TransferStep = 'copy' | 'verify' | 'switch' | 'done'

/** Seconds until a worker that stopped renewing is taken for dead, as with lanes. */
export const LEASE_SECONDS = 10

/** A transfer as its next step needs it, read anew for each. */
export interface Transfer {
  id: number
  backend: string
  model: string
  object_key: string
  step: TransferStep
  attempt: number
  from: ServerRow
  to: ServerRow
  /** The object as it was placed on the old server; null where nothing is known to stand there. */
  original: unknown
  /** The object as it is placed on the new server; null until it stands there. */
  placed: unknown
}

/**
 * The new place stands, nobody lets one of the servers wait, and nothing is being done to the object on the old server: a rename that
 * runs there would move the data away from under the copy.
 */
const READY = `
  source.removed_at is null and source.held_at is null and target.removed_at is null and target.held_at is null
  and not exists (select from orchestra.setting where name = 'paused')
  and exists (
    select from orchestra.placement p where p.key_hash = transfer.key_hash and p.model = transfer.model
      and p.backend = transfer.backend and p.server_id = transfer.to_server and p.state = 'applied')
  and not exists (
    select from orchestra.operation o where o.key_hash = transfer.key_hash and o.model = transfer.model
      and o.backend = transfer.backend and o.server_id = transfer.from_server and ${foundState('o')} = 'running')`

const CLAIM = `
update orchestra.transfer set owner = $1, expires_at = clock_timestamp() + interval '${LEASE_SECONDS} seconds', attempt = attempt + 1
where id in (
  select transfer.id from orchestra.transfer
  join orchestra.server source on source.id = transfer.from_server
  join orchestra.server target on target.id = transfer.to_server
  where transfer.ended_at is null and transfer.due_at <= now()
    and (transfer.owner is null or transfer.expires_at < clock_timestamp()) and transfer.id <> all($3::bigint[])
    and transfer.backend = any($4::text[]) and ${READY}
  order by transfer.attempt, transfer.id limit $2 for update of transfer skip locked
)
returning id`

/**
 * Takes transfers that are due, or that a dead worker left behind; not those that run here. What was tried least comes first, so that
 * the ones that fail again and again do not keep others waiting; of those the oldest.
 */
export async function claimTransfers(
  db: Queryable,
  owner: string,
  limit: number,
  running: readonly number[],
  backends: readonly string[],
): Promise<number[]> {
  const rows = await db.query<{ id: number }>(CLAIM, [owner, limit, running, backends])
  return rows.map((row) => row.id)
}

/** Keeps this worker's transfers; answers those that are still its own and that nobody cancelled. */
export async function renewTransfers(
  db: Queryable,
  owner: string,
  ids: readonly number[],
): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `update orchestra.transfer set expires_at = clock_timestamp() + interval '${LEASE_SECONDS} seconds'
     where owner = $1 and id = any($2::bigint[]) and ended_at is null returning id`,
    [owner, ids],
  )
  return rows.map((row) => row.id)
}

const READ = `
select transfer.id, transfer.backend, transfer.model, transfer.object_key, transfer.step, transfer.attempt,
  to_jsonb(source) as from, to_jsonb(target) as to, old.snapshot as original,
  case when new.state = 'applied' then new.snapshot end as placed
from orchestra.transfer
join orchestra.server source on source.id = transfer.from_server
join orchestra.server target on target.id = transfer.to_server
left join orchestra.placement old on old.key_hash = transfer.key_hash and old.model = transfer.model
  and old.backend = transfer.backend and old.server_id = transfer.from_server
left join orchestra.placement new on new.key_hash = transfer.key_hash and new.model = transfer.model
  and new.backend = transfer.backend and new.server_id = transfer.to_server
where transfer.id = $1 and transfer.owner = $2 and transfer.ended_at is null`

/** Undefined when the transfer is not this worker's any more, or was cancelled. */
export async function readTransfer(db: Queryable, id: number, owner: string): Promise<Transfer | undefined> {
  const [row] = await db.query<Transfer>(READ, [id, owner])
  return row
}

/** Records that a step is done. Answers false when the transfer is not this worker's any more, or was cancelled. */
export async function advance(
  db: Queryable,
  id: number,
  owner: string,
  step: TransferStep,
): Promise<boolean> {
  const rows = await db.query(
    `with moved as (
       update orchestra.transfer set step = $3, error = null,
         outcome = case when $3 = 'done' then 'success' end,
         ended_at = case when $3 = 'done' then clock_timestamp() end,
         owner = case when $3 = 'done' then null else owner end
       where id = $1 and owner = $2 and ended_at is null
       returning id, outcome, key_hash, model, backend, from_server, to_server
     ), arrived as (
       update orchestra.placement p set hollow = p.server_id = m.from_server from moved m
       where m.outcome = 'success' and p.key_hash = m.key_hash and p.model = m.model and p.backend = m.backend
         and p.server_id in (m.from_server, m.to_server)
     ), told as (${tell('transfer-ended', { transfer: 'id' }, `moved where outcome = 'success'`)})
     select id, pg_notify('orchestra_control', 'transfer'), pg_notify('orchestra_settled', '') from moved`,
    [id, owner, step],
  )
  return rows.length > 0
}

/** So many bytes have been copied in the present try. */
export async function recordBytes(db: Queryable, id: number, owner: string, bytes: number): Promise<void> {
  await db.query('update orchestra.transfer set bytes = $3 where id = $1 and owner = $2', [id, owner, bytes])
}

/** Gives a transfer back, to be tried again after so many milliseconds; from `step` on, if that is not where it stands. */
export async function postpone(
  db: Queryable,
  id: number,
  owner: string,
  { delay, error, step }: { delay: number; error: string | null; step?: TransferStep },
): Promise<void> {
  await db.query(
    `with given_back as (
       update orchestra.transfer set owner = null, expires_at = null, due_at = now() + $3 * interval '1 ms',
         error = coalesce($4, error), step = coalesce($5, step)
       where id = $1 and owner = $2 and ended_at is null returning id
     )
     ${tell('transfer-failed', { transfer: 'id' }, 'given_back where $4::text is not null')}`,
    [id, owner, delay, storable(error), step ?? null],
  )
}
