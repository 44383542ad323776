import type { Queryable } from '../store/index.ts'
import { RECORD, recordOf } from './chain.ts'

/** All columns of an entry, with its hash: whoever has the lines can verify them himself. */
export type ExportedEntry = Readonly<Record<string, unknown>>

export interface ExportSearch {
  by?: string | undefined
  action?: string | undefined
  target?: string | undefined
  /** At or after. */
  since?: Date | undefined
  /** Before. */
  until?: Date | undefined
}

interface Row {
  id: number
  link: number | null
  hash: string | null
  record: Record<string, unknown>
}

/** Entries that fit in the order of their links, then those that have none yet. */
export async function* exportAudit(db: Queryable, search: ExportSearch = {}): AsyncIterable<ExportedEntry> {
  const values = [
    search.by ?? null,
    search.action ?? null,
    search.target ?? null,
    search.since ?? null,
    search.until ?? null,
  ]
  yield* pages(db, LINKED, values, ({ link }) => link ?? 0)
  yield* pages(db, UNLINKED, values, ({ id }) => id)
}

async function* pages(
  db: Queryable,
  sql: string,
  values: readonly unknown[],
  place: (row: Row) => number,
): AsyncIterable<ExportedEntry> {
  for (let after = 0; ; ) {
    const rows = await db.query<Row>(sql, [...values, after])
    for (const { record, hash } of rows) yield recordOf({ ...record, hash })
    const last = rows.at(-1)
    if (last === undefined) return
    after = place(last)
  }
}

const SELECT = `
select a.id, a.link, a.hash, ${RECORD} as record from orchestra.audit a
where ($1::text is null or a.actor = $1)
  and ($2::text is null or a.action = $2 or split_part(a.action, '.', 1) = $2)
  and ($3::text is null or a.target = $3)
  and ($4::timestamptz is null or a.at >= $4)
  and ($5::timestamptz is null or a.at < $5)`

const LINKED = `${SELECT} and a.link > $6 order by a.link limit 1000`
const UNLINKED = `${SELECT} and a.link is null and a.id > $6 order by a.id limit 1000`
