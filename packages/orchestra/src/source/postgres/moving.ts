import type { Queryable } from '../../store/index.ts'
import type { Movements, Writers } from '../changes.ts'

/** Seconds for which a worker says that it sleeps; it says so again well before. When it dies, writers stop calling it. */
const SLEEP = 10

export async function movements(db: Queryable): Promise<Movements> {
  const [row] = await db.query<{ last: number | null; isAnnounced: boolean | null }>(MOVEMENTS)
  return { last: row?.last ?? null, isAnnounced: row?.isAnnounced === true }
}

const MOVEMENTS = `
select pg_sequence_last_value(to_regclass('orchestra.change_id_seq')) as last,
  to_timestamp(pg_sequence_last_value(to_regclass('orchestra.asleep'))) > clock_timestamp() as "isAnnounced"`

export async function writers(db: Queryable, isMoved: boolean): Promise<Writers> {
  const [row] = await db.query<{ oldest: string; next: string }>(WRITERS, [isMoved])
  return { oldest: BigInt(row?.oldest ?? 0), next: BigInt(row?.next ?? 0) }
}

/**
 * A snapshot ends with the youngest transaction that has ended: those that are younger and open are not below its end. So where
 * changes have got numbers since, this takes a number of its own, which is above those of all who wrote them.
 */
const WRITERS = `
select pg_snapshot_xmin(pg_current_snapshot())::text as oldest,
  case when $1::boolean then pg_current_xact_id() else pg_snapshot_xmax(pg_current_snapshot()) end::text as next`

/** A migration tool may have dropped the sequence: then nobody can know. */
export async function announce(db: Queryable, sleeps: boolean): Promise<boolean> {
  const [row] = await db.query<{ until: number | null }>(
    `select setval(to_regclass('orchestra.asleep'),
       case when $1 then ceil(extract(epoch from clock_timestamp()))::bigint + ${SLEEP} else 1 end) as until`,
    [sleeps],
  )
  return row?.until !== null
}
