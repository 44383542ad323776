import type { Queryable, Store } from '../store/index.ts'
import { type AuditRecord, chain, RECORD, recordOf } from './chain.ts'

/** Entries that one transaction links. */
const BATCH = 1_000

/**
 * Links the entries that are committed and have no link yet. Of several processes one does it; the others leave it to that one.
 * Answers how many it linked.
 */
export async function linkAudit(store: Store): Promise<number> {
  for (let linked = 0; ; ) {
    const count = await store.transaction(linkSome)
    linked += count
    if (count < BATCH) return linked
  }
}

async function linkSome(tx: Queryable): Promise<number> {
  const [end] = await tx.query<{ link: number; hash: string }>(END)
  if (end === undefined) return 0
  const rows = await tx.query<{ id: number; record: Record<string, unknown> }>(UNLINKED, [BATCH])
  if (rows.length === 0) return 0
  const links = chain(end, rows.map(unlinked))
  await tx.query(LINK, [
    rows.map(({ id }) => id),
    links.map(({ link }) => link),
    links.map(({ prevHash }) => prevHash),
    links.map(({ hash }) => hash),
  ])
  const last = links.at(-1)
  await tx.query('update orchestra.audit_chain set head_link = $1, head_hash = $2', [last?.link, last?.hash])
  return rows.length
}

/** Whatever somebody wrote into what only the chain writes is overwritten. */
function unlinked({ record }: { record: Record<string, unknown> }): AuditRecord {
  const { link: _, prev_hash: __, ...rest } = record
  return recordOf(rest)
}

const END = 'select head_link as link, head_hash as hash from orchestra.audit_chain for update skip locked'

const UNLINKED = `select a.id, ${RECORD} as record from orchestra.audit a where a.link is null order by a.id limit $1`

const LINK = `
update orchestra.audit set link = linked.link, prev_hash = linked.prev_hash, hash = linked.hash
from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) as linked(id, link, prev_hash, hash)
where audit.id = linked.id`
