import { commonGrants, type Grant, grantsOf, type Identity } from '../access/index.ts'
import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/index.ts'
import { givingWay, type Queryable, type Store } from '../store/index.ts'
import { type Deed, type DeliveryState, grantOf, type Pointers } from './hook.ts'
import { isProven, isTimely, type Known, type Proof } from './proof.ts'

/** What a hook was told, and what came of it. Times are ISO 8601. */
export interface HookDelivery {
  id: number
  /** As the sender calls it. */
  message: string
  state: DeliveryState
  /** The unit of work, or the number of the synchronization, that tells what becomes of it. */
  result: { unit: string } | { sync: number } | null
  error: { code: string; message: string; hint: string | null } | null
  receivedAt: string
  endedAt: string | null
}

/** A message that came from the sender of a hook. */
export interface Received {
  hook: ProvenHook
  /** Of the delivery. */
  id: number
  /** It was told before, and came to its end. */
  isRepeated: boolean
}

export interface ProvenHook extends Known {
  id: number
  name: string
  does: Deed
  servers: string[] | null
  backends: string[] | null
  models: string[] | null
  pointers: Pointers
  account: number | null
  groups: string[] | null
  disabled: boolean
}

/**
 * The hook that a message is for, if it comes from its sender. Whatever is wrong with it is answered the same.
 * @throws OrchestraError ORC_HOOK_REFUSED
 */
export async function provenHook(
  db: Queryable,
  name: string,
  message: { proof: Proof; body: Buffer },
  now = new Date(),
): Promise<ProvenHook> {
  const [hook] = await db.query<ProvenHook>(HOOK, [name])
  const isWhole = isTimely(message.proof, now)
  if (isProven(message.proof, message.body, hook) && isWhole && hook !== undefined) return hook
  throw new OrchestraError('ORC_HOOK_REFUSED', 'It is no message of a sender that is known here', {
    hint: 'docs/notifications.md tells which headers it needs; the clock of the sender has to be right',
  })
}

const HOOK = `
select h.id, h.name, h.does, h.servers, h.backends, h.models, h.pointers, h.public_key as "publicKey", h.secret_hash as "secretHash",
  h.account_id as account, a.groups, a.disabled_at is not null as disabled
from orchestra.hook h left join orchestra.account a on a.id = h.account_id where h.name = $1`

/** Whom a hook stands for by now: never more than whoever it belongs to. */
export async function identityOf(db: Queryable, hook: ProvenHook): Promise<Identity> {
  const { name, account } = hook
  const grants = await presentGrants(db, hook)
  return { kind: 'token', name: `hook:${name}`, grants, accountId: account, by: null }
}

async function presentGrants(
  db: Queryable,
  { does, servers, backends, models, account, groups, disabled }: ProvenHook,
): Promise<Grant[]> {
  if (disabled) return []
  const own = grantOf(does, {
    servers: servers ?? undefined,
    backends: backends ?? undefined,
    models: models ?? undefined,
  })
  if (account === null) return [own]
  return commonGrants([own], await grantsOf(db, { kind: 'account', id: account, groups: groups ?? [] }))
}

/** Days that it is known what a hook was told, and messages of one hook. Senders repeat theirs for a day or two. */
const KEPT_DAYS = 7
/** What is kept no more is swept in pieces, so that no message waits for all of it. */
const SWEPT = 100

/** Notes a message, once however often it comes. */
export async function receive(store: Store, hook: ProvenHook, message: string): Promise<Received> {
  return store.transaction(async (tx) => {
    await tx.query(SWEEP, [hook.id, KEPT_DAYS, SWEPT])
    const [row] = await tx.query<{ id: number; isRepeated: boolean }>(RECEIVE, [hook.id, message])
    if (row === undefined) throw new Error('a message was neither new nor known')
    return { hook, ...row }
  })
}

const SWEEP = `
delete from orchestra.hook_delivery where id in (
  select id from orchestra.hook_delivery where hook_id = $1 and received_at < now() - $2 * interval '1 day'
  limit $3 for update skip locked)`

const RECEIVE = `
insert into orchestra.hook_delivery as d (hook_id, message, received_at) values ($1, $2, now())
on conflict (hook_id, message) do update set message = excluded.message
returning d.id, d.state <> 'received' as "isRepeated"`

/** What was told is being done elsewhere, or was done since. */
export class DoneMeanwhile extends Error {}

/**
 * A store whose first transaction ends a delivery: it is done with what is done for it, or neither is. Where another was faster, nothing
 * is done.
 */
export function endingDelivery(store: Store, id: number): Store {
  let isEnded = false
  const transaction: Store['transaction'] = async (work, options) => {
    if (isEnded || options?.opening !== undefined) return store.transaction(work, options)
    const result = await givingWay(store, async (tx) => {
      const ended = await tx.query(
        `update orchestra.hook_delivery set state = 'done', ended_at = now() where id = $1 and state = 'received' returning id`,
        [id],
      )
      if (ended.length === 0) throw new DoneMeanwhile('it was done meanwhile')
      return work(tx)
    })
    isEnded = true
    return result
  }
  return { ...store, transaction }
}

export async function noteResult(db: Queryable, id: number, result: HookDelivery['result']): Promise<void> {
  await db.query('update orchestra.hook_delivery set result = $2 where id = $1', [id, JSON.stringify(result)])
}

export async function noteRefusal(db: Queryable, id: number, error: HookDelivery['error']): Promise<void> {
  await db.query(
    `update orchestra.hook_delivery set state = 'refused', error = $2, ended_at = now() where id = $1 and state = 'received'`,
    [id, JSON.stringify(error)],
  )
}

/** The newest first. */
export function listHookDeliveries(
  db: Queryable,
  hook: string,
  { before, limit }: { before: number | null; limit: number },
): Promise<HookDelivery[]> {
  return db.query<HookDelivery>(LIST, [hook, before, limit])
}

const LIST = `
select d.id, d.message, d.state, d.result, d.error, ${isoTime('d.received_at')} as "receivedAt", ${isoTime('d.ended_at')} as "endedAt"
from orchestra.hook_delivery d join orchestra.hook h on h.id = d.hook_id
where h.name = $1 and ($2::bigint is null or d.id < $2) order by d.id desc limit $3`
