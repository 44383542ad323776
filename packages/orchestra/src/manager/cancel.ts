import { parseKey } from '../config/key.ts'
import { transfersEnded } from '../events/index.ts'
import {
  cancel as cancelled,
  isReceiving,
  lockOpenOperations,
  PLACE_COLUMNS,
  PLACE_ORDER,
  type PlaceRow,
  toRow,
  toStored,
  wakeWaiting,
  writePlaces,
} from '../places/index.ts'
import { audit } from '../server/index.ts'
import { changesIn } from '../source/index.ts'
import { givingWay, type Narrowing, narrowed, type Queryable, type Store } from '../store/index.ts'
import { conditionOf, targetName, type WorkTarget, within } from './target.ts'

export interface Cancelled {
  /** Operations that had not begun: revoked, they wait for a retry, or the next change of their object. */
  revoked: number
  /** Logs whose running scripts are being ended on their servers. */
  stopping: number[]
  /** Changes that nobody had decided about yet: they go on. */
  undecided: number
}

/**
 * Revokes what waits and ends what runs, on the server too. What else ran in the same script is done again: the outcome on an
 * operation that still runs marks the ones that are not.
 */
export async function cancel(
  store: Store,
  target: WorkTarget,
  by: string,
  reached?: Narrowing,
): Promise<Cancelled> {
  return givingWay(store, async (tx) => {
    // Counted first: what is decided meanwhile is told as going on, and not at all otherwise.
    // Of which server they will be, nobody knows, so whoever has limits is told of none.
    const undecided = reached === undefined ? await undecidedOf(tx, target) : 0
    const { condition, values } = within(conditionOf(target), reached)
    const open = await lockOpenOperations(tx, condition, values)
    const revoked = await tx.query<{ id: number }>(
      `update orchestra.operation o set state = 'done', outcome = 'revoked', error = 'cancelled by ' || $1::text,
         cancelled_by = $1::text, ended_at = clock_timestamp()
       where o.state = 'waiting' and o.id = any($2::bigint[]) returning o.id`,
      [by, open],
    )
    await stopPlaces(
      tx,
      revoked.map((operation) => operation.id),
    )
    await cancelTransfers(
      tx,
      revoked.map((operation) => operation.id),
    )
    const running: unknown[] = [by, open]
    // A script ends for all of its operations, or for none.
    const isWithin =
      reached === undefined
        ? 'true'
        : `exists (select from orchestra.log_operation own join orchestra.log script on script.id = own.log_id
             where own.operation_id = o.id and script.ended_at is null and ${narrowed(reached, 'log', 'script', running)})`
    const stopping = await tx.query<{ id: number }>(
      `with marked as (
         update orchestra.operation o set outcome = 'aborted', error = 'cancelled by ' || $1::text,
           cancelled_by = $1::text
         where o.state = 'running' and o.id = any($2::bigint[]) and ${isWithin} returning o.id
       )
       update orchestra.log g set cancel_by = $1 where g.ended_at is null and g.id in (
         select p.log_id from orchestra.log_operation p join marked on marked.id = p.operation_id) returning g.id`,
      running,
    )
    const result = { revoked: revoked.length, stopping: stopping.map((log) => log.id), undecided }
    await audit(tx, { by, action: 'cancel', target: targetName(target), detail: { ...result } })
    await tx.query(`select pg_notify('orchestra_control', 'cancel:'), pg_notify('orchestra_settled', '')`)
    return result
  })
}

async function undecidedOf(tx: Queryable, target: WorkTarget): Promise<number> {
  const changes = changesIn(tx)
  if (target.kind === 'object') return changes.countOf(target.model, parseKey(target.key))
  return target.kind === 'unit' ? ((await changes.unit(target.id))?.keys ?? 0) : 0
}

/** What is wanted there now is not tried until something else is, or somebody asks; whoever waited for it looks again. */
async function stopPlaces(tx: Queryable, revoked: readonly number[]): Promise<void> {
  const rows = await tx.query<PlaceRow>(PLACES, [revoked])
  const stopped = rows.map(toStored).map(({ row, place }) => toRow({ row, place: cancelled(place) }))
  await writePlaces(
    tx,
    stopped.map((row) => ({ row })),
  )
  await wakeWaiting(tx, { objects: stopped, names: stopped })
}

const PLACES = `
select ${PLACE_COLUMNS} from orchestra.operation o
join orchestra.placement p on p.key_hash = o.key_hash and p.model = o.model and p.backend = o.backend
  and p.server_id = o.server_id and p.operation_id = o.id
where o.id = any($1::bigint[]) order by ${PLACE_ORDER} for no key update of p`

/** Data travels so that the old place can go: when that is revoked, the data stays where it is. */
async function cancelTransfers(tx: Queryable, revoked: readonly number[]): Promise<void> {
  await tx.query(
    `with ended as (
       update orchestra.transfer t set outcome = 'cancelled', ended_at = clock_timestamp()
       from orchestra.operation o
     where o.id = any($1::bigint[]) and o.action = 'delete' and t.ended_at is null and t.key_hash = o.key_hash
       and t.model = o.model and t.backend = o.backend and t.from_server = o.server_id and not ${isReceiving('t')}
       returning t.id, t.outcome
     )
     ${transfersEnded('ended')}`,
    [revoked],
  )
}
