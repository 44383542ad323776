import type { Queryable } from './store.ts'

/** Tables that are read as a whole, page by page. */
const TABLES = ['orchestra.placement', 'orchestra.operation']
/** Pages of 8 KiB below which no plan is bad. */
const SMALL = 128

/**
 * Has Postgres look at tables that have grown to twice what it knows of, or that it knows nothing of: for a table that it takes for
 * small it sorts the whole of it for each page, and 100,000 placements took four times as long. Autovacuum does the same, a minute
 * later or never.
 */
export async function refreshStatistics(db: Queryable): Promise<void> {
  const grown = await db.query<{ name: string }>(
    `select name from unnest($1::text[]) as name join pg_class on oid = name::regclass
     where pg_relation_size(oid) / current_setting('block_size')::int > greatest(2 * relpages, $2)`,
    [TABLES, SMALL],
  )
  for (const { name } of grown) await db.query(`analyze (skip_locked) ${name}`)
}
