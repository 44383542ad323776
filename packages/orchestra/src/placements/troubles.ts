import type { Told } from '../events/index.ts'
import { isoTime } from '../logs/index.ts'
import type { Queryable } from '../store/index.ts'

/** Something that keeps work from being done, or that it ended. Times are ISO 8601. */
export type Trouble =
  /** A server does not answer, or presents a key that nobody approved. */
  | { event: 'server-blocked'; server: string; outcome: string; reason: string; nextTry: string | null }
  | { event: 'server-answers'; server: string }
  | { event: 'server-held'; server: string; by: string | null; reason: string | null }
  | { event: 'server-released'; server: string }
  /** A synchronization that removes too much, or that could not go on. */
  | { event: 'sync-stopped'; sync: number; mode: string; state: string; source: string; error: string | null }
  /** What a look at a server found otherwise than it should be. */
  | { event: 'drift'; server: string; backend: string; drifted: number; missing: number; objects: string[] }
  | {
      event: 'transfer-failed'
      object: string
      backend: string
      from: string
      to: string
      error: string
      attempt: number
    }

interface ServerFacts {
  id: number
  server: string
  outcome: string | null
  reason: string | null
  nextTry: string | null
  held: boolean
  by: string | null
  heldReason: string | null
}

/** Servers that cannot be worked on, and those that are held: these keep work from beginning. */
export async function troublesNow(db: Queryable): Promise<Trouble[]> {
  const rows = await db.query<ServerFacts>(SERVERS, [null, null])
  return rows.flatMap((row) => [...blocked(row), ...held(row)])
}

/** Which trouble some events tell of, by the number of the event. */
export async function troublesOf(db: Queryable, events: readonly Told[]): Promise<[number, Trouble][]> {
  return [
    ...(await serversOf(db, events)),
    ...(await told<SyncRow>(db, 'sync-stopped', STOPPED, events.flatMap(stoppedSync))),
    ...(await told<DriftRow>(db, 'drift', DRIFT, events.flatMap(endedInspection))),
    ...(await told<TransferRow>(db, 'transfer-failed', TRANSFERS, events.flatMap(failedTransfer))),
  ]
}

/** An event, and the row that it is about. */
interface About {
  event: number
  id: number
}

function stoppedSync(event: Told): About[] {
  const isStopped = event.kind === 'sync-ended' && (event.state === 'stopped' || event.state === 'failed')
  return isStopped ? [{ event: event.id, id: event.sync }] : []
}

function endedInspection(event: Told): About[] {
  return event.kind === 'inspection-ended' ? [{ event: event.id, id: event.inspection }] : []
}

function failedTransfer(event: Told): About[] {
  return event.kind === 'transfer-failed' ? [{ event: event.id, id: event.transfer }] : []
}

/** What is told of is told as it is by now, so of several events about one thing the last counts. */
async function told<Row extends object>(
  db: Queryable,
  event: Trouble['event'],
  sql: string,
  about: readonly About[],
): Promise<[number, Trouble][]> {
  if (about.length === 0) return []
  const last = new Map(about.map((one) => [one.id, one.event]))
  const rows = await db.query<Row & { id: number }>(sql, [[...last.keys()]])
  return rows.map(({ id, ...row }) => [last.get(id) ?? 0, { event, ...row } as unknown as Trouble])
}

async function serversOf(db: Queryable, events: readonly Told[]): Promise<[number, Trouble][]> {
  const changed = [
    ...new Map(events.flatMap((event) => changeOf(event).map((one) => [one.key, one]))).values(),
  ]
  if (changed.length === 0) return []
  const rows = await db.query<ServerFacts>(SERVERS, [
    changed.flatMap(({ server }) => (typeof server === 'number' ? [server] : [])),
    changed.flatMap(({ server }) => (typeof server === 'string' ? [server] : [])),
  ])
  return changed.flatMap(({ event, server, of }) => {
    const row = rows.find((one) => one.id === server || one.server === server)
    return row === undefined ? [] : of(row).map((trouble) => [event, trouble] as [number, Trouble])
  })
}

interface ServerChange {
  event: number
  /** By its number, or by its name. */
  server: number | string
  key: string
  of: (row: ServerFacts) => Trouble[]
}

/** What an event says changed about a server, if it is about one. */
function changeOf(event: Told): ServerChange[] {
  if (event.kind === 'server-blocked' || event.kind === 'server-answers') {
    const of = event.kind === 'server-blocked' ? blocked : answering
    return [{ event: event.id, server: event.server, key: `${event.kind} ${event.server}`, of }]
  }
  if (event.kind !== 'acted' || (event.action !== 'server.hold' && event.action !== 'server.release'))
    return []
  const of = event.action === 'server.hold' ? held : released
  return [{ event: event.id, server: event.target, key: `${event.action} ${event.target}`, of }]
}

function blocked({ server, outcome, reason, nextTry }: ServerFacts): Trouble[] {
  return outcome === null ? [] : [{ event: 'server-blocked', server, outcome, reason: reason ?? '', nextTry }]
}

function answering({ server, outcome }: ServerFacts): Trouble[] {
  return outcome === null ? [{ event: 'server-answers', server }] : []
}

function held({ server, held, by, heldReason }: ServerFacts): Trouble[] {
  return held ? [{ event: 'server-held', server, by, reason: heldReason }] : []
}

function released({ server, held }: ServerFacts): Trouble[] {
  return held ? [] : [{ event: 'server-released', server }]
}

type SyncRow = Omit<Extract<Trouble, { event: 'sync-stopped' }>, 'event'>
type DriftRow = Omit<Extract<Trouble, { event: 'drift' }>, 'event'>
type TransferRow = Omit<Extract<Trouble, { event: 'transfer-failed' }>, 'event'>

const SERVERS = `
select server.id, server.name as server, lane.blocked_outcome as outcome, lane.blocked_reason as reason,
  case when lane.due_at > now() then ${isoTime('lane.due_at')} end as "nextTry", server.held_at is not null as held,
  server.held_by as by, server.held_reason as "heldReason"
from orchestra.server left join orchestra.lane on lane.server_id = server.id
where server.removed_at is null and ($1::int[] is null or server.id = any($1::int[]) or server.name = any($2::text[]))
order by server.name`

const STOPPED = `
select sync.id, sync.id as sync, sync.mode, sync.state, sync.source, sync.error
from orchestra.sync where sync.id = any($1::bigint[])
order by sync.id`

const DRIFT = `
select inspection.id, server.name as server, inspection.backend,
  count(*) filter (where finding.state = 'drifted') as drifted,
  count(*) filter (where finding.state = 'missing') as missing,
  (array_agg(coalesce(finding.model || ':' || finding.object_key, finding.identity) order by finding.id))[1:5] as objects
from orchestra.inspection
join orchestra.server on server.id = inspection.server_id
join orchestra.finding on finding.inspection_id = inspection.id and finding.state in ('drifted', 'missing')
where inspection.id = any($1::bigint[])
group by inspection.id, server.name, inspection.backend
order by inspection.id`

const TRANSFERS = `
select transfer.id, transfer.model || ':' || transfer.object_key as object, transfer.backend, source.name as from,
  target.name as to, transfer.error, transfer.attempt
from orchestra.transfer
join orchestra.server source on source.id = transfer.from_server
join orchestra.server target on target.id = transfer.to_server
where transfer.id = any($1::bigint[]) and transfer.error is not null order by transfer.id`
