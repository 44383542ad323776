import type { Backend } from '../config/backend.ts'
import { tell, transfersEnded } from '../events/index.ts'
import { beginReceiving, endReceiving, isReceiving, rulesOf } from '../places/index.ts'
import type { ServerRow } from '../server/index.ts'
import { type Queryable, type Store, storable } from '../store/index.ts'

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
  /** What the copy was made for; null of one that nobody noted. */
  copied_for: string | null
  attempt: number
  from: ServerRow
  to: ServerRow
  /** The object as it was placed on the old server; null where nothing is known to stand there. */
  original: unknown
  /** The object as it is placed on the new server; null until it stands there. */
  placed: unknown
  /** The decision that gave the object its name there. */
  claim: number | null
}

/**
 * A copy that stands and waits for data, and one that goes and has it, while nobody lets one of the servers wait or works at either.
 * Or what a worker left behind that died while the target was this transfer's.
 */
const READY = `
  source.removed_at is null and source.held_at is null and target.removed_at is null and target.held_at is null
  and not exists (select from orchestra.setting where name = 'paused')
  and (${isReceiving('transfer')} or (exists (
    select from orchestra.placement p where p.key_hash = transfer.key_hash and p.model = transfer.model
      and p.backend = transfer.backend and p.server_id = transfer.to_server and p.stands = p.generation
      and p.want = 'stand' and p.data = 'awaits' and p.trying is null)
  and exists (
    select from orchestra.placement p where p.key_hash = transfer.key_hash and p.model = transfer.model
      and p.backend = transfer.backend and p.server_id = transfer.from_server and p.want = 'leave' and p.policy = 'migrate'
      and p.data = 'own' and p.trying is null and not p.names @> '[{"state": "maybe"}]')))`

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
select transfer.id, transfer.backend, transfer.model, transfer.object_key, transfer.step, transfer.copied_for, transfer.attempt, new.claim,
  to_jsonb(source) as from, to_jsonb(target) as to, old.snapshot as original,
  case when new.stands = new.generation or ${isReceiving('transfer')} then new.snapshot end as placed
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

/** Records that a step is done, and what the copy is for. Answers false when the transfer is not this worker's any more, or was cancelled. */
export async function advance(
  db: Queryable,
  id: number,
  owner: string,
  step: Exclude<TransferStep, 'done'>,
  copiedFor: string | null,
): Promise<boolean> {
  const rows = await db.query(
    `update orchestra.transfer set step = $3, copied_for = $4, error = null
     where id = $1 and owner = $2 and ended_at is null returning 1`,
    [id, owner, step, copiedFor],
  )
  return rows.length > 0
}

/**
 * Before the switch: from now on the target is the transfer's. Answers the transfer with the target as it is from now on; undefined when
 * it is not to receive data now.
 */
export function beginSwitch(
  store: Store,
  transfer: Transfer,
  owner: string,
  backend: Backend | undefined,
): Promise<Transfer | undefined> {
  return store.transaction(async (tx) => {
    if (!(await isOwn(tx, transfer, owner))) return undefined
    if (!(await beginReceiving(tx, transfer, rulesOf(backend)))) return undefined
    return readTransfer(tx, transfer.id, owner)
  })
}

/** After a switch that failed: the lane may work on the target again. */
export async function giveUpSwitch(
  store: Store,
  transfer: Transfer,
  owner: string,
  backend: Backend | undefined,
): Promise<void> {
  await store.transaction(async (tx) => {
    if (await isOwn(tx, transfer, owner)) await endReceiving(tx, transfer, 'untouched', rulesOf(backend))
  })
}

/** After the switch: the data counts where it arrived, unless one of the two is wanted otherwise since. */
export function finish(
  store: Store,
  transfer: Transfer,
  owner: string,
  backend: Backend | undefined,
): Promise<boolean> {
  return store.transaction(async (tx) => {
    if (!(await isOwn(tx, transfer, owner))) return false
    const arrived = await endReceiving(tx, transfer, 'done', rulesOf(backend))
    if (arrived === undefined) return false
    await tx.query(
      `with ended as (
         update orchestra.transfer set step = 'done', error = null, outcome = $2, ended_at = clock_timestamp(), owner = null
         where id = $1 and ended_at is null returning id, outcome
       ), told as (${transfersEnded('ended')})
       select pg_notify('orchestra_control', 'transfer'), pg_notify('orchestra_settled', '') from ended`,
      [transfer.id, arrived ? 'success' : 'cancelled'],
    )
    return true
  })
}

async function isOwn(tx: Queryable, { id }: Transfer, owner: string): Promise<boolean> {
  const rows = await tx.query(
    'select from orchestra.transfer where id = $1 and owner = $2 and ended_at is null',
    [id, owner],
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
