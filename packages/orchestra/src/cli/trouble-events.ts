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

/** Remembers how servers, synchronizations, findings and transfers stood, so that each look answers what is new. */
export class Troubles {
  readonly #store: Store
  #servers = new Map<string, ServerFacts>()
  #transfers = new Map<number, number>()
  /** Numbers of synchronizations and of looks at servers whose end was told. */
  #told = { syncs: new Set<number>(), inspections: new Set<number>() }
  #since = ''

  constructor(store: Store) {
    this.#store = store
  }

  /** What was so before is not told, except servers that are blocked or held: these keep the work from beginning. */
  async begin(): Promise<void> {
    const [now] = await this.#store.query<{ now: string }>(`select clock_timestamp()::text as now`)
    this.#since = now?.now ?? ''
    for (const { id, attempt } of await this.#failedTransfers()) this.#transfers.set(id, attempt)
  }

  async next(): Promise<Trouble[]> {
    return [...(await this.#changedServers()), ...(await this.#ended()), ...(await this.#newTransfers())]
  }

  async #changedServers(): Promise<Trouble[]> {
    const rows = await this.#store.query<ServerFacts>(SERVERS)
    const known = this.#servers
    this.#servers = new Map(rows.map((row) => [row.server, row]))
    return rows.flatMap((row) => changesOf(known.get(row.server), row))
  }

  /** Synchronizations and looks at servers that have ended since it began, each once. */
  async #ended(): Promise<Trouble[]> {
    const { syncs, inspections } = this.#told
    const stopped = await this.#store.query<SyncRow>(STOPPED, [this.#since, [...syncs]])
    const drift = await this.#store.query<DriftRow>(DRIFT, [this.#since, [...inspections]])
    for (const { sync } of stopped) remember(syncs, sync)
    for (const { id } of drift) remember(inspections, id)
    return [
      ...stopped.map((row) => ({ event: 'sync-stopped' as const, ...row })),
      ...drift.map(({ id: _, ...row }) => ({ event: 'drift' as const, ...row })),
    ]
  }

  async #newTransfers(): Promise<Trouble[]> {
    const rows = await this.#failedTransfers()
    const known = this.#transfers
    this.#transfers = new Map(rows.map(({ id, attempt }) => [id, attempt]))
    return rows
      .filter(({ id, attempt }) => known.get(id) !== attempt)
      .map(({ id: _, ...row }) => ({ event: 'transfer-failed', ...row }))
  }

  #failedTransfers(): Promise<TransferRow[]> {
    return this.#store.query<TransferRow>(TRANSFERS)
  }
}

/** What is older than so many is not asked for any more. */
const NEWEST = 2_000

function remember(told: Set<number>, id: number): void {
  told.add(id)
  for (const old of told) {
    if (told.size <= NEWEST) return
    told.delete(old)
  }
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
type DriftRow = Omit<Extract<Trouble, { event: 'drift' }>, 'event'> & { id: number }
type TransferRow = Omit<Extract<Trouble, { event: 'transfer-failed' }>, 'event'> & { id: number }

const SERVERS = `
select server.name as server, lane.blocked_outcome as outcome, lane.blocked_reason as reason,
  case when lane.due_at > now() then ${isoTime('lane.due_at')} end as "nextTry", server.held_at is not null as held,
  server.held_by as by, server.held_reason as "heldReason"
from orchestra.server left join orchestra.lane on lane.server_id = server.id
where server.removed_at is null order by server.name`

const STOPPED = `
select sync.id as sync, sync.mode, sync.state, sync.source, sync.error
from orchestra.sync where sync.state in ('stopped', 'failed') and sync.ended_at > $1::timestamptz
  and sync.id <> all($2::bigint[]) and sync.id > (select max(id) - ${NEWEST} from orchestra.sync)
order by sync.id`

const DRIFT = `
select inspection.id, server.name as server, inspection.backend,
  count(*) filter (where finding.state = 'drifted') as drifted,
  count(*) filter (where finding.state = 'missing') as missing,
  (array_agg(coalesce(finding.model || ':' || finding.object_key, finding.identity) order by finding.id))[1:5] as objects
from orchestra.inspection
join orchestra.server on server.id = inspection.server_id
join orchestra.finding on finding.inspection_id = inspection.id and finding.state in ('drifted', 'missing')
where inspection.ended_at > $1::timestamptz and inspection.id <> all($2::bigint[])
  and inspection.id > (select max(id) - ${NEWEST} from orchestra.inspection)
group by inspection.id, server.name, inspection.backend
order by inspection.id`

const TRANSFERS = `
select transfer.id, transfer.model || ':' || transfer.object_key as object, transfer.backend, source.name as from,
  target.name as to, transfer.error, transfer.attempt
from orchestra.transfer
join orchestra.server source on source.id = transfer.from_server
join orchestra.server target on target.id = transfer.to_server
where transfer.ended_at is null and transfer.error is not null order by transfer.id limit 1000`
