import { transfersEnded } from '../events/index.ts'
import { often, type Queryable, send } from '../store/index.ts'
import { crown } from './crown.ts'
import { mayGive } from './data.ts'
import { next } from './next.ts'
import type { Next, Place, Rules } from './place.ts'
import { lockPlaces, type ObjectOfBackend } from './read.ts'
import { begin, end, received } from './run.ts'
import { type PlaceKey, type PlaceRow, serverName, toRow } from './stored.ts'
import { removePlaces, wakeWaiting, writePlaces } from './write.ts'

/** Data of one object on its way from one place to another. */
export interface Journey extends ObjectOfBackend {
  id: number
  from: { id: number }
  to: { id: number }
}

/** SQL for whether a transfer changes its target just now: it is ended before anything else happens there. */
export function isReceiving(transfer: string): string {
  return `exists (
    select from orchestra.placement r where r.key_hash = ${transfer}.key_hash and r.model = ${transfer}.model
      and r.backend = ${transfer}.backend and r.server_id = ${transfer}.to_server
      and (r.trying ->> 'operation')::bigint = -${transfer}.id)`
}

/** A transfer is a run like those of operations; below zero, so that it is no operation's. */
function runOf({ id }: Journey): number {
  return -id
}

/** Data goes where it is wanted, from where it is not: of any other transfer of these objects nothing is left. */
export async function cancelTransfers(tx: Queryable, rows: readonly PlaceKey[]): Promise<void> {
  if (rows.length === 0) return
  await send(tx, often(CANCEL), [
    JSON.stringify(rows.map(({ model, object_key, backend }) => ({ model, object_key, backend }))),
  ])
}

const CANCEL = `
with ended as (
  update orchestra.transfer t set outcome = 'cancelled', ended_at = clock_timestamp()
  from jsonb_to_recordset($1::jsonb) as o(model text, object_key text, backend text)
  where t.ended_at is null and t.key_hash = md5(o.object_key)::uuid and t.model = o.model and t.backend = o.backend
    and not ${isReceiving('t')}
    and not exists (
      select from orchestra.placement source join orchestra.placement target using (key_hash, model, backend)
      where source.key_hash = t.key_hash and source.model = t.model and source.backend = t.backend
        and source.server_id = t.from_server and source.want = 'leave' and source.policy = 'migrate' and source.data = 'own'
        and target.server_id = t.to_server and target.want = 'stand' and target.data = 'awaits')
  returning t.id, t.outcome
)
${transfersEnded('ended')}`

/** A place whose data has to go to another server. */
export interface Departure {
  row: PlaceRow
  to: number
}

/** Where the data of a place has to go before the copy can; null where it does not have to. */
export function destination(place: Place, answer: Next): number | null {
  const waits = answer.do === 'wait' && answer.for.kind === 'data' ? answer.for.server : null
  return waits !== null && place.want.kind === 'leave' && mayGive(place) ? Number(waits) : null
}

/** Makes sure that the data is on its way; what was to go elsewhere goes there no more. */
export async function openTransfers(tx: Queryable, departures: readonly Departure[]): Promise<void> {
  if (departures.length === 0) return
  const inputs = JSON.stringify(
    departures.map(({ row: { backend, model, object_key, server_id }, to }) => ({
      backend,
      model,
      object_key,
      from_server: server_id,
      to_server: to,
    })),
  )
  await send(
    tx,
    `with ended as (
       update orchestra.transfer t set outcome = 'cancelled', ended_at = clock_timestamp()
       from jsonb_to_recordset($1::jsonb)
         as d(backend text, model text, object_key text, from_server int, to_server int)
     where t.ended_at is null and t.key_hash = md5(d.object_key)::uuid and t.model = d.model and t.backend = d.backend
       and t.from_server = d.from_server and t.to_server <> d.to_server and not ${isReceiving('t')}
       returning t.id, t.outcome
     )
     ${transfersEnded('ended')}`,
    [inputs],
  )
  await send(
    tx,
    `with opened as (
       insert into orchestra.transfer (backend, model, object_key, from_server, to_server)
       select backend, model, object_key, from_server, to_server
       from jsonb_to_recordset($1::jsonb)
         as d(backend text, model text, object_key text, from_server int, to_server int)
       on conflict (key_hash, model, backend, from_server) where ended_at is null do nothing
       returning id
     )
     select pg_notify('orchestra_control', 'transfer') from opened limit 1`,
    [inputs],
  )
}

/** From now on the target is this transfer's; false where data is not to be received there now. */
export async function beginReceiving(tx: Queryable, journey: Journey, rules: Rules): Promise<boolean> {
  const { target, siblings } = await endsOf(tx, journey)
  if (target === undefined) return false
  if (target.place.trying?.run === runOf(journey)) return true
  const step = next(target.place, { siblings, rivals: [] }, rules, Date.now())
  if (step.do !== 'receive' || step.from !== serverName(journey.from.id)) return false
  await writePlaces(tx, [
    { row: toRow({ row: target.row, place: begin(target.place, step, runOf(journey)) }) },
  ])
  return true
}

/** What became of it. Answers whether the target's data counts from now on; undefined where it was not this transfer's. */
export async function endReceiving(
  tx: Queryable,
  journey: Journey,
  kind: 'done' | 'untouched',
  rules: Rules,
): Promise<boolean | undefined> {
  const { target, source } = await endsOf(tx, journey)
  if (target?.place.trying?.run !== runOf(journey)) return undefined
  const sure = kind === 'done' ? received(target.place, source?.place) : { target: target.place }
  const [ended] = end(sure.target, runOf(journey), { kind }, rules, 0)
  if (ended === undefined) await removePlaces(tx, [target.row])
  const changed = new Map([
    [target, ended],
    [source, sure.source],
  ])
  await writePlaces(
    tx,
    [...changed].flatMap(([stored, place]) =>
      stored === undefined || place === undefined
        ? []
        : [{ row: { ...toRow({ row: stored.row, place }), due: Number.NEGATIVE_INFINITY } }],
    ),
  )
  await crown(tx, [journey])
  await wakeWaiting(tx, { objects: [target.row], names: [] })
  return sure.source !== undefined
}

async function endsOf(tx: Queryable, journey: Journey) {
  const stored = await lockPlaces(tx, [journey])
  const at = (serverId: number) => stored.find(({ row }) => row.server_id === serverId)
  const target = at(journey.to.id)
  const siblings = stored.filter((one) => one !== target).map(({ place }) => place)
  return { target, source: at(journey.from.id), siblings }
}
