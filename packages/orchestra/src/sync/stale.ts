import { setImmediate as breathe } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import type { Key } from '../config/model.ts'
import { refreshStatistics, type Store } from '../store/index.ts'
import { renderObject } from './rendered.ts'

/** Placements of one page. */
const PAGE = 500
/** Placements between two moments in which other work of the process gets its turn. */
const A_BREATH = 50

interface PlacedRow {
  hash: string
  model: string
  keys: Key
  backend: string
  serverId: number
  snapshot: unknown
  revision: string
  stale: boolean
}

/** How many placements today's backends would render differently than they are applied, and how many were looked at. */
export interface Staleness {
  stale: number
  seen: number
}

/**
 * Renders what stands by today's backends and marks what would be different now: a template changed. Page by page, so that
 * neither memory nor the process's other work notices.
 * @param isWanted asked between pages; answering false ends it
 * @param backends those that are looked at: what a newer configuration has is rendered by that one alone
 */
export async function markStale(
  store: Store,
  config: Config,
  isWanted: () => boolean = () => true,
  backends: readonly string[] = [...config.backends.keys()],
): Promise<Staleness> {
  const total: Staleness = { stale: 0, seen: 0 }
  let after: PlacedRow | undefined
  await refreshStatistics(store)
  while (isWanted()) {
    const rows = await store.query<PlacedRow>(PLACED, [
      after?.hash ?? '00000000-0000-0000-0000-000000000000',
      after?.model ?? '',
      after?.backend ?? '',
      after?.serverId ?? 0,
      backends,
    ])
    const changed: (PlacedRow & { isStale: boolean })[] = []
    for (const [index, row] of rows.entries()) {
      if (index % A_BREATH === 0) await breathe()
      const isStale = isDifferentNow(row, store, config)
      if (isStale) total.stale++
      if (isStale !== row.stale) changed.push({ ...row, isStale })
    }
    await mark(store, changed)
    total.seen += rows.length
    after = rows.at(-1)
    if (rows.length < PAGE) break
  }
  return total
}

/** What cannot be rendered any more is not said to be different. */
function isDifferentNow({ keys: key, ...row }: PlacedRow, { keyring }: Store, config: Config): boolean {
  const backend = config.backends.get(row.backend)
  if (backend === undefined) return false
  const { recording, revision, formerRevisions } = renderObject(backend, { ...row, key }, keyring)
  const isSame = revision === row.revision || formerRevisions.includes(row.revision)
  return recording.kind === 'recorded' && !isSame
}

async function mark(store: Store, placements: readonly (PlacedRow & { isStale: boolean })[]): Promise<void> {
  if (placements.length === 0) return
  const rows = placements.map(({ hash, model, backend, serverId, revision, isStale }) => ({
    hash,
    model,
    backend,
    server_id: serverId,
    revision,
    stale: isStale,
  }))
  await store.query(MARK, [JSON.stringify(rows)])
}

const PLACED = `
select key_hash as hash, model, keys, backend, server_id as "serverId", snapshot, revision, stale from orchestra.placement
where (key_hash, model, backend, server_id) > ($1::uuid, $2::text, $3::text, $4::int)
  and revision is not null and snapshot is not null and backend = any($5::text[])
order by key_hash, model, backend, server_id limit ${PAGE}`

/**
 * One that was applied meanwhile has another revision, and is not stale. One that somebody else is writing right now is left to them:
 * whoever waited here for it while holding others would be in the way of those who lock them in another order.
 */
const MARK = `
with mine as (
  select p.key_hash, p.model, p.backend, p.server_id, row.stale
  from jsonb_to_recordset($1::jsonb) as row(hash uuid, model text, backend text, server_id int, revision text, stale boolean)
  join orchestra.placement p on p.key_hash = row.hash and p.model = row.model and p.backend = row.backend
    and p.server_id = row.server_id and p.revision = row.revision
  for no key update of p skip locked
)
update orchestra.placement p set stale = mine.stale from mine
where p.key_hash = mine.key_hash and p.model = mine.model and p.backend = mine.backend and p.server_id = mine.server_id`
