import type { Told } from '../events/index.ts'
import { isoTime } from '../logs/index.ts'
import type { Store } from '../store/index.ts'

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
  server: string
  outcome: string | null
  reason: string | null
  nextTry: string | null
  held: boolean
  by: string | null
  heldReason: string | null
}

/** Remembers how servers stood, and looks into what ended or failed. */
export class Troubles {
  readonly #store: Store
  #servers: ReadonlyMap<string, ServerFacts> | undefined

  constructor(store: Store) {
    this.#store = store
  }

  /** What was so before is not told, except servers that are blocked or held: these keep the work from beginning. */
  async next(events: readonly Told[]): Promise<Trouble[]> {
    const syncs = events.flatMap((event) =>
      event.kind === 'sync-ended' && (event.state === 'stopped' || event.state === 'failed')
        ? [event.sync]
        : [],
    )
    const inspections = events.flatMap((event) =>
      event.kind === 'inspection-ended' ? [event.inspection] : [],
    )
    const transfers = events.flatMap((event) => (event.kind === 'transfer-failed' ? [event.transfer] : []))
    const ended = [
      ...(await this.#told<SyncRow>('sync-stopped', STOPPED, syncs)),
      ...(await this.#told<DriftRow>('drift', DRIFT, inspections)),
      ...(await this.#told<TransferRow>('transfer-failed', TRANSFERS, transfers)),
    ] as Trouble[]
    return [...(await this.#changedServers(events)), ...ended]
  }

  async #told<Row extends object>(event: Trouble['event'], sql: string, ids: readonly number[]) {
    if (ids.length === 0) return []
    const rows = await this.#store.query<Row>(sql, [ids])
    return rows.map((row) => ({ event, ...row }))
  }

  async #changedServers(events: readonly Told[]): Promise<Trouble[]> {
    const known = this.#servers
    if (known !== undefined && !events.some(isAboutServers)) return []
    const rows = await this.#store.query<ServerFacts>(SERVERS)
    this.#servers = new Map(rows.map((row) => [row.server, row]))
    return rows.flatMap((row) => changesOf(known?.get(row.server), row))
  }
}

function isAboutServers(event: Told): boolean {
  if (event.kind === 'acted') return event.action.startsWith('server.')
  return event.kind === 'server-blocked' || event.kind === 'server-answers'
}

function changesOf(before: ServerFacts | undefined, row: ServerFacts): Trouble[] {
  const { server, outcome, reason, nextTry, held, by, heldReason } = row
  const isBlocked = outcome !== null && (before?.outcome !== outcome || before.reason !== reason)
  const isFree = outcome === null && before !== undefined && before.outcome !== null
  const wasHeld = before?.held === true
  return [
    ...(isBlocked
      ? [{ event: 'server-blocked' as const, server, outcome, reason: reason ?? '', nextTry }]
      : []),
    ...(isFree ? [{ event: 'server-answers' as const, server }] : []),
    ...(held && !wasHeld ? [{ event: 'server-held' as const, server, by, reason: heldReason }] : []),
    ...(!held && wasHeld ? [{ event: 'server-released' as const, server }] : []),
  ]
}

type SyncRow = Omit<Extract<Trouble, { event: 'sync-stopped' }>, 'event'>
type DriftRow = Omit<Extract<Trouble, { event: 'drift' }>, 'event'>
type TransferRow = Omit<Extract<Trouble, { event: 'transfer-failed' }>, 'event'>

const SERVERS = `
select server.name as server, lane.blocked_outcome as outcome, lane.blocked_reason as reason,
  case when lane.due_at > now() then ${isoTime('lane.due_at')} end as "nextTry", server.held_at is not null as held,
  server.held_by as by, server.held_reason as "heldReason"
from orchestra.server left join orchestra.lane on lane.server_id = server.id
where server.removed_at is null order by server.name`

const STOPPED = `
select sync.id as sync, sync.mode, sync.state, sync.source, sync.error
from orchestra.sync where sync.id = any($1::bigint[])
order by sync.id`

const DRIFT = `
select server.name as server, inspection.backend,
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
select transfer.model || ':' || transfer.object_key as object, transfer.backend, source.name as from,
  target.name as to, transfer.error, transfer.attempt
from orchestra.transfer
join orchestra.server source on source.id = transfer.from_server
join orchestra.server target on target.id = transfer.to_server
where transfer.id = any($1::bigint[]) and transfer.error is not null order by transfer.id`
