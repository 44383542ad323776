import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import type { Key } from '../config/model.ts'
import { type Queryable, refreshStatistics, type Store, TURNS, takeTurn } from '../store/index.ts'
import { renderObject } from './rendered.ts'

/** Placements of one page. */
const PAGE = 500
/** Placements between two moments in which other work of the process gets its turn. */
const A_BREATH = 50
/** Milliseconds after which those are looked at again that somebody was writing. */
const PAUSE = 500

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

interface Judged extends PlacedRow {
  isStale: boolean
}

/** How many placements today's backends would render differently than they are applied, and how many were looked at. */
export interface Staleness {
  stale: number
  seen: number
}

export interface Marking {
  /** Asked between pages; answering false ends it. */
  isWanted?: () => boolean
  /** Those that are looked at, asked again for each page: what a newer configuration has is rendered by that one alone. */
  backends?: (db: Queryable) => Promise<readonly string[]>
}

/**
 * Renders what stands by today's backends and marks what would be different now: a template changed. Page by page, so that
 * neither memory nor the process's other work notices.
 */
export async function markStale(
  store: Store,
  config: Config,
  { isWanted = () => true, backends = async () => [...config.backends.keys()] }: Marking = {},
): Promise<Staleness> {
  await refreshStatistics(store)
  // Whoever had the say before has written what it found until then.
  await store.transaction((tx) => takeTurn(tx, TURNS.staleness))
  for (;;) {
    const { isWhole, ...total } = await markOnce(store, config, { isWanted, backends })
    if (isWhole || !isWanted()) return total
    await sleep(PAUSE)
  }
}

async function markOnce(
  store: Store,
  config: Config,
  { isWanted, backends }: Required<Marking>,
): Promise<Staleness & { isWhole: boolean }> {
  const total = { stale: 0, seen: 0, isWhole: true }
  let after: PlacedRow | undefined
  while (isWanted()) {
    const rows = await store.query<PlacedRow>(PLACED, [
      after?.hash ?? '00000000-0000-0000-0000-000000000000',
      after?.model ?? '',
      after?.backend ?? '',
      after?.serverId ?? 0,
      await backends(store),
    ])
    const changed: Judged[] = []
    for (const [index, row] of rows.entries()) {
      if (index % A_BREATH === 0) await breathe()
      const isStale = isDifferentNow(row, store, config)
      if (isStale) total.stale++
      if (isStale !== row.stale) changed.push({ ...row, isStale })
    }
    if (!(await mark(store, changed, backends))) total.isWhole = false
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

/** Answers whether all of them could be marked that are still this worker's to judge. */
async function mark(
  store: Store,
  judged: readonly Judged[],
  backends: Required<Marking>['backends'],
): Promise<boolean> {
  if (judged.length === 0) return true
  return store.transaction(async (tx) => {
    await takeTurn(tx, TURNS.staleness)
    const own = await backends(tx)
    const rows = judged
      .filter(({ backend }) => own.includes(backend))
      .map(({ hash, model, backend, serverId, revision, isStale }) => ({
        hash,
        model,
        backend,
        server_id: serverId,
        revision,
        stale: isStale,
      }))
    const [skipped] = await tx.query<{ count: number }>(MARK, [JSON.stringify(rows)])
    return skipped?.count === 0
  })
}

const PLACED = `
select key_hash as hash, model, keys, backend, server_id as "serverId", snapshot, revision, stale from orchestra.placement
where (key_hash, model, backend, server_id) > ($1::uuid, $2::text, $3::text, $4::int)
  and revision is not null and snapshot is not null and backend = any($5::text[])
order by key_hash, model, backend, server_id limit ${PAGE}`

/**
 * One that was applied meanwhile has another revision, and is not stale. One that somebody else is writing right now has its turn
 * later: whoever waited here for it while holding others would be in the way of those who lock them in another order.
 */
const MARK = `
with meant as (
  select p.key_hash, p.model, p.backend, p.server_id, p.revision, row.stale
  from jsonb_to_recordset($1::jsonb) as row(hash uuid, model text, backend text, server_id int, revision text, stale boolean)
  join orchestra.placement p on p.key_hash = row.hash and p.model = row.model and p.backend = row.backend
    and p.server_id = row.server_id and p.revision = row.revision
), mine as (
  select p.key_hash, p.model, p.backend, p.server_id, meant.stale
  from orchestra.placement p join meant using (key_hash, model, backend, server_id, revision)
  for no key update of p skip locked
), marked as (
  update orchestra.placement p set stale = mine.stale from mine
  where p.key_hash = mine.key_hash and p.model = mine.model and p.backend = mine.backend and p.server_id = mine.server_id
)
select (select count(*) from meant) - (select count(*) from mine) as count`
