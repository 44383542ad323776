import type { Queryable, Store } from '../store/index.ts'
import { linkAudit } from './link.ts'

/** Entries that one transaction drops. */
const BATCH = 5_000

/**
 * Drops entries that are older than so many days, from the beginning of the chain on: what is left begins at the anchor, and can still
 * be verified. An entry that is not old yet keeps those behind it.
 */
export async function cleanAudit(store: Store, days: number): Promise<void> {
  await linkAudit(store)
  while ((await store.transaction((tx) => dropSome(tx, days))) === BATCH);
}

async function dropSome(tx: Queryable, days: number): Promise<number> {
  // Whoever links waits for nobody, and would change nothing of what is dropped here; two that drop go one behind the other.
  await tx.query('select from orchestra.audit_chain for update')
  const [row] = await tx.query<{ dropped: number }>(DROP, [days, BATCH])
  return row?.dropped ?? 0
}

const DROP = `
with young as materialized (
  select link from orchestra.audit where link is not null and at >= now() - $1 * interval '1 day' order by link limit 1
), old as materialized (
  select id from orchestra.audit where link < coalesce((select link from young), 9223372036854775807) order by link limit $2
), dropped as (
  delete from orchestra.audit where id in (select id from old) returning link, hash, at
), anchored as (
  update orchestra.audit_chain set anchor_link = last.link, anchor_hash = last.hash, anchor_at = last.at
  from (select * from dropped order by link desc limit 1) as last
)
select count(*) as dropped from dropped`
