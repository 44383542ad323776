import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/iso-time.ts'
import { audit } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { type ChannelRow, type Target, targetOf } from './channel.ts'
import type { Message } from './message.ts'
import { failureText, sendMessage } from './send.ts'

/** Something that a channel was told, or is to be. Times are ISO 8601. */
export interface DeliveryView {
  id: number
  channel: string
  state: 'waiting' | 'sent' | 'failed'
  /** Tries so far. */
  attempt: number
  nextTry: string | null
  error: string | null
  createdAt: string
  endedAt: string | null
  message: Message
}

/** Seconds that a message is one process's to send; then it is taken for lost, and sent again. */
const LEASE = 120
/** Tries before it is given up: about ten hours. */
const ATTEMPTS = 16

/** Channels that are to be told something by now. */
export async function dueChannels(db: Queryable): Promise<number[]> {
  const rows = await db.query<{ channel: number }>(
    `select distinct channel_id as channel from orchestra.delivery where state = 'waiting' and due_at <= now()`,
  )
  return rows.map(({ channel }) => channel)
}

interface Due extends ChannelRow {
  id: number
  attempt: number
  message: Message
}

/**
 * Sends the next message that is due to a channel. One that fails is tried again, later each time; it has the same id each time, by
 * which receivers know it.
 */
export async function deliverNext(store: Store, channel: number): Promise<'sent' | 'failed' | 'none'> {
  const [due] = await store.query<Due>(TAKE, [channel, LEASE])
  if (due === undefined) return 'none'
  let target: Target | undefined
  try {
    target = targetOf(store, due)
    await sendMessage(target, `delivery-${due.id}`, due.message)
  } catch (error) {
    await store.query(FAILED, [due.id, failureText(error, target), delayOf(due.attempt), ATTEMPTS])
    return 'failed'
  }
  await store.query(SENT, [due.id])
  return 'sent'
}

/** Seconds: 5 after the first try, twice as long after each other, an hour at most. */
function delayOf(attempt: number): number {
  return Math.min(3_600, 5 * 2 ** (attempt - 1))
}

/** The newest first. */
export function listDeliveries(
  db: Queryable,
  {
    channel = null,
    before = null,
    limit = 50,
  }: { channel?: string | null; before?: number | null; limit?: number },
): Promise<DeliveryView[]> {
  return db.query<DeliveryView>(LIST, [channel, before, limit])
}

/**
 * Sends once more what was sent or given up, with the same id; what waits is sent at once.
 * @throws OrchestraError ORC_DELIVERY_UNKNOWN
 */
export function repeatDelivery(store: Store, id: number, by: string): Promise<DeliveryView> {
  return store.transaction(async (tx) => {
    const [again] = await tx.query<{ id: number }>(AGAIN, [id])
    if (again === undefined)
      throw new OrchestraError('ORC_DELIVERY_UNKNOWN', `No delivery ${id} is known`, {
        hint: '`orchestra channel deliveries` lists them; retention drops them later',
      })
    const [view] = await tx.query<DeliveryView>(LIST, [null, id + 1, 1])
    await audit(tx, {
      by,
      action: 'delivery.repeat',
      target: `delivery ${id}`,
      detail: { channel: view?.channel },
    })
    return view as DeliveryView
  })
}

const AGAIN = `
update orchestra.delivery set state = 'waiting', attempt = 0, due_at = now(), ended_at = null, error = null
where id = $1 returning id`

const TAKE = `
update orchestra.delivery d set attempt = d.attempt + 1, due_at = now() + $2 * interval '1 second'
from orchestra.channel c
where c.id = d.channel_id and d.id in (
  select id from orchestra.delivery where channel_id = $1 and state = 'waiting' and due_at <= now() order by due_at, id limit 1
  for update skip locked)
returning d.id, d.attempt, d.message, c.name, c.kind, c.target, c.secret`

const SENT = `update orchestra.delivery set state = 'sent', ended_at = now(), error = null where id = $1`

const FAILED = `
update orchestra.delivery set error = $2, due_at = now() + $3 * interval '1 second',
  state = case when attempt >= $4 then 'failed' else 'waiting' end, ended_at = case when attempt >= $4 then now() end
where id = $1`

const LIST = `
select d.id, c.name as channel, d.state, d.attempt, case when d.state = 'waiting' then ${isoTime('d.due_at')} end as "nextTry",
  d.error, ${isoTime('d.created_at')} as "createdAt", ${isoTime('d.ended_at')} as "endedAt", d.message
from orchestra.delivery d join orchestra.channel c on c.id = d.channel_id
where ($1::text is null or c.name = $1) and ($2::bigint is null or d.id < $2)
order by d.id desc limit $3`
