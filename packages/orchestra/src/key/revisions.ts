import { setImmediate as breathe } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import type { Key } from '../config/model.ts'
import type { Queryable, Store } from '../store/index.ts'
import { renderObject } from '../sync/index.ts'

const PAGE = 500
const A_BREATH = 50

interface PlacedRow {
  hash: string
  model: string
  backend: string
  server_id: number
  keys: Key
  snapshot: unknown
  revision: string
}

/**
 * Hashes with the first key what was hashed with another and is rendered as it was: what its backend renders otherwise by now stays
 * different. Answers how many were hashed anew.
 */
export async function renewRevisions(store: Store, config: Config, signal: AbortSignal): Promise<number> {
  let renewed = 0
  let after: PlacedRow | undefined
  for (;;) {
    const rows = await store.query<PlacedRow>(PLACED, [
      after?.hash ?? '00000000-0000-0000-0000-000000000000',
      after?.model ?? '',
      after?.backend ?? '',
      after?.server_id ?? 0,
      [...config.backends.keys()],
    ])
    const changed: (Omit<PlacedRow, 'snapshot' | 'keys'> & { renewed: string })[] = []
    for (const [index, { snapshot, keys: key, ...row }] of rows.entries()) {
      if (index % A_BREATH === 0) await breathe()
      const backend = config.backends.get(row.backend)
      const rendered = backend && renderObject(backend, { model: row.model, key, snapshot }, store.keyring)
      if (rendered?.formerRevisions.includes(row.revision) === true)
        changed.push({ ...row, renewed: rendered.revision })
    }
    renewed += await write(store, changed)
    after = rows.at(-1)
    if (rows.length < PAGE || signal.aborted) return renewed
  }
}

async function write(db: Queryable, rows: readonly object[]): Promise<number> {
  if (rows.length === 0) return 0
  return (await db.query(RENEW, [JSON.stringify(rows)])).length
}

const PLACED = `
select key_hash as hash, model, backend, server_id, keys, snapshot, revision from orchestra.placement
where (key_hash, model, backend, server_id) > ($1::uuid, $2::text, $3::text, $4::int)
  and revision is not null and snapshot is not null and backend = any($5::text[])
order by key_hash, model, backend, server_id limit ${PAGE}`

/** As with marks of what is stale: what somebody writes right now gets its revision from them. */
const RENEW = `
with mine as (
  select p.key_hash, p.model, p.backend, p.server_id, row.renewed
  from jsonb_to_recordset($1::jsonb) as row(hash uuid, model text, backend text, server_id int, revision text, renewed text)
  join orchestra.placement p on p.key_hash = row.hash and p.model = row.model and p.backend = row.backend
    and p.server_id = row.server_id and p.revision = row.revision
  for no key update of p skip locked
)
update orchestra.placement p set revision = mine.renewed from mine
where p.key_hash = mine.key_hash and p.model = mine.model and p.backend = mine.backend and p.server_id = mine.server_id
returning 1`
