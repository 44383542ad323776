import {
  nameOf,
  type Queryable,
  RANGES_PATIENCE,
  type RangedTables,
  rangesOf,
  type Store,
  TURNS,
  withShortLocks,
} from '../store/index.ts'

export const eventTables: RangedTables = {
  tables: ['event'],
  column: 'id',
  source: { table: 'event', at: 'at' },
}

/** Days that events are kept: what happened is in other tables, these are for those who follow. */
const EVENT_DAYS = 7

/** Drops ranges of old events; what is in none, or in one that is not old as a whole for a day, is deleted. */
export async function cleanEvents(store: Store, days = EVENT_DAYS): Promise<void> {
  for (const name of await oldRanges(store, days))
    await withShortLocks(store, { exclusion: TURNS.ranges, patience: RANGES_PATIENCE }, (tx) =>
      tx.query(`drop table if exists orchestra.${name}`),
    )
  await store.query("delete from orchestra.event where at < now() - $1 * interval '1 day'", [days + 1])
}

async function oldRanges(db: Queryable, days: number): Promise<string[]> {
  const ranges = await rangesOf(db, eventTables)
  const rows = await db.query<{ first: number }>(OLD, [
    ranges.map(({ first }) => first),
    ranges.map(({ until }) => until),
    days,
  ])
  return rows.map((range) => nameOf('event', { ...range, until: null }))
}

const OLD = `
select range.first from unnest($1::bigint[], $2::bigint[]) as range(first, until)
where range.until <= (select last_value from orchestra.event_id_seq) and not exists (
  select from orchestra.event where id >= range.first and id < range.until and at >= now() - $3 * interval '1 day')`
